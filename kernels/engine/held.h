// What part of a model is held for a run: all of it, or a slice of a model that is larger than
// memory. This file knows how a slice is described and which layers and experts are in it; how one
// is chosen to fit a machine is known by kernels/measure/holding.h.
#pragma once

#include <optional>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch::fast {

struct Held {
  // For each block of the graph, how many of its layers are held, counted from the first: 1 up to
  // its repeats.
  std::vector<Integer> layers;
  // How many experts of each mixture are held, counted from the first; none: all. The router keeps
  // its full width, and a token chooses the best of the experts held, as many as before.
  std::optional<Integer> experts;
};

Held hold_everything(const OpGraph& graph);
bool is_whole(const OpGraph& graph, const Held& held);

// How many copies of the weight each layer holds.
Integer copies_held(const Weight& weight, const Held& held);

// Throws std::invalid_argument when `held` has other blocks than the graph, more layers or experts
// than there are, or fewer experts than a token chooses.
void check_held(const OpGraph& graph, const Held& held);

}  // namespace llmarch::fast
