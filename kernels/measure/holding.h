// What is held in memory for a run at full size: the whole model or, where that does not fit, a
// slice: the layers of each kind that timing needs, at full width, and as many experts as fit. This
// file knows how a slice is chosen; what a slice is and how much memory it takes is known by
// kernels/engine/held.h.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "kernels/engine/engine.h"
#include "sim/graph/op_graph.h"
#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

// How many layers and experts are held, and how many there are: "2 of 61 layers, 64 of 256
// experts". No experts where the model has no mixture.
struct HeldCounts {
  Integer layers, of_layers;
  Integer experts, of_experts;
};
HeldCounts held_counts(const OpGraph& graph, const fast::Held& held);

// The setting of a run, which must state how weights are stored.
struct RunSetting {
  Setting setting;
  Integer threads;
};

// How products read elements of this format; none where they do not.
std::optional<fast::Stored> stored_as(std::optional<DType> dtype);

// The model's graph as the engine holds it in this setting: norms and biases in f32, whatever
// the weights are in. The graphs of the functions below are such ones.
OpGraph held_graph(const Model& model, const RunSetting& run);
// A format that weights of the graph have and no kernels are written for; none where all have some.
std::optional<StorageFormat> without_kernels(const OpGraph& graph);
// The format in which the kernels multiply most quickly: int8 where any weights are quantised, else
// bf16 where any are in bf16. Its peak makes the floor.
DType fastest_arithmetic(const OpGraph& graph);

fast::EngineOptions engine_options(const RunSetting& run, fast::Held held);
// What the engine takes, and what the program takes besides.
fast::Footprint memory_need(const OpGraph& graph, const fast::Held& held, const RunSetting& run);

// The refusal of a run of which even the smallest slice does not fit.
struct Shortage {
  fast::Held smallest;
  fast::Footprint need;            // of the smallest slice
  std::optional<Integer> context;  // the longest that would fit, all else unchanged
  std::optional<Integer> batch;    // the largest that would fit, all else unchanged
};

// The whole model if that fits into `bound`; else a slice with as many experts as fit, but at least
// as many as one decode step reads. A slice holds one layer of each kind, and more of a kind so
// small that one layer would stay in the processor's cache from one step to the next.
std::variant<fast::Held, Shortage> choose_held(const OpGraph& graph, const RunSetting& run,
                                               Bytes bound);

// The smallest slice that can make the same run.
fast::Held smallest_slice(const OpGraph& graph, const RunSetting& run);

}  // namespace llmarch
