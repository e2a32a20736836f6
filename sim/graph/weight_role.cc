#include "sim/graph/weight_role.h"

#include <stdexcept>

namespace llmarch {

WeightKind kind_of(WeightRole role) {
  switch (role) {
    case WeightRole::token_embedding:
    case WeightRole::per_layer_embedding:
    case WeightRole::position_embedding: return WeightKind::table;
    case WeightRole::attention_norm:
    case WeightRole::post_attention_norm:
    case WeightRole::post_feed_forward_norm:
    case WeightRole::query_norm:
    case WeightRole::key_norm:
    case WeightRole::query_latent_norm:
    case WeightRole::latent_norm:
    case WeightRole::feed_forward_norm:
    case WeightRole::per_layer_projection_norm:
    case WeightRole::per_layer_input_scale:
    case WeightRole::per_layer_norm:
    case WeightRole::residual_norm:
    case WeightRole::stream_router_norm:
    case WeightRole::final_norm: return WeightKind::norm;
    case WeightRole::attention_norm_bias:
    case WeightRole::post_attention_norm_bias:
    case WeightRole::post_feed_forward_norm_bias:
    case WeightRole::query_bias:
    case WeightRole::key_bias:
    case WeightRole::value_bias:
    case WeightRole::attention_output_bias:
    case WeightRole::query_down_bias:
    case WeightRole::latent_down_bias:
    case WeightRole::rope_key_bias:
    case WeightRole::feed_forward_norm_bias:
    case WeightRole::gate_bias:
    case WeightRole::up_bias:
    case WeightRole::down_bias:
    case WeightRole::router_correction_bias:
    case WeightRole::final_norm_bias: return WeightKind::bias;
    case WeightRole::query:
    case WeightRole::key:
    case WeightRole::value:
    case WeightRole::attention_output:
    case WeightRole::query_down:
    case WeightRole::query_up:
    case WeightRole::latent_down:
    case WeightRole::rope_key:
    case WeightRole::key_up:
    case WeightRole::value_up:
    case WeightRole::gate:
    case WeightRole::up:
    case WeightRole::down:
    case WeightRole::router:
    case WeightRole::expert_gate:
    case WeightRole::expert_up:
    case WeightRole::expert_down:
    case WeightRole::shared_gate:
    case WeightRole::shared_up:
    case WeightRole::shared_down:
    case WeightRole::shared_gate_vector:
    case WeightRole::per_layer_projection:
    case WeightRole::per_layer_gate:
    case WeightRole::per_layer_output:
    case WeightRole::residual_down:
    case WeightRole::residual_up:
    case WeightRole::stream_expansion:
    case WeightRole::stream_merger:
    case WeightRole::stream_router:
    case WeightRole::stream_prediction:
    case WeightRole::stream_correction:
    case WeightRole::head: return WeightKind::matrix;
  }
  throw std::logic_error("kind_of: a weight role outside the enumeration");
}

bool is_vector(WeightRole role) {
  const WeightKind kind = kind_of(role);
  return kind == WeightKind::norm || kind == WeightKind::bias;
}

Component component_of(WeightRole role) {
  switch (role) {
    case WeightRole::token_embedding: return Component::token_embedding;
    case WeightRole::position_embedding: return Component::position_embedding;
    case WeightRole::query:
    case WeightRole::query_bias:
    case WeightRole::key:
    case WeightRole::key_bias:
    case WeightRole::value:
    case WeightRole::value_bias:
    case WeightRole::attention_output:
    case WeightRole::attention_output_bias:
    case WeightRole::query_down:
    case WeightRole::query_down_bias:
    case WeightRole::query_up:
    case WeightRole::latent_down:
    case WeightRole::latent_down_bias:
    case WeightRole::rope_key:
    case WeightRole::rope_key_bias:
    case WeightRole::key_up:
    case WeightRole::value_up: return Component::attention;
    case WeightRole::attention_norm:
    case WeightRole::attention_norm_bias:
    case WeightRole::post_attention_norm:
    case WeightRole::post_attention_norm_bias:
    case WeightRole::post_feed_forward_norm:
    case WeightRole::post_feed_forward_norm_bias:
    case WeightRole::query_norm:
    case WeightRole::key_norm:
    case WeightRole::query_latent_norm:
    case WeightRole::latent_norm:
    case WeightRole::feed_forward_norm:
    case WeightRole::feed_forward_norm_bias:
    case WeightRole::final_norm:
    case WeightRole::per_layer_projection_norm:
    case WeightRole::per_layer_norm:
    case WeightRole::residual_norm:
    case WeightRole::stream_router_norm:
    case WeightRole::final_norm_bias: return Component::norms;
    case WeightRole::gate:
    case WeightRole::gate_bias:
    case WeightRole::up:
    case WeightRole::up_bias:
    case WeightRole::down:
    case WeightRole::down_bias: return Component::feed_forward;
    case WeightRole::router:
    case WeightRole::router_correction_bias: return Component::router;
    case WeightRole::expert_gate:
    case WeightRole::expert_up:
    case WeightRole::expert_down: return Component::experts;
    case WeightRole::shared_gate:
    case WeightRole::shared_up:
    case WeightRole::shared_down:
    case WeightRole::shared_gate_vector: return Component::shared_experts;
    case WeightRole::head: return Component::head;
    case WeightRole::per_layer_embedding: return Component::per_layer_embedding;
    case WeightRole::per_layer_projection:
    case WeightRole::per_layer_input_scale:
    case WeightRole::per_layer_gate:
    case WeightRole::per_layer_output: return Component::per_layer_inputs;
    case WeightRole::residual_down:
    case WeightRole::residual_up: return Component::low_rank_residual;
    case WeightRole::stream_expansion:
    case WeightRole::stream_merger:
    case WeightRole::stream_router:
    case WeightRole::stream_prediction:
    case WeightRole::stream_correction: return Component::parallel_streams;
  }
  throw std::logic_error("component_of: a weight role outside the enumeration");
}

std::string_view name_of(WeightRole role) {
  switch (role) {
    case WeightRole::token_embedding: return "token embedding";
    case WeightRole::position_embedding: return "position embedding";
    case WeightRole::attention_norm: return "attention norm";
    case WeightRole::attention_norm_bias: return "attention norm bias";
    case WeightRole::post_attention_norm: return "norm after attention";
    case WeightRole::post_attention_norm_bias: return "bias of norm after attention";
    case WeightRole::query: return "query projection";
    case WeightRole::query_bias: return "query bias";
    case WeightRole::key: return "key projection";
    case WeightRole::key_bias: return "key bias";
    case WeightRole::value: return "value projection";
    case WeightRole::value_bias: return "value bias";
    case WeightRole::query_norm: return "query norm";
    case WeightRole::key_norm: return "key norm";
    case WeightRole::attention_output: return "attention output";
    case WeightRole::attention_output_bias: return "attention output bias";
    case WeightRole::query_down: return "query compression";
    case WeightRole::query_down_bias: return "query compression bias";
    case WeightRole::query_latent_norm: return "query latent norm";
    case WeightRole::query_up: return "query expansion";
    case WeightRole::latent_down: return "latent compression";
    case WeightRole::latent_down_bias: return "latent compression bias";
    case WeightRole::rope_key: return "rotary key projection";
    case WeightRole::rope_key_bias: return "rotary key bias";
    case WeightRole::latent_norm: return "latent norm";
    case WeightRole::key_up: return "key expansion";
    case WeightRole::value_up: return "value expansion";
    case WeightRole::feed_forward_norm: return "feed-forward norm";
    case WeightRole::feed_forward_norm_bias: return "feed-forward norm bias";
    case WeightRole::post_feed_forward_norm: return "norm after feed-forward";
    case WeightRole::post_feed_forward_norm_bias: return "bias of norm after feed-forward";
    case WeightRole::gate: return "gate projection";
    case WeightRole::gate_bias: return "gate bias";
    case WeightRole::up: return "up projection";
    case WeightRole::up_bias: return "up bias";
    case WeightRole::down: return "down projection";
    case WeightRole::down_bias: return "down bias";
    case WeightRole::router: return "router";
    case WeightRole::router_correction_bias: return "router correction bias";
    case WeightRole::expert_gate: return "expert gate";
    case WeightRole::expert_up: return "expert up";
    case WeightRole::expert_down: return "expert down";
    case WeightRole::shared_gate: return "shared expert gate";
    case WeightRole::shared_up: return "shared expert up";
    case WeightRole::shared_down: return "shared expert down";
    case WeightRole::shared_gate_vector: return "shared experts' gate";
    case WeightRole::final_norm: return "final norm";
    case WeightRole::final_norm_bias: return "final norm bias";
    case WeightRole::head: return "head";
    case WeightRole::per_layer_embedding: return "per-layer embedding";
    case WeightRole::per_layer_projection: return "per-layer projection";
    case WeightRole::per_layer_projection_norm: return "per-layer projection norm";
    case WeightRole::per_layer_input_scale: return "per-layer input scale";
    case WeightRole::per_layer_gate: return "per-layer gate";
    case WeightRole::per_layer_output: return "per-layer output";
    case WeightRole::per_layer_norm: return "norm after per-layer output";
    case WeightRole::residual_down: return "low-rank residual, down";
    case WeightRole::residual_up: return "low-rank residual, up";
    case WeightRole::residual_norm: return "low-rank residual norm";
    case WeightRole::stream_expansion: return "stream expansion";
    case WeightRole::stream_merger: return "stream merger";
    case WeightRole::stream_router_norm: return "stream router norm";
    case WeightRole::stream_router: return "stream router";
    case WeightRole::stream_prediction: return "stream prediction";
    case WeightRole::stream_correction: return "stream correction";
  }
  throw std::logic_error("name_of: a weight role outside the enumeration");
}

std::string_view name_of(Component component) {
  switch (component) {
    case Component::token_embedding: return "token embedding";
    case Component::position_embedding: return "position embedding";
    case Component::attention: return "attention";
    case Component::feed_forward: return "feed-forward";
    case Component::router: return "router";
    case Component::experts: return "experts";
    case Component::shared_experts: return "shared experts";
    case Component::norms: return "norms";
    case Component::head: return "head";
    case Component::per_layer_embedding: return "per-layer embedding";
    case Component::per_layer_inputs: return "per-layer inputs";
    case Component::low_rank_residual: return "low-rank residual";
    case Component::parallel_streams: return "parallel streams";
  }
  throw std::logic_error("name_of: a component outside the enumeration");
}

}  // namespace llmarch
