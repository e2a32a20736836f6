// The decays of lightning attention, the same for every kernel.
#pragma once

#include <cstddef>

namespace llmarch {

// One of several, counted from 0.
struct PlaceAmong {
  std::size_t index, count;
};

// The share of its state that a head keeps at every token: exp(-slope), where the slope is
// 2^(-8 (head + 1) / heads) in layer `full` and falls with each layer by so much that it is about 0
// after as many layers as there are (transformers, modeling_minimax.py: get_slope_rate, where
// `full` is the first; modeling_bailing_hybrid.py, where it is the second).
double lightning_decay(const PlaceAmong& head, const PlaceAmong& layer, std::size_t full);

}  // namespace llmarch
