// The tensor names of dense families, and of those with a mixture in some of their models: what
// each calls differently from most decoders.
#pragma once

#include "kernels/weights/decoder_names.h"

namespace llmarch::tensor_names {

inline constexpr std::array kPhi3{
    TensorName{Role::query, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::key, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::value, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::gate, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::up, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
};

inline constexpr std::array kGlm{
    TensorName{Role::gate, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::up, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::post_attention_norm, "post_self_attn_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_mlp_layernorm.weight"},
};

inline constexpr std::array kStarcoder2{
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

// Heads whose norms are tensors of their own.
inline constexpr std::array kStableLm{
    TensorName{Role::query_norm, "self_attn.q_layernorm.norms.*.weight"},
    TensorName{Role::key_norm, "self_attn.k_layernorm.norms.*.weight"},
};

inline constexpr std::array kPhi{
    TensorName{Role::final_norm, "final_layernorm.weight"},
    TensorName{Role::query_norm, "self_attn.q_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.k_layernorm.weight"},
    TensorName{Role::attention_output, "self_attn.dense.weight"},
    TensorName{Role::up, "mlp.fc1.weight"},
    TensorName{Role::down, "mlp.fc2.weight"},
};

inline constexpr std::array kHunyuan{
    TensorName{Role::query_norm, "self_attn.query_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.key_layernorm.weight"},
};

inline constexpr std::array kGemma2{
    TensorName{Role::feed_forward_norm, "pre_feedforward_layernorm.weight"},
};

inline constexpr std::array kGemma3n{
    TensorName{Role::feed_forward_norm, "pre_feedforward_layernorm.weight"},
    TensorName{Role::per_layer_embedding, "embed_tokens_per_layer.weight"},
    TensorName{Role::per_layer_projection, "per_layer_model_projection.weight"},
    TensorName{Role::per_layer_projection_norm, "per_layer_projection_norm.weight"},
    TensorName{Role::stream_expansion, "altup_projections.*.weight"},
    TensorName{Role::stream_merger, "altup_unembed_projections.*.weight"},
    TensorName{Role::per_layer_input_scale, "altup.correct_output_scale"},
    TensorName{Role::per_layer_gate, "per_layer_input_gate.weight"},
    TensorName{Role::per_layer_output, "per_layer_projection.weight"},
    TensorName{Role::per_layer_norm, "post_per_layer_input_norm.weight"},
    TensorName{Role::residual_down, "laurel.linear_left.weight"},
    TensorName{Role::residual_up, "laurel.linear_right.weight"},
    TensorName{Role::residual_norm, "laurel.post_laurel_norm.weight"},
    TensorName{Role::stream_router_norm, "altup.router_norm.weight"},
    TensorName{Role::stream_router, "altup.modality_router.weight"},
    TensorName{Role::stream_prediction, "altup.prediction_coefs.weight"},
    TensorName{Role::stream_correction, "altup.correction_coefs.weight"},
};

// Where a mixture stands beside the dense feed-forward, the two blocks have norms of their own
// within those of the sublayer.
inline constexpr std::array kGemma4{
    TensorName{Role::feed_forward_norm, "pre_feedforward_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "pre_feedforward_layernorm_2.weight", nullptr,
               StoredLayout::as_is, 1},
    TensorName{Role::post_feed_forward_norm, "post_feedforward_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_feedforward_layernorm_1.weight", nullptr,
               StoredLayout::as_is, 0},
    TensorName{Role::post_feed_forward_norm, "post_feedforward_layernorm_2.weight", nullptr,
               StoredLayout::as_is, 1},
    TensorName{Role::router, "router.proj.weight"},
    TensorName{Role::router_input_norm, "router.scale"},
    TensorName{Role::router_expert_scale, "router.per_expert_scale"},
    TensorName{Role::expert_gate, "experts.gate_up_proj", &kFusedExperts},
    TensorName{Role::expert_up, "experts.gate_up_proj", &kFusedExperts},
    TensorName{Role::expert_down, "experts.down_proj"},
    TensorName{Role::layer_scale, "layer_scalar"},
    TensorName{Role::per_layer_embedding, "embed_tokens_per_layer.weight"},
    TensorName{Role::per_layer_projection, "per_layer_model_projection.weight"},
    TensorName{Role::per_layer_projection_norm, "per_layer_projection_norm.weight"},
    TensorName{Role::per_layer_gate, "per_layer_input_gate.weight"},
    TensorName{Role::per_layer_output, "per_layer_projection.weight"},
    TensorName{Role::per_layer_norm, "post_per_layer_input_norm.weight"},
};

inline constexpr std::array kApertus{
    TensorName{Role::attention_norm, "attention_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "feedforward_layernorm.weight"},
    TensorName{Role::activation_positive, "mlp.act_fn.alpha_p"},
    TensorName{Role::activation_negative, "mlp.act_fn.alpha_n"},
};

inline constexpr std::array kGatesAndValues{
    Role::convolution_input_gate, Role::convolution_output_gate, Role::convolution_values};

inline constexpr Fused kFusedConvolution{FusedBy::whole, kGatesAndValues};

inline constexpr std::array kLfm2{
    TensorName{Role::final_norm, "embedding_norm.weight"},
    TensorName{Role::attention_norm, "operator_norm.weight"},
    TensorName{Role::query_norm, "self_attn.q_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.k_layernorm.weight"},
    TensorName{Role::attention_output, "self_attn.out_proj.weight"},
    TensorName{Role::convolution_input_gate, "conv.in_proj.weight", &kFusedConvolution},
    TensorName{Role::convolution_output_gate, "conv.in_proj.weight", &kFusedConvolution},
    TensorName{Role::convolution_values, "conv.in_proj.weight", &kFusedConvolution},
    TensorName{Role::convolution_taps, "conv.conv.weight", nullptr, StoredLayout::depthwise},
    TensorName{Role::convolution_output, "conv.out_proj.weight"},
    TensorName{Role::feed_forward_norm, "ffn_norm.weight"},
    TensorName{Role::gate, "feed_forward.w1.weight"},
    TensorName{Role::up, "feed_forward.w3.weight"},
    TensorName{Role::down, "feed_forward.w2.weight"},
    TensorName{Role::router, "feed_forward.gate.weight"},
    TensorName{Role::router_correction_bias, "feed_forward.expert_bias"},
    TensorName{Role::expert_gate, "feed_forward.experts.*.w1.weight"},
    TensorName{Role::expert_up, "feed_forward.experts.*.w3.weight"},
    TensorName{Role::expert_down, "feed_forward.experts.*.w2.weight"},
};

}  // namespace llmarch::tensor_names
