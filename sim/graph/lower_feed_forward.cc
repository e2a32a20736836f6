#include <cmath>

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
    if (dense.xielu) return build.activate_xielu(up, *dense.xielu);
    return build.activate(sparsify(build, up, dense), dense.activation);
  }
  ValueId gate = project(WeightRole::gate, WeightRole::gate_bias);
  gate = multiplied(build, "multiply the gate", gate, dense.gate_multiplier);
  const ValueId up = project(WeightRole::up, WeightRole::up_bias);
  return build.gate("gated activation", sparsify(build, gate, dense), up,
                    {dense.activation, dense.gate_limit, dense.up_offset, dense.situ});
}

// What the router reads: the experts' input, or the sublayer's input through a norm of its own.
ValueId lower_router_input(GraphBuilder& build, const ArchSpec& spec, const BlockInput& input,
                           const Router& router) {
  if (!router.own_input) return input.given;
  const ValueId normalized =
      build.normalize_groups(input.stream, spec.norm.epsilon, WeightRole::router_input_norm, 1);
  return build.in(Component::router, WorkKind::router)
      .scale("scale the router's input", normalized, 1 / std::sqrt(spec.hidden.as_double()));
}

ValueId activated_shared(GraphBuilder& build, ValueId x, const MixtureFeedForward& mixture) {
  const Integer width = *mixture.shared_width;
  if (mixture.ungated) {
    return build.activate(build.project(x, width, WeightRole::shared_up), mixture.activation);
  }
  const ValueId gate = build.project(x, width, WeightRole::shared_gate);
  const ValueId up = build.project(x, width, WeightRole::shared_up);
  return build.gate("gated activation", gate, up, gate_form_of(mixture, mixture.shared_gate_limit));
}

// The routed experts, between the projections into their latent and out of it where there is one.
ValueId lower_routed_experts(GraphBuilder& build, const ArchSpec& spec, ValueId x, ValueId choice,
                             const MixtureFeedForward& mixture) {
  build.in(Component::experts, WorkKind::experts);
  if (!mixture.latent_width) return build.run_experts(x, choice, mixture);
  const ValueId latent = build.project(x, *mixture.latent_width, WeightRole::expert_latent_down);
  ValueId routed = build.run_experts(latent, choice, mixture);
  if (mixture.latent_norm) {
    routed = build.normalize_groups(routed, spec.norm.epsilon, WeightRole::expert_latent_norm, 1);
  }
  return build.project(routed, spec.hidden, WeightRole::expert_latent_up);
}

// The experts that every token runs, as one feed-forward.
ValueId lower_shared_experts(GraphBuilder& build, const ArchSpec& spec, ValueId x,
                             const MixtureFeedForward& mixture) {
  build.in(Component::shared_experts, WorkKind::feed_forward);
  const ValueId inner = activated_shared(build, x, mixture);
  const ValueId shared = build.project(inner, spec.hidden, WeightRole::shared_down);
  if (!mixture.shared_gate) return shared;
  const ValueId own = build.project(x, 1, WeightRole::shared_gate_vector);
  return build.gate_rows("gate shared experts", own, shared, Activation::sigmoid);
}

}  // namespace

ValueId lower_feed_forward(GraphBuilder& build, const ArchSpec& spec, const BlockInput& input,
                           const DenseFeedForward& dense) {
  return build.project(activated(build, input.given, dense), spec.hidden, WeightRole::down,
                       bias_if(dense.bias, WeightRole::down_bias));
}

// Routed experts, and shared ones that every token runs (DeepSeekMoE, arXiv 2401.06066).
ValueId lower_feed_forward(GraphBuilder& build, const ArchSpec& spec, const BlockInput& input,
                           const MixtureFeedForward& mixture) {
  const ValueId read = lower_router_input(build, spec, input, mixture.router);
  const ValueId choice = build.in(Component::router, WorkKind::router).route(read, mixture);
  const ValueId routed = lower_routed_experts(build, spec, input.given, choice, mixture);
  if (!mixture.shared_width) return routed;
  const ValueId shared = lower_shared_experts(build, spec, input.given, mixture);
  build.in(Component::shared_experts, WorkKind::residual);
  const ValueId sum = build.add("add shared experts", routed, shared);
  if (!mixture.sum_multiplier) return sum;
  return build.scale("multiply the sum of experts", sum, *mixture.sum_multiplier);
}

}  // namespace llmarch
