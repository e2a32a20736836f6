// Latent attention as the DeepSeek configs state it, and the types that have their fields.
#pragma once

#include "sim/huggingface/hf_import.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {

// What a class fills for a field that a config leaves out; 0: the config must state it.
struct LatentClass {
  std::int64_t query_heads = 0;
  std::int64_t query_latent_dim = 0;
  std::int64_t kv_latent_dim = 0;
  std::int64_t nope_head_dim = 0;
  std::int64_t rope_head_dim = 0;
  std::int64_t value_head_dim = 0;
  // What "head_dim" repeats: the rotated part or the whole; or nothing, where the class overwrites
  // it and configs state all kinds of widths.
  enum class HeadDim { rotated, whole, overwritten } head_dim = HeadDim::rotated;
};

// The index of a class that chooses the keys of latent attention, and what it fills.
struct IndexClass {
  std::int64_t heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t chosen = 0;
  RotaryLayout layout = RotaryLayout::half_split;
  // shared: some layers take the choice of the nearest layer before that has an index.
  enum class Layers { every, shared } layers = Layers::every;
};

// The attention with an index, and that of the layers which take another's choice: the first and
// the second of the kinds; and which of them each layer has.
struct IndexedAttention {
  std::vector<LatentAttention> kinds;
  std::vector<std::size_t> layers;
};
IndexedAttention read_index(Import& import, const IndexClass& of, const LatentAttention& attention,
                            Integer layers);

LatentAttention read_latent_attention(Import& import, const LatentClass& of,
                                      const RotaryClass& rotary);

}  // namespace llmarch
