#include "kernels/weights/naming.h"

#include <array>

#include "sim/enumerators.h"

namespace llmarch {
namespace {

using Role = WeightRole;

constexpr std::array kQueryKeyValue{Role::query, Role::key, Role::value};
constexpr std::array kLatentAndRopeKey{Role::latent_down, Role::rope_key};
constexpr std::array kKeyAndValueUp{Role::key_up, Role::value_up};
constexpr std::array kExpertGateAndUp{Role::expert_gate, Role::expert_up};

constexpr std::array kGateAndUp{Role::gate, Role::up};
constexpr std::array kGatesAndValues{Role::convolution_input_gate, Role::convolution_output_gate,
                                     Role::convolution_values};

constexpr Fused kFusedQueryKeyValue{FusedBy::whole, kQueryKeyValue};
constexpr Fused kQueryKeyValueByHead{FusedBy::kv_head, kQueryKeyValue};
constexpr Fused kFusedGateAndUp{FusedBy::whole, kGateAndUp};
constexpr Fused kFusedConvolution{FusedBy::whole, kGatesAndValues};
constexpr Fused kFusedLatent{FusedBy::whole, kLatentAndRopeKey};
constexpr Fused kFusedLatentUp{FusedBy::latent_head, kKeyAndValueUp};
constexpr Fused kFusedExperts{FusedBy::whole, kExpertGateAndUp};

// What most decoders call their tensors, as Llama first did.
constexpr std::array kDecoder{
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

constexpr std::array kGpt2{
    TensorName{Role::token_embedding, "wte.weight"},
    TensorName{Role::position_embedding, "wpe.weight"},
    TensorName{Role::final_norm, "ln_f.weight"},
    TensorName{Role::head, "/lm_head.weight"},
    TensorName{Role::attention_norm, "ln_1.weight"},
    TensorName{Role::query, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::key, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::value, "attn.c_attn.weight", &kFusedQueryKeyValue, StoredLayout::transposed},
    TensorName{Role::attention_output, "attn.c_proj.weight", nullptr, StoredLayout::transposed},
    TensorName{Role::feed_forward_norm, "ln_2.weight"},
    TensorName{Role::up, "mlp.c_fc.weight", nullptr, StoredLayout::transposed},
    TensorName{Role::down, "mlp.c_proj.weight", nullptr, StoredLayout::transposed},
};

// StarCoder: GPT-2's names, and matrices that are not transposed.
constexpr std::array kGptBigcode{
    TensorName{Role::query, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "attn.c_attn.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "attn.c_proj.weight"},
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

constexpr std::array kMixtral{
    TensorName{Role::router, "block_sparse_moe.gate.weight"},
    TensorName{Role::router_correction_bias, "block_sparse_moe.e_score_correction_bias"},
    TensorName{Role::expert_gate, "block_sparse_moe.experts.*.w1.weight"},
    TensorName{Role::expert_up, "block_sparse_moe.experts.*.w3.weight"},
    TensorName{Role::expert_down, "block_sparse_moe.experts.*.w2.weight"},
};

constexpr std::array kPhi3{
    TensorName{Role::query, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::key, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::value, "self_attn.qkv_proj.weight", &kFusedQueryKeyValue},
    TensorName{Role::gate, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::up, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
};

constexpr std::array kGlm{
    TensorName{Role::gate, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::up, "mlp.gate_up_proj.weight", &kFusedGateAndUp},
    TensorName{Role::post_attention_norm, "post_self_attn_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_mlp_layernorm.weight"},
};

constexpr std::array kStarcoder2{
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

constexpr std::array kErnieMoe{
    TensorName{Role::router_correction_bias, "mlp.moe_statics.e_score_correction_bias", nullptr,
               StoredLayout::one_row},
};

constexpr std::array kHyV3{
    TensorName{Role::router, "mlp.router.gate.weight"},
    TensorName{Role::router_correction_bias, "mlp.expert_bias"},
    TensorName{Role::shared_gate, "mlp.shared_mlp.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_mlp.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_mlp.down_proj.weight"},
};

constexpr std::array kLfm2{
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

// Heads whose norms are tensors of their own.
constexpr std::array kStableLm{
    TensorName{Role::query_norm, "self_attn.q_layernorm.norms.*.weight"},
    TensorName{Role::key_norm, "self_attn.k_layernorm.norms.*.weight"},
};

constexpr std::array kGraniteMoe{
    TensorName{Role::router, "block_sparse_moe.router.layer.weight"},
    TensorName{Role::expert_gate, "block_sparse_moe.input_linear.weight", &kFusedExperts},
    TensorName{Role::expert_up, "block_sparse_moe.input_linear.weight", &kFusedExperts},
    TensorName{Role::expert_down, "block_sparse_moe.output_linear.weight"},
};

constexpr std::array kPhi{
    TensorName{Role::final_norm, "final_layernorm.weight"},
    TensorName{Role::query_norm, "self_attn.q_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.k_layernorm.weight"},
    TensorName{Role::attention_output, "self_attn.dense.weight"},
    TensorName{Role::up, "mlp.fc1.weight"},
    TensorName{Role::down, "mlp.fc2.weight"},
};

constexpr std::array kGptNeoX{
    TensorName{Role::token_embedding, "embed_in.weight"},
    TensorName{Role::final_norm, "final_layer_norm.weight"},
    TensorName{Role::head, "/embed_out.weight"},
    TensorName{Role::query, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

constexpr std::array kGptJ{
    TensorName{Role::query, "attn.q_proj.weight"},
    TensorName{Role::key, "attn.k_proj.weight"},
    TensorName{Role::value, "attn.v_proj.weight"},
    TensorName{Role::attention_output, "attn.out_proj.weight"},
    TensorName{Role::up, "mlp.fc_in.weight"},
    TensorName{Role::down, "mlp.fc_out.weight"},
};

constexpr std::array kGptNeo{
    TensorName{Role::query, "attn.attention.q_proj.weight"},
    TensorName{Role::key, "attn.attention.k_proj.weight"},
    TensorName{Role::value, "attn.attention.v_proj.weight"},
    TensorName{Role::attention_output, "attn.attention.out_proj.weight"},
    TensorName{Role::up, "mlp.c_fc.weight"},
    TensorName{Role::down, "mlp.c_proj.weight"},
};

constexpr std::array kFalcon{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::attention_norm, "input_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "post_attention_layernorm.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

constexpr std::array kFalconTwoNorms{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::attention_norm, "ln_attn.weight"},
    TensorName{Role::feed_forward_norm, "ln_mlp.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

constexpr std::array kHunyuan{
    TensorName{Role::query_norm, "self_attn.query_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.key_layernorm.weight"},
};

constexpr std::array kHunyuanMoe{
    TensorName{Role::query_norm, "self_attn.query_layernorm.weight"},
    TensorName{Role::key_norm, "self_attn.key_layernorm.weight"},
    TensorName{Role::router, "mlp.gate.wg.weight"},
    TensorName{Role::shared_gate, "mlp.shared_mlp.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_mlp.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_mlp.down_proj.weight"},
};

constexpr std::array kBailing{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::query, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::key, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::value, "attention.query_key_value.weight", &kFusedQueryKeyValue},
    TensorName{Role::query_norm, "attention.query_layernorm.weight"},
    TensorName{Role::key_norm, "attention.key_layernorm.weight"},
    TensorName{Role::attention_output, "attention.dense.weight"},
    TensorName{Role::router_correction_bias, "mlp.gate.expert_bias"},
};

constexpr std::array kExpertGateAndUpBias{Role::expert_gate_bias, Role::expert_up_bias};
constexpr Fused kExpertsByRow{FusedBy::row, kExpertGateAndUp};
constexpr Fused kExpertBiasesByRow{FusedBy::row, kExpertGateAndUpBias};

constexpr std::array kGptOss{
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

constexpr std::array kGemma2{
    TensorName{Role::feed_forward_norm, "pre_feedforward_layernorm.weight"},
};

constexpr std::array kGemma3n{
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

constexpr std::array kQwen2Moe{
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
    TensorName{Role::shared_gate_vector, "mlp.shared_expert_gate.weight"},
};

constexpr std::array kLlama4{
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

constexpr std::array kApertus{
    TensorName{Role::attention_norm, "attention_layernorm.weight"},
    TensorName{Role::feed_forward_norm, "feedforward_layernorm.weight"},
    TensorName{Role::activation_positive, "mlp.act_fn.alpha_p"},
    TensorName{Role::activation_negative, "mlp.act_fn.alpha_n"},
};

constexpr std::array kExaoneMoe{
    TensorName{Role::router_correction_bias, "mlp.e_score_correction_bias"},
};

constexpr std::array kAfmoe{
    TensorName{Role::attention_gate, "self_attn.gate_proj.weight"},
    TensorName{Role::feed_forward_norm, "pre_mlp_layernorm.weight"},
    TensorName{Role::post_feed_forward_norm, "post_mlp_layernorm.weight"},
    TensorName{Role::router, "mlp.router.gate.weight"},
    TensorName{Role::router_correction_bias, "mlp.expert_bias"},
};

constexpr std::array kLaguna{
    TensorName{Role::attention_gate, "self_attn.g_proj.weight"},
    TensorName{Role::router_correction_bias, "mlp.experts.e_score_correction_bias"},
    TensorName{Role::shared_gate, "mlp.shared_expert.gate_proj.weight"},
    TensorName{Role::shared_up, "mlp.shared_expert.up_proj.weight"},
    TensorName{Role::shared_down, "mlp.shared_expert.down_proj.weight"},
};

constexpr std::array kMimo{
    TensorName{Role::attention_sinks, "self_attn.attention_sink_bias"},
};

// The experts of a layer are stacked.
constexpr std::array kStep3p5{
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

// Where a mixture stands beside the dense feed-forward, the two blocks have norms of their own
// within those of the sublayer.
constexpr std::array kGemma4{
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

constexpr std::array kOpt{
    TensorName{Role::position_embedding, "embed_positions.weight"},
    TensorName{Role::embedding_projection, "project_in.weight"},
    TensorName{Role::output_projection, "project_out.weight"},
    TensorName{Role::final_norm, "final_layer_norm.weight"},
    TensorName{Role::attention_norm, "self_attn_layer_norm.weight"},
    TensorName{Role::post_attention_norm, "self_attn_layer_norm.weight"},
    TensorName{Role::feed_forward_norm, "final_layer_norm.weight"},
    TensorName{Role::post_feed_forward_norm, "final_layer_norm.weight"},
    TensorName{Role::attention_output, "self_attn.out_proj.weight"},
    TensorName{Role::up, "fc1.weight"},
    TensorName{Role::down, "fc2.weight"},
};

constexpr std::array kBloom{
    TensorName{Role::token_embedding, "word_embeddings.weight"},
    TensorName{Role::embedding_norm, "word_embeddings_layernorm.weight"},
    TensorName{Role::final_norm, "ln_f.weight"},
    TensorName{Role::query, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::key, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::value, "self_attention.query_key_value.weight", &kQueryKeyValueByHead},
    TensorName{Role::attention_output, "self_attention.dense.weight"},
    TensorName{Role::up, "mlp.dense_h_to_4h.weight"},
    TensorName{Role::down, "mlp.dense_4h_to_h.weight"},
};

constexpr std::array<std::string_view, 1> kModelPrefix{"model."};
constexpr std::array<std::string_view, 2> kOptPrefixes{"model.decoder.", "decoder."};
// GPT-2's own repository has none; repositories made from it have one.
constexpr std::array<std::string_view, 2> kGpt2Prefixes{"", "transformer."};

constexpr std::array<std::string_view, 1> kNeoXPrefix{"gpt_neox."};
constexpr std::array<std::string_view, 2> kTransformerPrefixes{"transformer.", ""};

constexpr std::array<std::string_view, 1> kRotaryTables{".rotary_emb.inv_freq"};
constexpr std::array<std::string_view, 3> kNeoXMasks{".attention.rotary_emb.inv_freq",
                                                     ".attention.bias", ".attention.masked_bias"};
constexpr std::array<std::string_view, 3> kGptJMasks{".attn.bias", ".attn.masked_bias",
                                                     ".attn.embed_positions"};
constexpr std::array<std::string_view, 2> kGptNeoMasks{".attn.attention.bias",
                                                       ".attn.attention.masked_bias"};
constexpr std::array<std::string_view, 1> kFalconTables{".self_attention.rotary_emb.inv_freq"};
constexpr std::array<std::string_view, 2> kGpt2Masks{".attn.bias", ".attn.masked_bias"};
// The checkpoint has keys and values for layers that read another's cache, too. Those of the other
// layers are weights, and are found before this list is asked.
constexpr std::array<std::string_view, 6> kUnusedInGemma3n{
    ".rotary_emb.inv_freq",     ".self_attn.k_proj.weight", ".self_attn.v_proj.weight",
    ".self_attn.k_norm.weight", ".self_attn.k_proj.bias",   ".self_attn.v_proj.bias"};

// A family that calls its tensors as most decoders do, but for `own`.
constexpr Naming decoder(CheckpointNaming family, std::span<const TensorName> own) {
  return {family, kModelPrefix, "layers.", own, kDecoder, 0, kRotaryTables};
}

constexpr Naming falcon(CheckpointNaming family, std::span<const TensorName> own) {
  return {family, kTransformerPrefixes, "h.", own, kGpt2, 0, kFalconTables};
}

constexpr Naming gemma(Naming naming) {
  naming.added_to_norms = 1;
  return naming;
}

// What xIELU's library class keeps beside its two numbers.
constexpr std::array<std::string_view, 3> kConstantsOfApertus{
    ".rotary_emb.inv_freq", ".mlp.act_fn.beta", ".mlp.act_fn.eps"};

constexpr Naming apertus(Naming naming) {
  naming.not_parameters = kConstantsOfApertus;
  return naming;
}

constexpr Naming gemma3n(Naming naming) {
  naming.not_parameters = kUnusedInGemma3n;
  return naming;
}

constexpr std::array kNamings{
    Naming{CheckpointNaming::gpt2, kGpt2Prefixes, "h.", kGpt2, {}, 0, kGpt2Masks},
    Naming{CheckpointNaming::gpt_bigcode, kGpt2Prefixes, "h.", kGptBigcode, kGpt2, 0, kGpt2Masks},
    decoder(CheckpointNaming::decoder, {}),
    gemma(decoder(CheckpointNaming::gemma, {})),
    gemma(decoder(CheckpointNaming::gemma2, kGemma2)),
    gemma3n(decoder(CheckpointNaming::gemma3n, kGemma3n)),
    decoder(CheckpointNaming::qwen2_moe, kQwen2Moe),
    decoder(CheckpointNaming::llama4, kLlama4),
    decoder(CheckpointNaming::mixtral, kMixtral),
    decoder(CheckpointNaming::phi3, kPhi3),
    decoder(CheckpointNaming::glm, kGlm),
    decoder(CheckpointNaming::starcoder2, kStarcoder2),
    decoder(CheckpointNaming::ernie_moe, kErnieMoe),
    decoder(CheckpointNaming::hy_v3, kHyV3),
    decoder(CheckpointNaming::lfm2, kLfm2),
    decoder(CheckpointNaming::stablelm, kStableLm),
    decoder(CheckpointNaming::granite_moe, kGraniteMoe),
    decoder(CheckpointNaming::phi, kPhi),
    Naming{CheckpointNaming::gpt_neox, kNeoXPrefix, "layers.", kGptNeoX, kDecoder, 0, kNeoXMasks},
    Naming{CheckpointNaming::gptj, kTransformerPrefixes, "h.", kGptJ, kGpt2, 0, kGptJMasks},
    Naming{CheckpointNaming::gpt_neo, kTransformerPrefixes, "h.", kGptNeo, kGpt2, 0, kGptNeoMasks},
    falcon(CheckpointNaming::falcon, kFalcon),
    falcon(CheckpointNaming::falcon_two_norms, kFalconTwoNorms),
    decoder(CheckpointNaming::hunyuan, kHunyuan),
    decoder(CheckpointNaming::hunyuan_moe, kHunyuanMoe),
    decoder(CheckpointNaming::bailing, kBailing),
    decoder(CheckpointNaming::gpt_oss, kGptOss),
    gemma(decoder(CheckpointNaming::nemotron, {})),
    apertus(decoder(CheckpointNaming::apertus, kApertus)),
    decoder(CheckpointNaming::exaone_moe, kExaoneMoe),
    decoder(CheckpointNaming::afmoe, kAfmoe),
    decoder(CheckpointNaming::laguna, kLaguna),
    decoder(CheckpointNaming::mimo, kMimo),
    gemma(decoder(CheckpointNaming::step3p5, kStep3p5)),
    gemma3n(decoder(CheckpointNaming::gemma4, kGemma4)),
    Naming{CheckpointNaming::opt, kOptPrefixes, "layers.", kOpt, kDecoder, 0, {}},
    Naming{CheckpointNaming::bloom, kGpt2Prefixes, "h.", kBloom, kDecoder, 0, {}}};
static_assert(has_a_row_for_each(kNamings, &Naming::family), "every family has its row, in order");

}  // namespace

const Naming& naming_of(CheckpointNaming family) {
  return kNamings.at(static_cast<std::size_t>(family));
}

}  // namespace llmarch
