// What most decoders call their tensors, and the weights that several families keep in one tensor.
#pragma once

#include <algorithm>
#include <array>

#include "kernels/weights/tensor_name.h"

namespace llmarch::tensor_names {

using Role = WeightRole;

// The rows of several lists. Where two have a row for one role, that of the earlier list counts.
template <std::size_t... kSizes>
constexpr auto joined(const std::array<TensorName, kSizes>&... lists) {
  std::array<TensorName, (kSizes + ...)> rows{};
  auto next = rows.begin();
  ((next = std::copy(lists.begin(), lists.end(), next)), ...);
  return rows;
}

inline constexpr std::array kQueryKeyValue{Role::query, Role::key, Role::value};
inline constexpr std::array kLatentAndRopeKey{Role::latent_down, Role::rope_key};
inline constexpr std::array kKeyAndValueUp{Role::key_up, Role::value_up};
inline constexpr std::array kExpertGateAndUp{Role::expert_gate, Role::expert_up};
inline constexpr std::array kGateAndUp{Role::gate, Role::up};
inline constexpr Fused kFusedQueryKeyValue{FusedBy::whole, kQueryKeyValue};
inline constexpr Fused kQueryKeyValueByHead{FusedBy::kv_head, kQueryKeyValue};
inline constexpr Fused kFusedGateAndUp{FusedBy::whole, kGateAndUp};
inline constexpr Fused kFusedLatent{FusedBy::whole, kLatentAndRopeKey};
inline constexpr Fused kFusedLatentUp{FusedBy::latent_head, kKeyAndValueUp};
inline constexpr Fused kFusedExperts{FusedBy::whole, kExpertGateAndUp};

// What most decoders call their tensors, as Llama first did.
inline constexpr std::array kDecoder{
    TensorName{Role::token_embedding, "embed_tokens.weight"},
    TensorName{Role::final_norm, "norm.weight"},
    TensorName{Role::head, "/lm_head.weight"},
    TensorName{Role::attention_norm, "input_layernorm.weight"},
    TensorName{Role::query, "self_attn.q_proj.weight"},
    TensorName{Role::key, "self_attn.k_proj.weight"},
    TensorName{Role::value, "self_attn.v_proj.weight"},
    TensorName{Role::query_norm, "self_attn.q_norm.weight"},
    TensorName{Role::key_norm, "self_attn.k_norm.weight"},
    TensorName{Role::attention_output, "self_attn.o_proj.weight"},
    TensorName{Role::query_down, "self_attn.q_a_proj.weight"},
    TensorName{Role::query_latent_norm, "self_attn.q_a_layernorm.weight"},
    TensorName{Role::query_up, "self_attn.q_b_proj.weight"},
    TensorName{Role::latent_down, "self_attn.kv_a_proj_with_mqa.weight", &kFusedLatent},
    TensorName{Role::rope_key, "self_attn.kv_a_proj_with_mqa.weight", &kFusedLatent},
    TensorName{Role::latent_norm, "self_attn.kv_a_layernorm.weight"},
    TensorName{Role::key_up, "self_attn.kv_b_proj.weight", &kFusedLatentUp},
    TensorName{Role::value_up, "self_attn.kv_b_proj.weight", &kFusedLatentUp},
    TensorName{Role::index_query, "self_attn.indexer.wq_b.weight"},
    TensorName{Role::index_key, "self_attn.indexer.wk.weight"},
    TensorName{Role::index_key_norm, "self_attn.indexer.k_norm.weight"},
    TensorName{Role::index_weights, "self_attn.indexer.weights_proj.weight"},
    TensorName{Role::post_attention_norm, "post_attention_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "post_attention_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_feedforward_layernorm.weight"},
    TensorName{Role::gate, "mlp.gate_proj.weight"},
    TensorName{Role::up, "mlp.up_proj.weight"},
    TensorName{Role::down, "mlp.down_proj.weight"},
    TensorName{Role::router, "mlp.gate.weight"},
    TensorName{Role::router_correction_bias, "mlp.gate.e_score_correction_bias"},
    TensorName{Role::expert_gate, "mlp.experts.*.gate_proj.weight"},
    TensorName{Role::expert_up, "mlp.experts.*.up_proj.weight"},
    TensorName{Role::expert_down, "mlp.experts.*.down_proj.weight"},
    TensorName{Role::shared_gate, "mlp.shared_experts.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_experts.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_experts.down_proj.weight"},
};

}  // namespace llmarch::tensor_names
