// The tensor names of mixtures of experts: what each family calls differently from most decoders.
#pragma once

#include "kernels/weights/decoder_names.h"

namespace llmarch::tensor_names {

inline constexpr std::array kMixtral{
    TensorName{Role::router, "block_sparse_moe.gate.weight"},
    TensorName{Role::router_correction_bias, "block_sparse_moe.e_score_correction_bias"},
    TensorName{Role::expert_gate, "block_sparse_moe.experts.*.w1.weight"},
    TensorName{Role::expert_up, "block_sparse_moe.experts.*.w3.weight"},
    TensorName{Role::expert_down, "block_sparse_moe.experts.*.w2.weight"},
};

// Shared experts beside those.
inline constexpr std::array kBlockSparseShared{
    TensorName{Role::shared_gate, "block_sparse_moe.shared_experts.gate_proj.weight"},
    TensorName{Role::shared_up, "block_sparse_moe.shared_experts.up_proj.weight"},
    TensorName{Role::shared_down, "block_sparse_moe.shared_experts.down_proj.weight"},
};

inline constexpr std::array kBlockIndex{
    TensorName{Role::index_query, "self_attn.index_q_proj.weight"},
    TensorName{Role::index_query_norm, "self_attn.index_q_norm.weight"},
    TensorName{Role::index_key, "self_attn.index_k_proj.weight"},
    TensorName{Role::index_key_norm, "self_attn.index_k_norm.weight"},
};

inline constexpr auto kMiniMaxM3 = joined(kBlockIndex, kMixtral, kBlockSparseShared);

inline constexpr std::array kErnieMoe{
    TensorName{Role::router_correction_bias, "mlp.moe_statics.e_score_correction_bias", nullptr,
               StoredLayout::one_row},
};

inline constexpr std::array kHyV3{
    TensorName{Role::router, "mlp.router.gate.weight"},
    TensorName{Role::router_correction_bias, "mlp.expert_bias"},
    TensorName{Role::shared_gate, "mlp.shared_mlp.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_mlp.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_mlp.down_proj.weight"},
};

inline constexpr std::array kGraniteMoe{
    TensorName{Role::router, "block_sparse_moe.router.layer.weight"},
    TensorName{Role::expert_gate, "block_sparse_moe.input_linear.weight", &kFusedExperts},
    TensorName{Role::expert_up, "block_sparse_moe.input_linear.weight", &kFusedExperts},
    TensorName{Role::expert_down, "block_sparse_moe.output_linear.weight"},
};

inline constexpr std::array kHunyuanMoe{
    TensorName{Role::query_norm, "self_attn.query_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.key_layernorm.weight"},
    TensorName{Role::router, "mlp.gate.wg.weight"},
    TensorName{Role::shared_gate, "mlp.shared_mlp.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_mlp.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_mlp.down_proj.weight"},
};

inline constexpr std::array kBailing{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::query, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::key, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::value, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::query_norm, "attention.query_layernorm.weight"},
    TensorName{Role::key_norm, "attention.key_layernorm.weight"},
    TensorName{Role::attention_output, "attention.dense.weight"},
    TensorName{Role::router_correction_bias, "mlp.gate.expert_bias"},
};

inline constexpr std::array kExpertGateAndUpBias{Role::expert_gate_bias, Role::expert_up_bias};
inline constexpr Fused kExpertsByRow{FusedBy::row, kExpertGateAndUp};
inline constexpr Fused kExpertBiasesByRow{FusedBy::row, kExpertGateAndUpBias};

inline constexpr std::array kGptOss{
    TensorName{Role::attention_sinks, "self_attn.sinks"},
    TensorName{Role::router, "mlp.router.weight"},
    TensorName{Role::expert_gate, "mlp.experts.gate_up_proj", &kExpertsByRow,
               StoredLayout::transposed},
    TensorName{Role::expert_up, "mlp.experts.gate_up_proj", &kExpertsByRow,
               StoredLayout::transposed},
    TensorName{Role::expert_gate_bias, "mlp.experts.gate_up_proj_bias", &kExpertBiasesByRow},
    TensorName{Role::expert_up_bias, "mlp.experts.gate_up_proj_bias", &kExpertBiasesByRow},
    TensorName{Role::expert_down, "mlp.experts.down_proj", nullptr, StoredLayout::transposed},
    TensorName{Role::expert_down_bias, "mlp.experts.down_proj_bias"},
};

