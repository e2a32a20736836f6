// Attention over caches: scores, softmax and weighted sum in one pass over the keys, block by
// block, the softmax corrected as larger scores come (Milakov and Gimelshein, arXiv 1805.02867; Dao
// and others, arXiv 2205.14135). The matrix of scores never exists. All query heads that share a
// key/value head attend to it together, so the cache is read once.
//
// Numbers: unless both caches are in f32, queries and the softmax's numerators are rounded to bf16
// before they are multiplied with a cache, and what a narrow cache holds is widened to bf16 first;
// sums are float. Keys and values may be stored in formats apart, but not one of them in f32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernels/fast/cache.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"
#include "sim/graph/reach.h"

namespace llmarch::fast {

struct GroupedShape {
  std::size_t query_heads, kv_heads;
  std::size_t key_width, value_width;  // per head
  float scale;
  std::optional<float> soft_cap;  // scores s become cap tanh(s / cap)
  Reach reach;
  std::span<const float> sinks = {};   // (query_heads), one score more in each softmax
  std::span<const float> slopes = {};  // (query_heads), by which scores fall with the distance
  std::optional<Integer> growth_length = {};  // see score_growth_at: scores grow after the cap
};

struct LatentShape {
  std::size_t heads;
  std::size_t nope_width;  // elements of a query head before its rotated part
  std::size_t rope_width, latent_width;
  float scale;
};

// Attention whose keys are its values too, one for all heads.
struct SharedShape {
  std::size_t heads, width;
  float scale;
  Reach reach;
  std::span<const float> sinks;  // (heads), or none
};

// How much the loops went over.
struct Attended {
  std::int64_t pairs = 0;  // (query head, key) within causality and reach
  std::int64_t keys = 0;   // distinct positions read, summed over the sequences
};

// queries (rows, query_heads * key_width), out (rows, query_heads * value_width). The step's own
// positions are stored already.
Attended attend(Team& team, const GroupedShape& shape, ConstRows queries, const Places& places,
                const Cache& keys, const Cache& values, Rows out);

// Latent attention, absorbed: absorbed (rows, heads * latent_width), queries (rows, heads *
// (nope_width + rope_width)), out (rows, heads * latent_width). `latents` and `rope_keys` have one
// head each and the layout of keys.
Attended attend_latent(Team& team, const LatentShape& shape, ConstRows absorbed, ConstRows queries,
                       const Places& places, const Cache& latents, const Cache& rope_keys,
                       Rows out);

// queries and out (rows, heads * width); `keys` has one head and the layout of keys.
Attended attend_shared(Team& team, const SharedShape& shape, ConstRows queries,
                       const Places& places, const Cache& keys, Rows out);

// Makes the keys of expanded latent attention, which is `attend` with as many key heads as query
// heads: each key joins the un-rotated part of its own head with the rotated part that all heads
// share. nope_keys (rows, heads * nope width) belong to the sequence's positions from `first` to
// first + rows; `joined` has heads of nope width + rope width.
void join_keys(Team& team, ConstRows nope_keys, std::size_t sequence, std::size_t first,
               const Cache& rope_keys, Cache& joined);

}  // namespace llmarch::fast
