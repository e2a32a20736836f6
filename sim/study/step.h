// One step of work in a setting: which step it is, and in bytes what a book says in elements.
#pragma once

#include "sim/cost/roofline.h"
#include "sim/figures.h"
#include "sim/graph/workload.h"
#include "sim/setting/setting.h"

namespace llmarch {

// Activations are computed and handed on in this format, whatever weights are stored in.
inline constexpr DType kActivations = DType::bf16;

// `total` is what has to cross the memory bus: weights and cache, each read once per operation.
// Activations are a column of their own: an engine that fuses operations keeps them on the chip.
struct Traffic {
  Bytes weights_read;
  Bytes cache_read;
  Bytes cache_written;
  Bytes total;
  Bytes activations;
};

struct Step {
  Work work;
  Flops flops;  // matrix and other
  Traffic traffic;
  double intensity = 0;  // flops / traffic.total
};

Step step_of(const Work& work, const Formats& formats);

Formats formats_of(const Setting& setting);

// One token of each sequence at the setting's context, or a prefill of its prompt.
Workload workload_of(Phase phase, const Setting& setting);

}  // namespace llmarch
