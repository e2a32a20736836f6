// The input and the output of an attention pass over a cache, for grouped and for latent attention.
// How the pass is made is known by attention_pass.h, and how passes are divided among the threads
// by attention.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "kernels/fast/cache.h"
#include "kernels/fast/first_key.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/simd/kernels.h"
#include "sim/spec/mixer.h"

namespace llmarch::fast {

inline constexpr std::size_t kStretch = 48;   // query rows
inline constexpr std::size_t kLargest = 128;  // and at most, where many heads share a key
inline constexpr std::size_t kMostParts = 2;  // of a key: latent attention's keys have two
inline constexpr float kNone = -std::numeric_limits<float>::infinity();  // no largest score yet

inline std::size_t up_to(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

// The part of a query that is multiplied with the keys of one cache: in each of its heads, `width`
// elements from `offset` on.
struct KeyPart {
  const Cache* cache;
  ConstRows queries;
  std::size_t head_stride, offset, width;
  [[nodiscard]] std::size_t steps() const {
    return cache->padded_width() / depth_of(arithmetic_of(cache->shape().format));
  }
};

struct AttentionProblem {
  const simd::ProductKernels* kernels;
  const simd::NarrowKernels* narrow;
  const simd::RowKernels* rows;
  std::size_t streams;      // of memory, at a time: 2 or 4
  std::size_t key_streams;  // the same, or 1: keys are scored block by block
  std::size_t kv_heads, group;
  std::vector<KeyPart> parts;
  const Cache* values;  // none: the first part's cache, transposed
  std::size_t value_width;
  float scale, cap;
  Reach reach;
  Places places;
  Rows out;
  std::span<const float> sinks = {}, slopes = {};  // of each query head; see GroupedShape
  std::optional<Integer> growth_length = {};

  // Whether a block has to be widened before it is multiplied.
  [[nodiscard]] bool any_narrow() const {
    const auto narrow_keys = [](const KeyPart& part) {
      return is_narrow(part.cache->shape().format);
    };
    return std::any_of(parts.begin(), parts.end(), narrow_keys) ||
           (values != nullptr && is_narrow(values->shape().format));
  }
  [[nodiscard]] std::size_t query_rows() const { return places.tokens * group; }
  [[nodiscard]] std::size_t stretch() const { return std::clamp(group, kStretch, kLargest); }
  [[nodiscard]] std::size_t padded_values() const { return up_to(value_width, 16); }
  [[nodiscard]] std::size_t head(std::size_t kv_head, std::size_t query_row) const {
    return kv_head * group + query_row % group;
  }
  [[nodiscard]] std::size_t position(std::size_t query_row) const {
    return places.past + query_row / group;
  }
  [[nodiscard]] float growth(std::size_t query_row) const {
    return static_cast<float>(
        score_growth_at(growth_length, static_cast<double>(position(query_row))));
  }
  // The sink of a query row as an exponent of two, as `largest` is; none is below every score.
  [[nodiscard]] float sink(std::size_t kv_head, std::size_t query_row) const {
    constexpr float kLog2OfE = 1.44269504F;
    return sinks.empty() ? kNone : sinks[head(kv_head, query_row)] * kLog2OfE;
  }
  // Where the result of a query row is written: `value_width` floats.
  [[nodiscard]] float* target(std::size_t sequence, std::size_t kv_head,
                              std::size_t query_row) const {
    return out.row(sequence * places.tokens + query_row / group) +
           head(kv_head, query_row) * value_width;
  }
};

// The positions of one sequence that a step read.
struct PositionRange {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  std::size_t end = 0;
  void extend(std::size_t from, std::size_t to) {
    first = std::min(first, from);
    end = std::max(end, to);
  }
};

struct AttentionTally {
  std::int64_t pairs = 0;           // (query head, key)
  std::vector<PositionRange> read;  // by sequence
};

// The softmax of each query row over part of the keys, from a block on: the largest exponent of
// two, the sum of the numerators, and the values weighted with the numerators.
struct PartialAttention {
  std::size_t sequence, kv_head, first_block;
  std::size_t rows;
  std::vector<float> largest, sums, weighted;
  [[nodiscard]] auto head() const { return std::pair(sequence, kv_head); }
};

}  // namespace llmarch::fast
