// scale_down: an instance of an architecture small enough to be run op by op in a moment. Every
// kind of layer, bias, norm, cache and routing rule stays; only sizes shrink.
#pragma once

#include "sim/spec/arch_spec.h"

namespace llmarch {

// `spec` obeys rules.h, and so does what is returned. Each kind of layer stands at least twice, so
// that what differs between layers of a kind (their weights, their caches) is seen.
ArchSpec scale_down(const ArchSpec& spec);

}  // namespace llmarch
