#include <cmath>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// Added to the square of a vector's length. transformers, modeling_qwen3_next.py: l2norm.
constexpr double kLengthEpsilon = 1e-6;

// The weights of one input of a recurrence.
struct InputRoles {
  WeightRole projection, taps;
};
constexpr InputRoles kQueries{WeightRole::recurrence_query, WeightRole::recurrence_query_taps};
constexpr InputRoles kKeys{WeightRole::recurrence_key, WeightRole::recurrence_key_taps};
constexpr InputRoles kValues{WeightRole::recurrence_value, WeightRole::recurrence_value_taps};

struct ConvolutionShape {
  Integer kernel;
  bool bias;
  std::optional<double> multiplier = {};  // of what enters it
};

// A projection of the input, times a factor where there is one, through a convolution and SiLU.
ValueId convolved(GraphBuilder& build, const std::string& name, ValueId x, Integer columns,
                  const InputRoles& roles, const ConvolutionShape& shape) {
  ValueId projected = build.project(x, columns, roles.projection);
  projected = multiplied(build, "multiply " + name, projected, shape.multiplier);
  const BiasRole bias = shape.bias ? bias_of(roles.taps) : std::nullopt;
  const ValueId out = build.convolve("convolution of " + name, projected, roles.taps, shape.kernel,
                                     StateFormat::f32, bias);
  return build.activate(out, Activation::silu);
}

ValueId of_length_one(GraphBuilder& build, const std::string& name, ValueId x, Integer heads) {
  return build.make_like(x, "normalise " + name, [&](ValueId out) {
    return NormalizeLength{heads, kLengthEpsilon, x, out};
  });
}

// How much of what a state holds for a key is replaced, for each value head.
ValueId lower_strength(GraphBuilder& build, ValueId x, Integer heads, const auto& delta) {
  const ValueId projected = build.project(x, heads, WeightRole::recurrence_strength);
  const ValueId strength = build.activate(projected, Activation::sigmoid);
  return delta.negative_eigenvalues ? build.scale("double the strength", strength, 2) : strength;
}

// The latent that a projection goes through, or the input itself where there is none.
ValueId latent_of(GraphBuilder& build, ValueId x, std::optional<Integer> latent, WeightRole role) {
  return latent ? build.project(x, *latent, role) : x;
}

// What a step is made of, for each head or each row of its state.
ValueId project_step(GraphBuilder& build, ValueId x, Integer columns) {
  return build.project(x, columns, WeightRole::recurrence_decay, WeightRole::recurrence_decay_bias);
}

// softplus of a projection, for each head or each row of its state.
ValueId lower_step(GraphBuilder& build, ValueId x, Integer columns) {
  return build.activate(project_step(build, x, columns), Activation::softplus);
}

// How much of a state is kept after that step, at the rate of each head.
ValueId lower_decay(GraphBuilder& build, ValueId step, Integer heads,
                    std::optional<double> least_log = std::nullopt) {
  const WeightId rate = build.weight(WeightRole::recurrence_decay_rate, 1, heads);
  return build.make_like(step, "decay", [&](ValueId out) {
    return Decay{rate, step, out, least_log};
  });
}

// What the delta rule reads of the input.
struct DeltaInputs {
  ValueId query, key, value;
};
DeltaInputs lower_delta_inputs(GraphBuilder& build, ValueId x, const RecurrenceShape& shape,
                               Integer kernel) {
  const Integer keys = shape.key_heads * shape.key_dim;
  const Integer values = shape.value_heads * shape.value_dim;
  const ConvolutionShape convolution{kernel, false};
  DeltaInputs in{convolved(build, "queries", x, keys, kQueries, convolution),
                 convolved(build, "keys", x, keys, kKeys, convolution),
                 convolved(build, "values", x, values, kValues, convolution)};
  in.query = of_length_one(build, "queries", in.query, shape.key_heads);
  in.query = build.scale("scale queries", in.query, 1 / std::sqrt(shape.key_dim.as_double()));
  in.key = of_length_one(build, "keys", in.key, shape.key_heads);
  return in;
}

CacheId recurrence_state(GraphBuilder& build, const RecurrenceShape& shape) {
  return build.fixed_state("recurrence state", shape.state_elements(), StateFormat::f32);
}

}  // namespace

