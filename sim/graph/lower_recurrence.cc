#include <cmath>

#include "sim/graph/lower_parts.h"

namespace llmarch {
namespace {

// Added to the square of a vector's length. transformers, modeling_qwen3_next.py: l2norm.
constexpr double kLengthEpsilon = 1e-6;

// A projection of the input through a convolution and SiLU.
ValueId convolved(GraphBuilder& build, const std::string& name, ValueId x, Integer columns,
                  WeightRole projection, WeightRole taps, Integer kernel) {
  const ValueId projected = build.project(x, columns, projection);
  const ValueId out =
      build.convolve("convolution of " + name, projected, taps, kernel, StateFormat::f32);
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

// How much of a state is kept, for each value head.
ValueId lower_decay(GraphBuilder& build, ValueId x, Integer heads) {
  const ValueId projected =
      build.project(x, heads, WeightRole::recurrence_decay, WeightRole::recurrence_decay_bias);
  const WeightId rate = build.weight(WeightRole::recurrence_decay_rate, 1, heads);
  return build.make_like(projected, "decay", [&](ValueId out) {
    return Decay{rate, projected, out};
  });
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
  ValueId q = convolved(build, "queries", x, keys, WeightRole::recurrence_query,
                        WeightRole::recurrence_query_taps, delta.kernel);
  ValueId k = convolved(build, "keys", x, keys, WeightRole::recurrence_key,
                        WeightRole::recurrence_key_taps, delta.kernel);
  const ValueId v = convolved(build, "values", x, values, WeightRole::recurrence_value,
                              WeightRole::recurrence_value_taps, delta.kernel);
  q = of_length_one(build, "queries", q, shape.key_heads);
  q = build.scale("scale queries", q, 1 / std::sqrt(shape.key_dim.as_double()));
  k = of_length_one(build, "keys", k, shape.key_heads);
  const ValueId strength = lower_strength(build, x, delta);
  const ValueId decay = lower_decay(build, x, shape.value_heads);
  const CacheId state =
      build.fixed_state("recurrence state", shape.state_elements(), StateFormat::f32);
  ValueId mixed = build.make_like(v, "delta rule", [&](ValueId out) {
    return DeltaRule{shape, state, q, k, v, strength, decay, out};
  });
  mixed = build.normalize_groups(mixed, delta.output_norm_epsilon, WeightRole::recurrence_norm,
                                 shape.value_heads);
  const ValueId gate = build.project(x, values, WeightRole::recurrence_gate);
  mixed = build.gate("gate the output", gate, mixed, {Activation::silu});
  return build.project(mixed, spec.hidden, WeightRole::recurrence_output);
}

}  // namespace llmarch
