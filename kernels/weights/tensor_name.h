// How a checkpoint calls the tensor of a role of weight, and how weights that share a tensor lie in
// it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "sim/graph/weight_role.h"

namespace llmarch {

enum class StoredLayout {
  as_is,        // (rows, columns)
  transposed,   // (columns, rows): gpt2's Conv1D
  one_row,      // (1, elements): a vector in two dimensions
  along_heads,  // (1, 1, elements, 1): a vector in four dimensions
  depthwise,    // (rows, 1, columns): the taps of a convolution of each channel by itself
  joined,       // (copies x elements): the copies of a vector, one after the other
};

// Into how many groups the rows of fused weights are divided. Each group holds the rows of the
// first weight that belong to it, then those of the second, and so on; the groups follow one
// another.
enum class FusedBy {
  whole,        // all rows of the first weight, then all of the second
  kv_head,      // per key/value head: its query heads, its key, its value
  row,          // one row of each in turn
  latent_head,  // per head of latent attention: the part of its key that is not rotated, its value
  query_head,   // per query head: its query, its output gate
  recurrence_key_head,  // per key head of a recurrence: all that belongs to it
};

// The weights whose rows share a tensor, in their order in it.
struct Fused {
  FusedBy by;
  std::span<const WeightRole> parts;
};

// A name in a layer is completed with the layer's prefix, one outside of layers with the model's. A
// name that begins with '/' stands beside the model, as the head does, and has no prefix. '*'
// stands for the number of the expert or stream; without one, all of them are one tensor, stacked
// along a first axis. '#' stands for how many sublayers of the layer before this one have a weight
// of the same role. A bias without a row of its own is called as the weight to whose result it is
// added, with ".bias" for ".weight", and lies in its tensor as that does.
struct TensorName {
  WeightRole role;
  std::string_view name;
  const Fused* fused = nullptr;
  StoredLayout layout = StoredLayout::as_is;
  // Only of the block of that number in a sublayer, which has several; it is preferred to a row
  // without one.
  std::optional<std::size_t> block = {};
  // What is added to a norm's published weight when it is read, where that is not what the family
  // adds to its other norms.
  std::optional<float> added = {};
};

}  // namespace llmarch
