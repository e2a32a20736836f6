// What is said of mixers that keep a state of a fixed size. Part of block_facts.h, by which callers
// get the facts of any mixer.
#pragma once

#include "sim/describe/facts.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

BlockFacts facts_of(const ArchSpec& spec, const ShortConvolution& convolution);
BlockFacts facts_of(const ArchSpec& spec, const GatedDeltaNet& delta);
BlockFacts facts_of(const ArchSpec& spec, const Mamba2& mamba);
BlockFacts facts_of(const ArchSpec& spec, const LightningAttention& lightning);
BlockFacts facts_of(const ArchSpec& spec, const KimiDeltaAttention& delta);
BlockFacts facts_of(const ArchSpec& spec, const Mamba1& mamba);

}  // namespace llmarch
