#include "kernels/weights/tensor_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace llmarch {
namespace {

// Beneath "model.layers.N."; the expert's number stands in the name of a routed expert.
std::string decoder_layer_name(WeightRole role, std::size_t expert) {
  switch (role) {
    case WeightRole::attention_norm: return "input_layernorm.weight";
    case WeightRole::attention_norm_bias: return "input_layernorm.bias";
    case WeightRole::query: return "self_attn.q_proj.weight";
    case WeightRole::query_bias: return "self_attn.q_proj.bias";
    case WeightRole::key: return "self_attn.k_proj.weight";
    case WeightRole::key_bias: return "self_attn.k_proj.bias";
    case WeightRole::value: return "self_attn.v_proj.weight";
    case WeightRole::value_bias: return "self_attn.v_proj.bias";
    case WeightRole::query_norm: return "self_attn.q_norm.weight";
    case WeightRole::key_norm: return "self_attn.k_norm.weight";
    case WeightRole::attention_output: return "self_attn.o_proj.weight";
    case WeightRole::attention_output_bias: return "self_attn.o_proj.bias";
    case WeightRole::query_down: return "self_attn.q_a_proj.weight";
    case WeightRole::query_down_bias: return "self_attn.q_a_proj.bias";
    case WeightRole::query_latent_norm: return "self_attn.q_a_layernorm.weight";
    case WeightRole::query_up: return "self_attn.q_b_proj.weight";
    case WeightRole::latent_down:
    case WeightRole::rope_key: return "self_attn.kv_a_proj_with_mqa.weight";
    case WeightRole::latent_down_bias:
    case WeightRole::rope_key_bias: return "self_attn.kv_a_proj_with_mqa.bias";
    case WeightRole::latent_norm: return "self_attn.kv_a_layernorm.weight";
    case WeightRole::key_up:
    case WeightRole::value_up: return "self_attn.kv_b_proj.weight";
    case WeightRole::post_attention_norm: return "post_attention_layernorm.weight";
    case WeightRole::post_attention_norm_bias: return "post_attention_layernorm.bias";
    case WeightRole::post_feed_forward_norm: return "post_feedforward_layernorm.weight";
    case WeightRole::post_feed_forward_norm_bias: return "post_feedforward_layernorm.bias";
    case WeightRole::feed_forward_norm: return "post_attention_layernorm.weight";
    case WeightRole::feed_forward_norm_bias: return "post_attention_layernorm.bias";
    case WeightRole::gate: return "mlp.gate_proj.weight";
    case WeightRole::gate_bias: return "mlp.gate_proj.bias";
    case WeightRole::up: return "mlp.up_proj.weight";
    case WeightRole::up_bias: return "mlp.up_proj.bias";
    case WeightRole::down: return "mlp.down_proj.weight";
    case WeightRole::down_bias: return "mlp.down_proj.bias";
    case WeightRole::router: return "mlp.gate.weight";
    case WeightRole::router_correction_bias: return "mlp.gate.e_score_correction_bias";
    case WeightRole::expert_gate: return fmt::format("mlp.experts.{}.gate_proj.weight", expert);
    case WeightRole::expert_up: return fmt::format("mlp.experts.{}.up_proj.weight", expert);
    case WeightRole::expert_down: return fmt::format("mlp.experts.{}.down_proj.weight", expert);
    case WeightRole::shared_gate: return "mlp.shared_experts.gate_proj.weight";
    case WeightRole::shared_up: return "mlp.shared_experts.up_proj.weight";
    case WeightRole::shared_down: return "mlp.shared_experts.down_proj.weight";
    case WeightRole::shared_gate_vector: return "mlp.shared_expert_gate.weight";
    case WeightRole::per_layer_input_scale: return "altup.correct_output_scale";
    case WeightRole::per_layer_gate: return "per_layer_input_gate.weight";
    case WeightRole::per_layer_output: return "per_layer_projection.weight";
    case WeightRole::per_layer_norm: return "post_per_layer_input_norm.weight";
    case WeightRole::residual_down: return "laurel.linear_left.weight";
    case WeightRole::residual_up: return "laurel.linear_right.weight";
    case WeightRole::residual_norm: return "laurel.post_laurel_norm.weight";
    case WeightRole::stream_router_norm: return "altup.router_norm.weight";
    case WeightRole::stream_router: return "altup.modality_router.weight";
    case WeightRole::stream_prediction: return "altup.prediction_coefs.weight";
    case WeightRole::stream_correction: return "altup.correction_coefs.weight";
    case WeightRole::token_embedding:
    case WeightRole::position_embedding:
    case WeightRole::per_layer_embedding:
    case WeightRole::per_layer_projection:
    case WeightRole::per_layer_projection_norm:
    case WeightRole::stream_expansion:
    case WeightRole::stream_merger:
    case WeightRole::final_norm:
    case WeightRole::final_norm_bias:
    case WeightRole::head: break;
  }
  throw std::logic_error("decoder_layer_name: not a weight of a layer");
}

// What a family calls otherwise than most decoders do; empty where it does not.
std::string_view own_layer_name(CheckpointNaming naming, WeightRole role) {
  const bool gemma = naming == CheckpointNaming::gemma || naming == CheckpointNaming::gemma3n;
  if (gemma && role == WeightRole::feed_forward_norm) {
    return "pre_feedforward_layernorm.weight";
  }
  if (naming == CheckpointNaming::qwen2_moe) {
    if (role == WeightRole::shared_gate) return "mlp.shared_expert.gate_proj.weight";
    if (role == WeightRole::shared_up) return "mlp.shared_expert.up_proj.weight";
    if (role == WeightRole::shared_down) return "mlp.shared_expert.down_proj.weight";
  }
  if (naming != CheckpointNaming::llama4) return {};
  switch (role) {
    case WeightRole::gate: return "feed_forward.gate_proj.weight";
    case WeightRole::up: return "feed_forward.up_proj.weight";
    case WeightRole::down: return "feed_forward.down_proj.weight";
    case WeightRole::router: return "feed_forward.router.weight";
    case WeightRole::expert_gate:
    case WeightRole::expert_up: return "feed_forward.experts.gate_up_proj";
    case WeightRole::expert_down: return "feed_forward.experts.down_proj";
    case WeightRole::shared_gate: return "feed_forward.shared_expert.gate_proj.weight";
    case WeightRole::shared_up: return "feed_forward.shared_expert.up_proj.weight";
    case WeightRole::shared_down: return "feed_forward.shared_expert.down_proj.weight";
    default: return {};  // called as elsewhere
  }
}

// Empty for a weight of a layer. Streams are numbered as copies are.
std::string name_outside_layers(WeightRole role, std::size_t copy) {
  switch (role) {
    case WeightRole::token_embedding: return "model.embed_tokens.weight";
    case WeightRole::per_layer_embedding: return "model.embed_tokens_per_layer.weight";
    case WeightRole::per_layer_projection: return "model.per_layer_model_projection.weight";
    case WeightRole::per_layer_projection_norm: return "model.per_layer_projection_norm.weight";
    case WeightRole::stream_expansion:
      return fmt::format("model.altup_projections.{}.weight", copy);
    case WeightRole::stream_merger:
      return fmt::format("model.altup_unembed_projections.{}.weight", copy);
    case WeightRole::final_norm: return "model.norm.weight";
    case WeightRole::head: return "lm_head.weight";
    default: return {};
  }
}

std::string decoder_name(CheckpointNaming naming, WeightRole role, std::size_t layer,
                         std::size_t expert) {
  if (auto outside = name_outside_layers(role, expert); !outside.empty()) return outside;
  const std::string_view own = own_layer_name(naming, role);
  return fmt::format("model.layers.{}.{}", layer,
                     own.empty() ? decoder_layer_name(role, expert) : std::string(own));
}

// Beneath "h.N."; empty for a weight that no layer of gpt2 has.
std::string_view gpt2_layer_name(WeightRole role) {
  switch (role) {
    case WeightRole::attention_norm: return "ln_1.weight";
    case WeightRole::attention_norm_bias: return "ln_1.bias";
    case WeightRole::query:
    case WeightRole::key:
    case WeightRole::value: return "attn.c_attn.weight";
    case WeightRole::query_bias:
    case WeightRole::key_bias:
    case WeightRole::value_bias: return "attn.c_attn.bias";
    case WeightRole::attention_output: return "attn.c_proj.weight";
    case WeightRole::attention_output_bias: return "attn.c_proj.bias";
    case WeightRole::feed_forward_norm: return "ln_2.weight";
    case WeightRole::feed_forward_norm_bias: return "ln_2.bias";
    case WeightRole::up: return "mlp.c_fc.weight";
    case WeightRole::up_bias: return "mlp.c_fc.bias";
    case WeightRole::down: return "mlp.c_proj.weight";
    case WeightRole::down_bias: return "mlp.c_proj.bias";
    default: return {};  // gpt2 is one architecture: what it lacks needs no name
  }
}

std::string gpt2_name(WeightRole role, std::size_t layer) {
  if (role == WeightRole::token_embedding) return "wte.weight";
  if (role == WeightRole::position_embedding) return "wpe.weight";
  if (role == WeightRole::final_norm) return "ln_f.weight";
  if (role == WeightRole::final_norm_bias) return "ln_f.bias";
  if (role == WeightRole::head) return "lm_head.weight";
  const std::string_view name = gpt2_layer_name(role);
  if (name.empty()) {
    throw std::logic_error(fmt::format("gpt2_name: gpt2 has no {}", name_of(role)));
  }
  return fmt::format("h.{}.{}", layer, name);
}

// The whole tensor.
TensorSource whole(std::string name, Integer rows) {
  return {.name = std::move(name), .stored_rows = rows, .length = rows, .stride = rows};
}

const LatentShape* latent_shape(const Block& block) {
  for (const Node& node : block.nodes) {
    if (const auto* absorb = std::get_if<AbsorbQuery>(&node.op)) return &absorb->shape;
  }
  return nullptr;
}

// kv_a_proj_with_mqa holds the latent's rows and then the rotary key's; kv_b_proj, head by head,
// the key's rows and then the value's.
TensorSource latent_source(const OpGraph& graph, const Weight& weight, TensorSource source) {
  const LatentShape* shape = latent_shape(graph.blocks.at(weight.block));
  if (shape == nullptr) return source;
  const Integer both = shape->latent_dim + shape->rope_dim;
  const Integer head = shape->nope_dim + shape->value_dim;
  const auto part = [&](Integer stored, Integer length, Integer stride, Integer offset) {
    source.stored_rows = stored;
    source.length = length;
    source.stride = stride;
    source.offset = offset;
    return source;
  };
  switch (weight.role) {
    case WeightRole::latent_down:
    case WeightRole::latent_down_bias: return part(both, shape->latent_dim, both, 0);
    case WeightRole::rope_key:
    case WeightRole::rope_key_bias: return part(both, shape->rope_dim, both, shape->latent_dim);
    case WeightRole::key_up: return part(shape->heads * head, shape->nope_dim, head, 0);
    case WeightRole::value_up:
      return part(shape->heads * head, shape->value_dim, head, shape->nope_dim);
    default: return source;  // every other weight is a tensor of its own
  }
}

// All experts are one tensor, (experts, in, out); gate and up stand side by side in it.
TensorSource llama4_expert_source(const Weight& weight, std::size_t copy, TensorSource source) {
  source.layout = StoredLayout::transposed;
  source.copies = weight.copies;
  source.copy = static_cast<std::int64_t>(copy);
  if (weight.role == WeightRole::expert_down) return source;
  source.stored_rows = 2 * weight.rows;
  source.stride = 2 * weight.rows;
  source.offset = weight.role == WeightRole::expert_up ? weight.rows : Integer(0);
  return source;
}

TensorSource decoder_source(const OpGraph& graph, const Weight& weight, CheckpointNaming naming,
                            Integer rows, std::size_t layer, std::size_t copy) {
  TensorSource source = whole(decoder_name(naming, weight.role, layer, copy), rows);
  if (naming == CheckpointNaming::gemma && kind_of(weight.role) == WeightKind::norm) {
    source.added = 1;
  }
  const bool expert = component_of(weight.role) == Component::experts;
  if (naming == CheckpointNaming::llama4 && expert) {
    return llama4_expert_source(weight, copy, std::move(source));
  }
  return latent_source(graph, weight, std::move(source));
}

// c_attn holds query, key and value side by side; Conv1D stores matrices transposed.
TensorSource gpt2_source(const Weight& weight, Integer rows, std::size_t layer) {
  TensorSource source = whole(gpt2_name(weight.role, layer), rows);
  if (kind_of(weight.role) == WeightKind::matrix && weight.role != WeightRole::head) {
    source.layout = StoredLayout::transposed;
  }
  const auto third = [&](std::int64_t index) {
    source.stored_rows = 3 * rows;
    source.stride = 3 * rows;
    source.offset = index * rows;
  };
  if (weight.role == WeightRole::query || weight.role == WeightRole::query_bias) third(0);
  if (weight.role == WeightRole::key || weight.role == WeightRole::key_bias) third(1);
  if (weight.role == WeightRole::value || weight.role == WeightRole::value_bias) third(2);
  return source;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

TensorSource tensor_source(const OpGraph& graph, const Weight& weight, CheckpointNaming naming,
                           std::size_t layer, std::size_t copy) {
  const Integer rows = is_vector(weight.role) ? weight.columns : weight.rows;
  switch (naming) {
    case CheckpointNaming::gpt2: return gpt2_source(weight, rows, layer);
    case CheckpointNaming::decoder:
    case CheckpointNaming::gemma:
    case CheckpointNaming::gemma3n:
    case CheckpointNaming::qwen2_moe:
    case CheckpointNaming::llama4: return decoder_source(graph, weight, naming, rows, layer, copy);
  }
  throw std::logic_error("tensor_source: a naming outside the enumeration");
}

bool is_no_parameter(std::string_view tensor, CheckpointNaming naming, Head head) {
  if (head == Head::tied && tensor == "lm_head.weight") return true;
  switch (naming) {
    case CheckpointNaming::gpt2: return ends_with_any(tensor, {".attn.bias", ".attn.masked_bias"});
    case CheckpointNaming::decoder:
    case CheckpointNaming::gemma3n:
      // Layers that read another's cache have these all the same, and a scale that is switched off
      // stays; a layer that uses them has been asked for them.
      return ends_with_any(
          tensor, {".rotary_emb.inv_freq", ".self_attn.k_proj.weight", ".self_attn.v_proj.weight",
                   ".self_attn.k_norm.weight", ".self_attn.k_proj.bias", ".self_attn.v_proj.bias",
                   ".altup.correct_output_scale"});
    case CheckpointNaming::gemma:
    case CheckpointNaming::qwen2_moe:
    case CheckpointNaming::llama4: return ends_with_any(tensor, {".rotary_emb.inv_freq"});
  }
  throw std::logic_error("is_no_parameter: a naming outside the enumeration");
}

}  // namespace llmarch
