// What is said of attention whose cache grows with the context. Part of block_facts.h, by which
// callers get the facts of any mixer.
#pragma once

#include "sim/describe/facts.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

BlockFacts facts_of(const ArchSpec& spec, const GroupedAttention& attention);
BlockFacts facts_of(const ArchSpec& spec, const LatentAttention& attention);
BlockFacts facts_of(const ArchSpec& spec, const CompressedAttention& attention);

}  // namespace llmarch
