#include "tests/agreement/random_blocks.h"

#include "tests/agreement/random_draws.h"

namespace llmarch {
namespace {

std::vector<double> draw_factors(Integer pairs) {
  std::vector<double> factors;
  for (Integer pair = 0; pair < pairs; pair += 1) factors.push_back(any_real(0.5, 1, 8));
  return factors;
}

// A scaling for `dim` rotated elements. The kinds stand in the order in which rapidcheck shrinks,
// which tries no scaling first. Contexts of the kinds that depend on the length of a sequence lie
// within the workloads below.
std::optional<RotaryScaling> draw_scaling(Integer dim) {
  switch (between(0, dim > 2 ? 5 : 4)) {
    case 0: return std::nullopt;
    case 1: return LinearScaling{any_real(0.5, 1, 16)};
    case 2: {
      const double low = any_real(1, 1, 2);
      return Llama3Scaling{any_real(1, 1, 32), low, low + any_real(1, 0, 3), between(4, 64)};
    }
    case 3:
      return LongRope{draw_factors(dim / 2), draw_factors(dim / 2), between(2, 8),
                      any_real(0.5, 1, 4), any_real(0.5, 1, 4)};
    case 5: return DynamicScaling{any_real(0.5, 1, 8), between(2, 8)};
    default: {
      const double slow = any_real(1, 1, 2);
      YarnScaling yarn{
          any_real(1, 1, 40), between(4, 64), slow + any_real(1, 0, 30), slow, {}, {}, {}};
      yarn.fractional_bounds = maybe();
      if (maybe()) yarn.mscale = any_real(0.5, 1, 3);
      if (maybe()) yarn.mscale_all_dim = any_real(0.5, 1, 3);
      if (maybe()) yarn.attention_factor = any_real(0.5, 1, 3);
      return yarn;
    }
  }
}

// For heads of `width` elements, an even number.
Rotary draw_rotary(Integer width) {
  Rotary rotary;
  rotary.theta = *rc::gen::element(10000.0, 500.0, 2.0);
  rotary.layout = any_of<RotaryLayout>();
  rotary.scaling = draw_scaling(width);
  if (maybe()) rotary.turned_pairs = between(1, width.value() / 2);
  return rotary;
}

// Some or all of a head's elements are turned.
Rotary draw_partial_rotary(Integer head_dim) {
  const Integer dim = 2 * between(1, head_dim.value() / 2);
  Rotary rotary = draw_rotary(dim);
  if (dim < head_dim || maybe()) rotary.dim = dim;
  return rotary;
}

// Reaches so small that every workload drops keys: the longest context is 10 positions.
void draw_reach(GroupedAttention& attention) {
  switch (between(0, 2)) {
    case 0: return;
    case 1: attention.window = between(1, 6); return;
    default: attention.chunk = between(1, 6);
  }
}

void draw_values(GroupedAttention& attention) {
  attention.values_from_keys = maybe();
  if (!attention.values_from_keys && maybe()) attention.value_head_dim = between(1, 6);
  if (maybe()) attention.value_scale = any_real(0.5, 1, 6);
}

// Blocks so small that every workload leaves keys out.
void draw_block_index(GroupedAttention& attention) {
  if (attention.window || attention.chunk || attention.alibi || maybe()) return;
  const Integer turned =
      attention.rotary ? attention.rotary->dim.value_or(attention.head_dim) : Integer(1);
  attention.block_index = BlockIndex{turned + between(0, 3), between(1, 3), between(1, 3)};
}

std::optional<GateLimit> draw_limit() {
  if (maybe()) return std::nullopt;
  return GateLimit{any_real(0.1, 1, 20), any_of<GateLimitPlace>()};
}

std::optional<double> draw_offset() {
  return maybe() ? std::nullopt : std::optional(any_real(0.5, 1, 4));
}

std::optional<Temperature> draw_temperature() {
  if (!maybe()) return std::nullopt;
  return Temperature{any_real(0.1, 1, 10), between(1, 6), maybe()};
}

}  // namespace

Mixer draw_grouped() {
  GroupedAttention attention;
  attention.kv_heads = between(1, 3);
  attention.query_heads = attention.kv_heads * between(1, 3);
  attention.head_dim = between(1, 6);
  attention.qkv_bias = maybe();
  attention.output_bias = maybe();
  if (maybe()) attention.qk_norm = any_of<QkNorm>();
  draw_reach(attention);
  if (maybe()) attention.query_scalar = between(1, 9);
  if (!attention.query_scalar && maybe()) attention.score_multiplier = any_real(0.1, 1, 10);
  if (maybe()) attention.qkv_clip = any_real(0.5, 1, 4);
  if (maybe()) attention.score_soft_cap = any_real(0.5, 1, 10);
  attention.temperature = draw_temperature();
  if (maybe()) {
    attention.head_dim = attention.head_dim + attention.head_dim % 2;
    attention.rotary = draw_partial_rotary(attention.head_dim);
  }
  attention.value_norm = maybe();
  draw_values(attention);
  attention.sinks = maybe();
  if (maybe()) attention.alibi = any_of<Alibi>();
  if (maybe()) attention.output_gate = OutputGate{any_of<GateWidth>(), any_of<Activation>()};
  draw_block_index(attention);
  // So short that every workload has positions beyond it.
  if (!attention.block_index && maybe()) attention.score_growth_length = between(2, 5);
  if (maybe()) attention.key_multiplier = any_real(0.5, 1, 4);
  return attention;
}

Mixer draw_latent() {
  LatentAttention attention;
  attention.query_heads = between(1, 3);
  if (maybe()) attention.query_latent_dim = between(1, 6);
  attention.kv_latent_dim = between(1, 6);
  attention.nope_head_dim = between(1, 5);
  attention.rope_head_dim = 2 * between(1, 2);
  attention.value_head_dim = between(1, 5);
  attention.latent_norm_epsilon = 1e-6;
  attention.compression_bias = maybe();
  attention.output_bias = maybe();
  attention.temperature = draw_temperature();
  if (attention.query_latent_dim && maybe()) {
    attention.chosen_keys = between(1, 6);
    attention.key_index = KeyIndex{between(1, 3), attention.rope_head_dim + between(0, 3),
                                   any_of<RotaryLayout>(), 1e-6};
  }
  if (attention.key_index || maybe()) attention.rotary = draw_rotary(attention.rope_head_dim);
  if (maybe()) attention.query_multiplier = any_real(0.5, 1, 4);
  if (maybe()) attention.latent_multiplier = any_real(0.5, 1, 4);
  if (maybe()) attention.output_gate = OutputGate{any_of<GateWidth>(), any_of<Activation>()};
  return attention;
}

// Groups so short that every workload completes some, and windows shorter than the contexts.
Mixer draw_compressed() {
  CompressedAttention attention;
  attention.output_groups = between(1, 2);
  attention.query_heads = attention.output_groups * between(1, 2);
  attention.rope_head_dim = 2 * between(1, 2);
  attention.head_dim = attention.rope_head_dim + between(0, 3);
  attention.query_latent_dim = between(1, 6);
  attention.window = between(1, 6);
  attention.output_latent_dim = between(1, 5);
  attention.rotary = draw_rotary(attention.rope_head_dim);
  if (maybe()) return attention;
  attention.compression = Compression{between(1, 5), maybe()};
  if (maybe()) {
    attention.compression->index =
        EntryIndex{between(1, 3), attention.rope_head_dim + between(0, 3), between(1, 4)};
  }
  return attention;
}

Mixer draw_convolution() {
  return ShortConvolution{between(2, 5)};
}

Mixer draw_delta_net() {
  GatedDeltaNet delta;
  delta.key_heads = between(1, 3);
  delta.value_heads = delta.key_heads * between(1, 3);
  delta.key_head_dim = between(1, 5);
  delta.value_head_dim = between(1, 5);
  delta.kernel = between(2, 5);
  delta.output_norm_epsilon = *rc::gen::element(1e-6, 1e-5, 1e-3);
  delta.negative_eigenvalues = maybe();
  if (maybe()) delta.chunk = between(1, 4);
  return delta;
}

Mixer draw_mamba2() {
  Mamba2 mamba;
  mamba.groups = between(1, 2);
  mamba.heads = mamba.groups * between(1, 3);
  mamba.head_dim = between(1, 5);
  mamba.state_dim = between(1, 5);
  mamba.kernel = between(2, 5);
  mamba.convolution_bias = maybe();
  if (maybe()) mamba.chunk = between(1, 4);
  if (maybe()) {
    mamba.multipliers = Mamba2Multipliers{any_real(0.5, 1, 2), any_real(0.5, 1, 2), 1,
                                          any_real(0.5, 1, 2), any_real(0.5, 1, 2)};
  }
  if (maybe()) return mamba;
  mamba.norm_groups = maybe() ? mamba.groups : Integer(1);
  mamba.norm_epsilon = *rc::gen::element(1e-6, 1e-5, 1e-3);
  mamba.norm_before_gate = maybe();
  return mamba;
}

Mixer draw_mamba1() {
  Mamba1 mamba;
  mamba.inner = between(1, 9);
  mamba.state_dim = between(1, 5);
  mamba.step_dim = between(1, 4);
  mamba.kernel = between(2, 5);
  mamba.convolution_bias = maybe();
  if (maybe()) mamba.selection_norm = SelectionNorm{*rc::gen::element(1e-6, 1e-5, 1e-3), maybe()};
  return mamba;
}

Mixer draw_lightning() {
  LightningAttention lightning;
  lightning.heads = between(1, 4);
  lightning.head_dim = between(1, 5);
  lightning.output_norm_epsilon = *rc::gen::element(1e-6, 1e-5, 1e-3);
  if (maybe()) lightning.chunk = between(1, 4);
  if (maybe()) lightning.norm_groups = lightning.heads;
  if (!maybe()) return lightning;
  lightning.head_dim = 2 * between(1, 3);
  lightning.rotary = draw_rotary(lightning.head_dim);
  return lightning;
}

Mixer draw_kimi_delta() {
  KimiDeltaAttention delta;
  delta.heads = between(1, 3);
  delta.head_dim = between(1, 5);
  delta.kernel = between(2, 5);
  if (maybe()) delta.decay_latent_dim = between(1, 4);
  if (maybe()) delta.gate_latent_dim = between(1, 4);
  if (maybe()) delta.least_log_decay = -any_real(0.5, 1, 10);
  delta.negative_eigenvalues = maybe();
  delta.output_norm_epsilon = *rc::gen::element(1e-6, 1e-5, 1e-3);
  if (maybe()) delta.chunk = between(1, 4);
  return delta;
}

FeedForward draw_dense() {
  DenseFeedForward dense;
  dense.width = between(1, 9);
  dense.activation = any_of<Activation>();
  dense.gated = maybe();
  dense.bias = maybe();
  if (!dense.gated && maybe()) {
    dense.xielu = Xielu{any_real(0.1, 1, 9), -any_real(1e-6, 1, 9)};
    return dense;
  }
  if (maybe()) dense.activation_sparsity = any_real(0.1, 1, 9);
  if (!dense.gated) return dense;
  if (maybe()) {
    dense.situ = Situ{any_real(0.5, 1, 8), any_real(0.5, 1, 8)};
    return dense;
  }
  dense.gate_limit = draw_limit();
  dense.up_offset = draw_offset();
  if (maybe()) dense.gate_multiplier = any_real(0.5, 1, 2);
  return dense;
}

namespace {

// Whose weights nothing else changes.
void make_sparsemixer(Router& router) {
  router.jitter = any_real(0.05, 1, 10);
  router.correction_bias = false;
  router.normalized_weights = false;
  router.groups.reset();
}

}  // namespace

FeedForward draw_mixture() {
  MixtureFeedForward mixture;
  mixture.experts = between(1, 6);
  Integer eligible = mixture.experts;
  if (maybe()) {
    const ExpertGroups groups{between(1, 3), 0};
    const Integer in_group = between(2, 3);
    mixture.experts = groups.count * in_group;
    mixture.router.groups =
        ExpertGroups{groups.count, between(1, groups.count.value()), any_of<GroupScore>()};
    eligible = mixture.router.groups->chosen * in_group;
  }
  if (!mixture.router.groups && maybe()) mixture.identity_experts = between(1, 4);
  mixture.experts_per_token = between(1, std::min<std::int64_t>(3, eligible.value()));
  mixture.expert_width = between(1, 5);
  if (maybe()) mixture.shared_width = between(1, 7);
  if (mixture.shared_width) {
    mixture.shared_gate = maybe();
    if (maybe()) mixture.sum_multiplier = any_real(0.5, 1, 4);
    mixture.shared_gate_limit = draw_limit();
  }
  mixture.ungated = maybe();
  if (mixture.ungated) {
    mixture.shared_gate_limit.reset();
  } else {
    mixture.expert_bias = maybe();
    mixture.gate_limit = draw_limit();
    mixture.up_offset = draw_offset();
  }
  if (maybe()) mixture.latent_width = between(1, 6);
  mixture.latent_norm = mixture.latent_width && maybe();
  mixture.scaled_input = maybe();
  mixture.activation = any_of<Activation>();
  mixture.router.scoring = any_of<Scoring>();
  mixture.router.correction_bias = maybe();
  mixture.router.normalized_weights = maybe();
  if (maybe()) mixture.router.weight_scale = any_real(0.5, 1, 6);
  mixture.router.bias = maybe();
  if (maybe()) mixture.router.product_soft_cap = any_real(0.5, 1, 6);
  mixture.router.own_input = maybe();
  mixture.router.expert_scale = maybe();
  if (mixture.router.scoring == Scoring::sparsemixer) make_sparsemixer(mixture.router);
  const bool limited = mixture.gate_limit || mixture.shared_gate_limit || mixture.up_offset;
  if (!mixture.ungated && !limited && maybe()) {
    mixture.situ = Situ{any_real(0.5, 1, 8), any_real(0.5, 1, 8)};
  }
  const bool may_list = mixture.router.scoring != Scoring::sparsemixer && !mixture.router.groups &&
                        !mixture.identity_experts;
  if (may_list && maybe()) {
    mixture.router.listed_by_token = true;
    mixture.router.correction_bias = false;
  }
  return mixture;
}

}  // namespace llmarch