inline constexpr std::array kQwen2Moe{
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
    TensorName{Role::shared_gate_vector, "mlp.shared_expert_gate.weight"},
};

inline constexpr std::array kLlama4{
    TensorName{Role::gate, "feed_forward.gate_proj.weight"},
    TensorName{Role::up, "feed_forward.up_proj.weight"},
    TensorName{Role::down, "feed_forward.down_proj.weight"},
    TensorName{Role::router, "feed_forward.router.weight"},
    TensorName{Role::expert_gate, "feed_forward.experts.gate_up_proj", &kFusedExperts,
               StoredLayout::transposed},
    TensorName{Role::expert_up, "feed_forward.experts.gate_up_proj", &kFusedExperts,
               StoredLayout::transposed},
    TensorName{Role::expert_down, "feed_forward.experts.down_proj", nullptr,
               StoredLayout::transposed},
    TensorName{Role::shared_gate, "feed_forward.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "feed_forward.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "feed_forward.shared_expert.down_proj.weight"},
};

inline constexpr std::array kExaoneMoe{
    TensorName{Role::router_correction_bias, "mlp.e_score_correction_bias"},
};

inline constexpr std::array kAfmoe{
    TensorName{Role::attention_gate, "self_attn.gate_proj.weight"},
    TensorName{Role::feed_forward_norm, "pre_mlp_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_mlp_layernorm.weight"},
    TensorName{Role::router, "mlp.router.gate.weight"},
    TensorName{Role::router_correction_bias, "mlp.expert_bias"},
};

inline constexpr std::array kLaguna{
    TensorName{Role::attention_gate, "self_attn.g_proj.weight"},
    TensorName{Role::router_correction_bias, "mlp.experts.e_score_correction_bias"},
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
};

inline constexpr std::array kMimo{
    TensorName{Role::attention_sinks, "self_attn.attention_sink_bias"},
};

// The experts of a layer are stacked.
inline constexpr std::array kStep3p5{
    TensorName{Role::attention_gate, "self_attn.g_proj.weight"},
    TensorName{Role::router, "moe.gate.weight"},
    TensorName{Role::router_correction_bias, "moe.router_bias"},
    TensorName{Role::expert_gate, "moe.gate_proj.weight"},
    TensorName{Role::expert_up, "moe.up_proj.weight"},
    TensorName{Role::expert_down, "moe.down_proj.weight"},
    TensorName{Role::shared_gate, "share_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "share_expert.up_proj.weight"},
    TensorName{Role::shared_down, "share_expert.down_proj.weight"},
};

// Two attentions and two dense feed-forwards in each layer, numbered, and one mixture.
inline constexpr std::array kLongcatFlash{
    TensorName{Role::attention_norm, "input_layernorm.#.weight"},
    TensorName{Role::feed_forward_norm, "post_attention_layernorm.#.weight"},
    TensorName{Role::query, "self_attn.#.q_proj.weight"},
    TensorName{Role::query_down, "self_attn.#.q_a_proj.weight"},
    TensorName{Role::query_latent_norm, "self_attn.#.q_a_layernorm.weight"},
    TensorName{Role::query_up, "self_attn.#.q_b_proj.weight"},
    TensorName{Role::latent_down, "self_attn.#.kv_a_proj_with_mqa.weight", &kFusedLatent},
    TensorName{Role::rope_key, "self_attn.#.kv_a_proj_with_mqa.weight", &kFusedLatent},
    TensorName{Role::latent_norm, "self_attn.#.kv_a_layernorm.weight"},
    TensorName{Role::key_up, "self_attn.#.kv_b_proj.weight", &kFusedLatentUp},
    TensorName{Role::value_up, "self_attn.#.kv_b_proj.weight", &kFusedLatentUp},
    TensorName{Role::attention_output, "self_attn.#.o_proj.weight"},
    TensorName{Role::gate, "mlps.#.gate_proj.weight"},
    TensorName{Role::up, "mlps.#.up_proj.weight"},
    TensorName{Role::down, "mlps.#.down_proj.weight"},
    TensorName{Role::router, "mlp.router.classifier.weight"},
    TensorName{Role::router_correction_bias, "mlp.router.e_score_correction_bias"},
};

}  // namespace llmarch::tensor_names