// Gated DeltaNet (arXiv 2412.06464; transformers, modeling_qwen3_next.py: Qwen3NextGatedDeltaNet).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const GatedDeltaNet& delta) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{delta.key_heads, delta.value_heads, delta.key_head_dim,
                              delta.value_head_dim};
  const auto [q, k, v] = lower_delta_inputs(build, x, shape, delta.kernel);
  const ValueId strength = lower_strength(build, x, shape.value_heads, delta);
  const ValueId decay =
      lower_decay(build, lower_step(build, x, shape.value_heads), shape.value_heads);
  const CacheId state = recurrence_state(build, shape);
  const Recurrence rule{shape, state, q, k, v, decay, 0, strength};
  ValueId mixed = build.recur("delta rule", rule, chunk_of(delta));
  mixed = build.normalize_groups(mixed, delta.output_norm_epsilon, WeightRole::recurrence_norm,
                                 shape.value_heads);
  const ValueId gate =
      build.project(x, shape.value_heads * shape.value_dim, WeightRole::recurrence_gate);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

namespace {

// Gated by SiLU and normalised, where there is a norm, in the order of the spec.
ValueId gated_and_normalized(GraphBuilder& build, ValueId mixed, ValueId gate,
                             const Mamba2& mamba) {
  const auto normalized = [&](ValueId x) {
    if (!mamba.norm_epsilon) return x;
    return build.normalize_parts(x, *mamba.norm_epsilon, WeightRole::recurrence_norm,
                                 mamba.norm_groups);
  };
  if (mamba.norm_before_gate) mixed = normalized(mixed);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  return mamba.norm_before_gate ? mixed : normalized(mixed);
}

// Each factor by itself; one of 1 is not there.
struct Factors {
  std::optional<double> gate, value, key, query, step;
};

Factors factors_of(const Mamba2& mamba) {
  if (!mamba.multipliers) return {};
  const auto other_than_one = [](double factor) {
    return factor == 1 ? std::nullopt : std::optional(factor);
  };
  const Mamba2Multipliers& all = *mamba.multipliers;
  return {other_than_one(all.gate), other_than_one(all.value), other_than_one(all.key),
          other_than_one(all.query), other_than_one(all.step)};
}

}  // namespace

// Mamba-2 (arXiv 2405.21060; transformers, modeling_mamba2.py: Mamba2Mixer). The factor on the
// steps stands before their bias, and so it is applied to what they are projected from.
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const Mamba2& mamba) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{mamba.groups, mamba.heads, mamba.state_dim, mamba.head_dim};
  const Integer keys = shape.key_heads * shape.key_dim;
  const Integer values = shape.value_heads * shape.value_dim;
  const Factors factors = factors_of(mamba);
  const auto input = [&](const std::string& name, Integer columns, const InputRoles& roles,
                         std::optional<double> factor) {
    return convolved(build, name, x, columns, roles,
                     {mamba.kernel, mamba.convolution_bias, factor});
  };
  ValueId gate = build.project(x, values, WeightRole::recurrence_gate);
  gate = multiplied(build, "multiply the gate", gate, factors.gate);
  const ValueId v = input("values", values, kValues, factors.value);
  const ValueId k = input("keys", keys, kKeys, factors.key);
  const ValueId q = input("queries", keys, kQueries, factors.query);
  const ValueId stepped_from = multiplied(build, "multiply what steps are from", x, factors.step);
  const ValueId step = lower_step(build, stepped_from, mamba.heads);
  const ValueId decay = lower_decay(build, step, mamba.heads);
  const ValueId stepped = build.gate_rows("values times step", step, v, std::nullopt);
  const Recurrence rule{shape, recurrence_state(build, shape), q, k, stepped, decay, 0};
  ValueId mixed = build.recur("recurrence", rule, chunk_of(mamba));
  const ValueId skipped = build.scale_columns(v, WeightRole::recurrence_skip, mamba.heads);
  mixed = build.add("add the skip", mixed, skipped);
  mixed = gated_and_normalized(build, mixed, gate, mamba);
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

namespace {

// One input of a selective scan, from the convolved values, through its norm where there is one.
ValueId selected(GraphBuilder& build, const std::string& name, ValueId v, Integer columns,
                 WeightRole projection, WeightRole norm, const Mamba1& mamba) {
  const ValueId x = build.project(v, columns, projection);
  if (!mamba.selection_norm) return x;
  const auto [epsilon, unweighted] = *mamba.selection_norm;
  return unweighted ? build.normalize_unweighted("normalise " + name, x, epsilon, 1)
                    : build.normalize_groups(x, epsilon, norm, 1);
}

}  // namespace

