// Architectures drawn at random over all blocks and options, small enough to run in a moment, and
// workloads for them. Every drawn spec is valid; a failing one shrinks to a smaller one.
#pragma once

#include <rapidcheck.h>

#include <iosfwd>

#include "sim/graph/workload.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

rc::Gen<ArchSpec> any_spec();

// Both forms of latent attention and of recurrences, with the last logits or all of them.
rc::Gen<Workload> any_prefill();
rc::Gen<Workload> any_decode();
// Several tokens after a past.
rc::Gen<Workload> any_chunk();

// How rapidcheck prints a counterexample: as the TOML of a spec.
void showValue(const ArchSpec& spec, std::ostream& out);
void showValue(const Workload& workload, std::ostream& out);

}  // namespace llmarch
