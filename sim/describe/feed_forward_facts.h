// What is said of feed-forwards, dense ones and mixtures of experts. Part of block_facts.h, by
// which callers get the facts of any block.
#pragma once

#include "sim/describe/facts.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

BlockFacts facts_of(const ArchSpec& spec, const DenseFeedForward& dense);
BlockFacts facts_of(const ArchSpec& spec, const MixtureFeedForward& mixture);

}  // namespace llmarch
