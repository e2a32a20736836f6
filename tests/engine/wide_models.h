// Small models whose rows are whole blocks of every stored format, and how far two lists of numbers
// are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tests/support/tiny_models.h"
#include "tests/support/worse.h"

namespace llmarch::fast {

// Rows of 256 and 512, which are whole blocks of every format.
inline ArchSpec wide(Mixer mixer, FeedForward feed_forward) {
  ArchSpec spec = tiny_model(std::move(mixer), std::move(feed_forward));
  spec.hidden = 256;
  spec.stack.front().repeat = 8;  // mixtures of formats tell the first and the last layers apart
  return spec;
}

inline ArchSpec wide_dense() {
  GroupedAttention attention = tiny_grouped();
  attention.head_dim = 64;
  return wide(attention, DenseFeedForward{.width = 512});
}

inline ArchSpec wide_mixture() {
  GroupedAttention attention = tiny_grouped();
  attention.head_dim = 64;
  MixtureFeedForward mixture = tiny_mixture();
  mixture.experts = 16;  // llama.cpp has a rule of its own for eight
  mixture.expert_width = 256;
  return wide(attention, mixture);
}

// A latent of 256; 3 heads of 64 + 32, with values of 256.
inline ArchSpec wide_latent() {
  LatentAttention attention = tiny_latent();
  attention.nope_head_dim = 64;
  attention.rope_head_dim = 32;
  attention.value_head_dim = 256;
  attention.kv_latent_dim = 256;
  return wide(attention, DenseFeedForward{.width = 512});
}

inline double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float x : values) most = worse(most, std::abs(static_cast<double>(x)));
  return most;
}

inline double largest_departure(const std::vector<float>& a, const std::vector<float>& b) {
  double most = a.size() == b.size() ? 0 : std::nan("");
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    most = worse(most, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return most;
}

}  // namespace llmarch::fast
