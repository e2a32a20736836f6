// What the passes of attention over a cache are given, and what they leave: for grouped and for
// latent attention the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/fast/attention.h"
#include "kernels/fast/simd/kernels.h"

namespace llmarch::fast {

inline constexpr std::size_t kStretch = 48;   // query rows
inline constexpr std::size_t kLargest = 128;  // and at most, where many heads share a key
inline constexpr std::size_t kMostParts = 2;  // of a key: latent attention's keys have two

inline std::size_t up_to(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

// What of a query meets a cache: `width` elements from `offset` on in each of its heads.
struct KeyPart {
  const Cache* cache;
  ConstRows queries;
  std::size_t head_stride, offset, width;
  [[nodiscard]] std::size_t steps() const {
    return cache->padded_width() / depth_of(cache->shape().stored);
  }
};

struct AttentionProblem {
  const simd::ProductKernels* kernels;
  const simd::RowKernels* rows;
  std::size_t streams;      // of memory, at a time: 2 or 4
  std::size_t key_streams;  // the same, or 1: keys are scored block by block
  std::size_t kv_heads, group;
  std::vector<KeyPart> parts;
  const Cache* values;  // none: the first part's cache, turned
  std::size_t value_width;
  float scale, cap;
  Reach reach;
  Places places;
  Rows out;

  [[nodiscard]] std::size_t query_rows() const { return places.tokens * group; }
  [[nodiscard]] std::size_t stretch() const { return std::clamp(group, kStretch, kLargest); }
  [[nodiscard]] std::size_t padded_values() const { return up_to(value_width, 16); }
  [[nodiscard]] std::size_t head(std::size_t kv_head, std::size_t query_row) const {
    return kv_head * group + query_row % group;
  }
  [[nodiscard]] std::size_t position(std::size_t query_row) const {
    return places.past + query_row / group;
  }
};

// The positions that a step opened of one sequence.
struct Opened {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  std::size_t end = 0;
  void join(std::size_t from, std::size_t to) {
    first = std::min(first, from);
    end = std::max(end, to);
  }
};

struct AttentionTally {
  std::int64_t meetings = 0;
  std::vector<Opened> opened;  // by sequence
};

// Numerators summed over some of the keys, from a block on: of each query row, with the largest
// exponent of two.
struct PartialAttention {
  std::size_t sequence, kv_head, first_block;
  std::size_t rows;
  std::vector<float> largest, sums, weighted;
  [[nodiscard]] auto head() const { return std::pair(sequence, kv_head); }
};

}  // namespace llmarch::fast
