// The shapes that models really have, taken from arch_specs: what the benchmarks run over.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>

namespace llmarch::bench {

struct MatrixShape {
  std::size_t outputs, inputs;
  friend auto operator<=>(const MatrixShape&, const MatrixShape&) = default;
};

struct AttentionShape {
  std::size_t query_heads, kv_heads, head_dim;
  friend auto operator<=>(const AttentionShape&, const AttentionShape&) = default;
};

struct LatentAttentionShape {
  std::size_t heads, nope_width, rope_width, latent_width;
  friend auto operator<=>(const LatentAttentionShape&, const LatentAttentionShape&) = default;
};

// Each distinct shape, with the first model that has it.
struct Shapes {
  std::map<MatrixShape, std::string> matrices;
  std::map<AttentionShape, std::string> attentions;
  std::map<LatentAttentionShape, std::string> latent_attentions;
};

Shapes find_shapes();

}  // namespace llmarch::bench
