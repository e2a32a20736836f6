#include "sim/graph/lower_parts.h"
#include "sim/graph/normal_quantile.h"

namespace llmarch {
namespace {

ValueId sparsify(GraphBuilder& build, ValueId x, const DenseFeedForward& dense) {
  if (!dense.activation_sparsity) return x;
  return build.sparsify(x, normal_quantile(static_cast<float>(*dense.activation_sparsity)));
}

// act(gate(x)) * up(x) (SwiGLU, arXiv 2002.05202), or act(up(x)).
ValueId activated(GraphBuilder& build, ValueId x, const DenseFeedForward& dense) {
  build.in(Component::feed_forward, WorkKind::feed_forward);
  const auto project = [&](WeightRole role, WeightRole bias) {
    return build.project(x, dense.width, role, bias_if(dense.bias, bias));
  };
  if (!dense.gated) {
    const ValueId up = project(WeightRole::up, WeightRole::up_bias);
    return build.activate(sparsify(build, up, dense), dense.activation);
  }
  const ValueId gate = project(WeightRole::gate, WeightRole::gate_bias);
  const ValueId up = project(WeightRole::up, WeightRole::up_bias);
  return build.gate(sparsify(build, gate, dense), up, dense.activation);
}

}  // namespace

ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const DenseFeedForward& dense) {
  return build.project(activated(build, x, dense), hidden, WeightRole::down,
                       bias_if(dense.bias, WeightRole::down_bias));
}

// Routed experts, and shared ones that every token runs (DeepSeekMoE, arXiv 2401.06066).
ValueId lower_feed_forward(GraphBuilder& build, ValueId x, Integer hidden,
                           const MixtureFeedForward& mixture) {
  const ValueId choice = build.in(Component::router, WorkKind::router).route(x, mixture);
  const ValueId routed =
      build.in(Component::experts, WorkKind::experts).run_experts(x, choice, mixture);
  if (!mixture.shared_width) return routed;
  build.in(Component::shared_experts, WorkKind::feed_forward);
  const ValueId gate = build.project(x, *mixture.shared_width, WeightRole::shared_gate);
  const ValueId up = build.project(x, *mixture.shared_width, WeightRole::shared_up);
  const ValueId inner = build.gate(gate, up, mixture.activation);
  ValueId shared = build.project(inner, hidden, WeightRole::shared_down);
  if (mixture.shared_gate) {
    const ValueId own = build.project(x, 1, WeightRole::shared_gate_vector);
    shared = build.gate_rows("gate shared experts", own, shared);
  }
  build.in(Component::shared_experts, WorkKind::residual);
  const ValueId sum = build.add("add shared experts", routed, shared);
  return mixture.shared_average ? build.scale("average with shared experts", sum, 0.5) : sum;
}

}  // namespace llmarch
