// Models of one layer, small enough that every price can be redone by hand. All sizes differ, so
// that one used in place of another is noticed. Each is defined here once, and tests write it out
// as a number where they expect a figure.
#pragma once

#include <utility>

#include "sim/graph/lower.h"

namespace llmarch {

// 4 query heads of width 6, 2 key/value heads.
inline GroupedAttention tiny_grouped() {
  GroupedAttention attention;
  attention.query_heads = 4;
  attention.kv_heads = 2;
  attention.head_dim = 6;
  return attention;
}

// 3 heads; per head 5 elements that are not rotated, 2 that are, 4 of the value; a latent of 7.
inline LatentAttention tiny_latent() {
  LatentAttention attention;
  attention.query_heads = 3;
  attention.nope_head_dim = 5;
  attention.rope_head_dim = 2;
  attention.value_head_dim = 4;
  attention.kv_latent_dim = 7;
  attention.latent_norm_epsilon = 1e-6;
  attention.rotary = Rotary{10000, RotaryLayout::half_split, std::nullopt};
  return attention;
}

// 2 query and key heads of width 3, 4 value heads of width 5: 4 states of 15 elements. A kernel
// of 4.
inline GatedDeltaNet tiny_delta_net() {
  GatedDeltaNet delta;
  delta.key_heads = 2;
  delta.value_heads = 4;
  delta.key_head_dim = 3;
  delta.value_head_dim = 5;
  delta.kernel = 4;
  delta.output_norm_epsilon = 1e-6;
  return delta;
}

// 4 heads of width 5 in 2 groups, 4 states of 3 x 5; a kernel of 4, a norm in 2 parts.
inline Mamba2 tiny_mamba() {
  Mamba2 mamba;
  mamba.heads = 4;
  mamba.head_dim = 5;
  mamba.groups = 2;
  mamba.state_dim = 3;
  mamba.kernel = 4;
  mamba.convolution_bias = true;
  mamba.norm_groups = 2;
  mamba.norm_epsilon = 1e-6;
  return mamba;
}

// 4 heads of width 3, 4 states of 3 x 3.
inline LightningAttention tiny_lightning() {
  return {4, 3, 1e-6};
}

// 2 heads of width 3, 2 states of 3 x 3; a kernel of 4, latents of 2 for decays and 5 for gates.
inline KimiDeltaAttention tiny_kimi_delta() {
  return {2, 3, 4, 2, 5, 1e-6};
}

// 6 columns, each with a state of 3; steps through 2 columns; a kernel of 4.
inline Mamba1 tiny_mamba1() {
  Mamba1 mamba;
  mamba.inner = 6;
  mamba.state_dim = 3;
  mamba.step_dim = 2;
  mamba.kernel = 4;
  mamba.convolution_bias = true;
  mamba.selection_norm = SelectionNorm{1e-6};
  return mamba;
}

// Width 15.
inline DenseFeedForward tiny_dense() {
  DenseFeedForward dense;
  dense.width = 15;
  return dense;
}

// 2 of 8 experts of width 9.
inline MixtureFeedForward tiny_mixture() {
  MixtureFeedForward mixture;
  mixture.experts = 8;
  mixture.experts_per_token = 2;
  mixture.expert_width = 9;
  return mixture;
}

// Vocabulary 31, hidden 10, RMS norms, a head of its own, one layer.
inline ArchSpec tiny_model(Mixer mixer, FeedForward feed_forward) {
  ArchSpec spec;
  spec.name = "tiny";
  spec.vocabulary = 31;
  spec.hidden = 10;
  spec.context_limit = 32;
  spec.norm = {NormKind::rms, 1e-6};
  spec.attention.push_back({"mix", std::move(mixer)});
  spec.feed_forward.push_back({"feed", std::move(feed_forward)});
  spec.layer.push_back({"block", {Reference{"mix", 0}, Reference{"feed", 0}}});
  spec.stack.push_back({{{"block", 0}}, 1});
  return spec;
}

}  // namespace llmarch
