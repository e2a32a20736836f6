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
  // Whether a class overwrites "head_dim", which may then be the rotated part or the whole.
  enum class HeadDim { rotated, whole } head_dim = HeadDim::rotated;
};

LatentAttention read_latent_attention(Import& import, const LatentClass& of,
                                      const RotaryClass& rotary);

}  // namespace llmarch
