// lower: from a spec to its operations, one short function per block, each reading like the paper
// it comes from. This file knows which operations an architecture is; builder.h knows their shapes.
#pragma once

#include "sim/graph/op_graph.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// `spec` obeys rules.h. Throws Overflow when its parameters exceed 64 bits.
OpGraph lower(const ArchSpec& spec);

}  // namespace llmarch
