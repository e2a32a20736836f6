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
};

// A projection of the input through a convolution and SiLU.
ValueId convolved(GraphBuilder& build, const std::string& name, ValueId x, Integer columns,
                  const InputRoles& roles, const ConvolutionShape& shape) {
  const ValueId projected = build.project(x, columns, roles.projection);
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
ValueId lower_strength(GraphBuilder& build, ValueId x, const GatedDeltaNet& delta) {
  const ValueId projected = build.project(x, delta.value_heads, WeightRole::recurrence_strength);
  const ValueId strength = build.activate(projected, Activation::sigmoid);
  return delta.negative_eigenvalues ? build.scale("double the strength", strength, 2) : strength;
}

// softplus of a projection, for each head.
ValueId lower_step(GraphBuilder& build, ValueId x, Integer heads) {
  const ValueId projected =
      build.project(x, heads, WeightRole::recurrence_decay, WeightRole::recurrence_decay_bias);
  return build.activate(projected, Activation::softplus);
}

// How much of a state is kept, for each head, after that step.
ValueId lower_decay(GraphBuilder& build, ValueId step, Integer heads) {
  const WeightId rate = build.weight(WeightRole::recurrence_decay_rate, 1, heads);
  return build.make_like(step, "decay", [&](ValueId out) { return Decay{rate, step, out}; });
}

}  // namespace

// Gated DeltaNet (arXiv 2412.06464; transformers, modeling_qwen3_next.py: Qwen3NextGatedDeltaNet).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const GatedDeltaNet& delta) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{delta.key_heads, delta.value_heads, delta.key_head_dim,
                              delta.value_head_dim};
  const Integer keys = shape.key_heads * shape.key_dim;
  const Integer values = shape.value_heads * shape.value_dim;
  const ConvolutionShape convolution{delta.kernel, false};
  ValueId q = convolved(build, "queries", x, keys, kQueries, convolution);
  ValueId k = convolved(build, "keys", x, keys, kKeys, convolution);
  const ValueId v = convolved(build, "values", x, values, kValues, convolution);
  q = of_length_one(build, "queries", q, shape.key_heads);
  q = build.scale("scale queries", q, 1 / std::sqrt(shape.key_dim.as_double()));
  k = of_length_one(build, "keys", k, shape.key_heads);
  const ValueId strength = lower_strength(build, x, delta);
  const ValueId decay =
      lower_decay(build, lower_step(build, x, shape.value_heads), shape.value_heads);
  const CacheId state =
      build.fixed_state("recurrence state", shape.state_elements(), StateFormat::f32);
  ValueId mixed = build.make_like(v, "delta rule", [&](ValueId out) {
    return Recurrence{shape, state, q, k, v, decay, out, strength};
  });
  mixed = build.normalize_groups(mixed, delta.output_norm_epsilon, WeightRole::recurrence_norm,
                                 shape.value_heads);
  const ValueId gate = build.project(x, values, WeightRole::recurrence_gate);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

// Mamba-2 (arXiv 2405.21060; transformers, modeling_mamba2.py: Mamba2Mixer).
ValueId lower_mixer(GraphBuilder& build, const ArchSpec& spec, AttentionCaches&, ValueId x,
                    const Mamba2& mamba) {
  build.in(Component::state_mixer, WorkKind::state_mixer);
  const RecurrenceShape shape{mamba.groups, mamba.heads, mamba.state_dim, mamba.head_dim};
  const Integer keys = shape.key_heads * shape.key_dim;
  const Integer values = shape.value_heads * shape.value_dim;
  const ConvolutionShape convolution{mamba.kernel, mamba.convolution_bias};
  const ValueId gate = build.project(x, values, WeightRole::recurrence_gate);
  const ValueId v = convolved(build, "values", x, values, kValues, convolution);
  const ValueId k = convolved(build, "keys", x, keys, kKeys, convolution);
  const ValueId q = convolved(build, "queries", x, keys, kQueries, convolution);
  const ValueId step = lower_step(build, x, mamba.heads);
  const ValueId decay = lower_decay(build, step, mamba.heads);
  const ValueId stepped = build.gate_rows("values times step", step, v, std::nullopt);
  const CacheId state =
      build.fixed_state("recurrence state", shape.state_elements(), StateFormat::f32);
  ValueId mixed = build.make_like(v, "recurrence", [&](ValueId out) {
    return Recurrence{shape, state, q, k, stepped, decay, out};
  });
  const ValueId skipped = build.scale_columns(v, WeightRole::recurrence_skip, mamba.heads);
  mixed = build.add("add the skip", mixed, skipped);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  mixed = build.normalize_parts(mixed, mamba.norm_epsilon, WeightRole::recurrence_norm,
                                mamba.norm_groups);
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

}  // namespace llmarch
