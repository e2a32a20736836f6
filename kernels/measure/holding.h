// What of a model is held in memory for a run at full size: all of it or, where that does not fit,
// a slice: the layers of each kind that it takes to be timed, at full width, and as many experts
// as fit. This file knows how a slice is chosen; what one is, and what it takes, is known by
// kernels/fast.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "kernels/engine/engine.h"
#include "sim/graph/op_graph.h"
#include "sim/setting/setting.h"

namespace llmarch {

// Layers and experts that are held, out of those that there are: "2 of 61 layers, 64 of 256
// experts". No experts where the model has no mixture.
struct HeldCounts {
  Integer layers, of_layers;
  Integer experts, of_experts;
};
HeldCounts held_counts(const OpGraph& graph, const fast::Held& held);

// What is asked of a run. The kernels have the formats f32 and bf16.
struct RunSetting {
  Setting setting;
  Integer threads;
};

fast::Stored stored_as(DType dtype);
fast::EngineOptions engine_options(const RunSetting& run, fast::Held held);
// What the engine takes, and what the program around it does.
fast::Footprint memory_need(const OpGraph& graph, const fast::Held& held, const RunSetting& run);

// Even the smallest slice does not fit.
struct Shortage {
  fast::Held smallest;
  fast::Footprint need;            // of the smallest
  std::optional<Integer> context;  // the longest that would fit, all else as asked
  std::optional<Integer> batch;    // the largest, likewise
};

// The whole model if that fits into `bound`; else a slice with as many experts as fit, never fewer
// than one step of decode reads. A slice holds one layer of each kind, and more where a layer is so
// small that it would stay in the processor's cache from one step to the next.
std::variant<fast::Held, Shortage> choose_held(const OpGraph& graph, const RunSetting& run,
                                               Bytes bound);

// The smallest slice with which the same run can be made.
fast::Held smallest_slice(const OpGraph& graph, const RunSetting& run);

}  // namespace llmarch