// Mamba (arXiv 2312.00752; transformers, modeling_mamba.py: MambaMixer; with norms,
// modeling_jamba.py: JambaMambaMixer, and modeling_falcon_mamba.py).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const Mamba1& mamba) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const ValueId gate = build.project(x, mamba.inner, WeightRole::recurrence_gate);
  const ValueId v =
      convolved(build, "values", x, mamba.inner, kValues, {mamba.kernel, mamba.convolution_bias});
  const ValueId narrow = selected(build, "steps", v, mamba.step_dim, WeightRole::selection_step,
                                  WeightRole::selection_step_norm, mamba);
  const ValueId k = selected(build, "keys", v, mamba.state_dim, WeightRole::selection_key,
                             WeightRole::selection_key_norm, mamba);
  const ValueId q = selected(build, "queries", v, mamba.state_dim, WeightRole::selection_query,
                             WeightRole::selection_query_norm, mamba);
  const ValueId step = lower_step(build, narrow, mamba.inner);
  const WeightId rate = build.weight(WeightRole::selection_rate, mamba.inner, mamba.state_dim);
  const CacheId state =
      build.fixed_state("states of the scan", mamba.inner * mamba.state_dim, StateFormat::f32);
  ValueId mixed = build.make_like(v, "selective scan", [&](ValueId out) {
    return SelectiveScan{rate, state, q, k, step, v, out};
  });
  const ValueId skipped = build.scale_columns(v, WeightRole::recurrence_skip);
  mixed = build.add("add the skip", mixed, skipped);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

namespace {

// A query or a key of lightning attention. As for a value, the activation is SiLU; or there is none
// and it is normalised and rotated.
ValueId lightning_input(GraphBuilder& build, const ArchSpec& spec, ValueId projected,
                        const LightningAttention& lightning, WeightRole norm) {
  if (!lightning.rotary) return build.activate(projected, Activation::silu);
  const Rotary& rotary = *lightning.rotary;
  const ValueId x = build.normalize_groups(projected, spec.norm.epsilon, norm, lightning.heads);
  return build.rotate(norm == WeightRole::query_norm ? "rotate queries" : "rotate keys", x, rotary,
                      lightning.heads, 0, rotary.dim.value_or(lightning.head_dim));
}

}  // namespace

// Lightning attention (arXiv 2401.04658; transformers, modeling_minimax.py:
// MiniMaxLightningAttention; modeling_bailing_hybrid.py: BailingHybridLightningAttention).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const LightningAttention& lightning) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{lightning.heads, lightning.heads, lightning.head_dim,
                              lightning.head_dim};
  const Integer columns = lightning.heads * lightning.head_dim;
  ValueId q = lightning_input(build, spec, build.project(x, columns, WeightRole::recurrence_query),
                              lightning, WeightRole::query_norm);
  const ValueId k =
      lightning_input(build, spec, build.project(x, columns, WeightRole::recurrence_key), lightning,
                      WeightRole::key_norm);
  ValueId v = build.project(x, columns, WeightRole::recurrence_value);
  if (lightning.rotary) {
    q = build.scale("scale queries", q, 1 / std::sqrt(lightning.head_dim.as_double()));
  } else {
    v = build.activate(v, Activation::silu);
  }
  Recurrence rule{shape, recurrence_state(build, shape), q, k, v, std::nullopt, 0};
  if (lightning.rotary) rule.full_slopes_at = 1;
  ValueId mixed = build.recur("recurrence", rule, chunk_of(lightning));
  mixed = build.normalize_parts(mixed, lightning.output_norm_epsilon, WeightRole::recurrence_norm,
                                lightning.norm_groups);
  const ValueId gate = build.project(x, columns, WeightRole::recurrence_gate);
  mixed = build.gate("gate the output", gate, mixed, {Activation::sigmoid});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

// Kimi delta attention (arXiv 2510.26692).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const KimiDeltaAttention& delta) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{delta.heads, delta.heads, delta.head_dim, delta.head_dim};
  const Integer columns = delta.heads * delta.head_dim;
  const auto [q, k, v] = lower_delta_inputs(build, x, shape, delta.kernel);
  const ValueId strength = lower_strength(build, x, delta.heads, delta);
  const ValueId latent =
      latent_of(build, x, delta.decay_latent_dim, WeightRole::recurrence_decay_down);
  const ValueId step = delta.least_log_decay ? project_step(build, latent, columns)
                                             : lower_step(build, latent, columns);
  const ValueId decay = lower_decay(build, step, delta.heads, delta.least_log_decay);
  const Recurrence rule{shape, recurrence_state(build, shape), q, k, v, decay, 0, strength};
  ValueId mixed = build.recur("delta rule", rule, chunk_of(delta));
  mixed = build.normalize_groups(mixed, delta.output_norm_epsilon, WeightRole::recurrence_norm,
                                 delta.heads);
  ValueId gate = latent_of(build, x, delta.gate_latent_dim, WeightRole::recurrence_gate_down);
  gate = build.project(gate, columns, WeightRole::recurrence_gate);
  mixed = build.gate("gate the output", gate, mixed, {Activation::sigmoid});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

}  // namespace llmarch
