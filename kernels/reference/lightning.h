// The decays of lightning attention, the same for every kernel.
#pragma once

#include <cstddef>

namespace llmarch {

// One of several, counted from 0.
struct PlaceAmong {
  std::size_t index, count;
};

// The share of its state that a head keeps at every token: exp(-slope), where the slope is
// 2^(-8 (head + 1) / heads) in the first layer and falls with the layer's place in the stack to
// about 0 in the last (transformers, modeling_minimax.py: get_slope_rate).
double lightning_decay(const PlaceAmong& head, const PlaceAmong& layer);

}  // namespace llmarch
