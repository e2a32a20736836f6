// Decoders of 2025 and 2026, and the text models of those that also see. The sizes that each class
// fills, and what it does with each field, are those of its configuration_*.py and modeling_*.py in
// transformers; Bailing's, and Hunyuan's before it was part of transformers, those of the makers'
// own files.
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_latent.h"
#include "sim/huggingface/hf_mixture.h"

namespace llmarch {
namespace {

constexpr Flag kWithBias{"attention_bias"};

// --- Mistral.

constexpr RotaryClass kMinistralRotary{
    .theta = 1000000,
    .growth = RotaryClass::Growth::by_position,
    .filled_yarn = YarnScaling{16, 16384, 32, 1, 1.0, 1.0, std::nullopt}};
constexpr RotaryClass kMistral4Rotary{
    .theta = 10000,
    .growth = RotaryClass::Growth::by_position,
    .filled_yarn = YarnScaling{128, 8192, 32, 1, 1.0, 1.0, std::nullopt}};
constexpr LatentClass kMistral4Latent{32, 1024, 256, 64, 64, 128, LatentClass::HeadDim::whole};
constexpr MixtureClass kMistral4{
    .experts = {"n_routed_experts", 128},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 4},
    .expert_width = {"moe_intermediate_size", 2048},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = mistral4_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 0};

// --- GLM-4.7 Flash.

constexpr LatentClass kGlm4MoeLiteLatent{20, 768, 512, 192, 64, 256};
constexpr MixtureClass kGlm4MoeLite{
    .experts = {"n_routed_experts", 64},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 4},
    .expert_width = {"moe_intermediate_size", 1536},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = glm4_moe_lite_router,
    .layers = SparseLayers::by_mlp_types};

// --- Latent attention over keys that an index chooses. The index of GLM-5 rotates neighbours, as
// its attention does, that of DeepSeek-V3.2 halves.

constexpr MixtureClass indexed_mixture(Router (*router)(ConfigReader&)) {
  return {.experts = {"n_routed_experts", 256},
          .experts_too = "num_local_experts",
          .experts_per_token = {"num_experts_per_tok", 8},
          .expert_width = {"moe_intermediate_size", 2048},
          .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
          .router = router,
          .layers = SparseLayers::by_mlp_types_or_after,
          .first_dense = 3};
}
constexpr MixtureClass kDeepSeekV32 = indexed_mixture(deepseek_v32_router);
constexpr MixtureClass kGlmMoeDsa = indexed_mixture(glm_moe_dsa_router);
constexpr LatentClass kDeepSeekV32Latent{
    128, 1536, 512, 128, 64, 128, LatentClass::HeadDim::overwritten};
constexpr LatentClass kGlmMoeDsaLatent{
    64, 2048, 512, 192, 64, 256, LatentClass::HeadDim::overwritten};
constexpr IndexClass kDeepSeekV32Index{64, 128, 2048};
constexpr IndexClass kGlmMoeDsaIndex{32, 128, 2048, RotaryLayout::interleaved,
                                     IndexClass::Layers::shared};
constexpr std::string_view kIndexedInert[]{"mlp_bias", "head_dim"};
constexpr std::string_view kGlmMoeDsaInert[]{"mlp_bias", "head_dim", "moe_router_dtype",
                                             "index_share_for_mtp_iteration"};

// --- Ling and Ring (Bailing).

constexpr MixtureClass kBailing{.experts = {"num_experts", 256},
                                .experts_per_token = {"num_experts_per_tok", 8},
                                .expert_width = {"moe_intermediate_size", 512},
                                .shared = {.as = SharedClass::Stated::count,
                                           .field = {"num_shared_experts", 1},
                                           .width_again = "moe_shared_expert_intermediate_size"},
                                .router = bailing_router,
                                .layers = SparseLayers::after_the_first,
                                .first_dense = 1};
constexpr std::array kBailingFixed{
    FixedField{"use_rmsnorm", "true"}, FixedField{"norm_head", "false"},
    FixedField{"norm_softmax", "false"}, FixedField{"use_sliding_window", "false"}};
constexpr std::array<std::string_view, 7> kBailingInert{
    "output_dropout", "router_dtype",    "max_window_layers", "mtp_loss_scaling_factor",
    "sliding_window", "moe_shared_bias", "rotary_type"};

// --- Hunyuan.

constexpr RotaryClass kHunyuanRotary{.alpha = RotaryClass::Alpha::stretches_theta};
constexpr MixtureClass kHunyuan{
    .experts_per_token = {"moe_topk"},
    .expert_width = {"intermediate_size", 11008},
    .shared = {.as = SharedClass::Stated::flag, .field = {"use_mixed_mlp_moe"}},
    .router = only_normalized_softmax_router,
    .stated = MixtureClass::Stated::for_each_layer,
    .width_again = "moe_intermediate_size",
    .shared_again = "num_shared_expert"};
constexpr std::array kHunyuanFixed{FixedField{"use_qk_norm", "true"},
                                   FixedField{"use_cla", "false"},
                                   FixedField{"use_mla", "false"},
                                   FixedField{"mlp_bias", "false"},
                                   FixedField{"moe_layer_num_skipped", "0"},
                                   FixedField{"group_limited_greedy", "false"},
                                   FixedField{"norm_type", "\"rms\""},
                                   FixedField{"routed_scaling_factor", "1.0"},
                                   FixedField{"use_rotary_pos_emb", "true"},
                                   FixedField{"position_embedding_xdrope", "false"},
                                   FixedField{"add_classification_head", "false"}};
constexpr auto kHunyuanInert = std::to_array<std::string_view>({"eod_token_id",
                                                                "moe_drop_tokens",
                                                                "moe_random_routing_dropped_token",
                                                                "capacity_factor",
                                                                "sliding_window",
                                                                "cla_share_factor",
                                                                "class_num",
                                                                "dense_list",
                                                                "eod_id",
                                                                "im_start_id",
                                                                "im_end_id",
                                                                "im_newline_id",
                                                                "text_start_id",
                                                                "text_end_id",
                                                                "image_token_id",
                                                                "video_start_id",
                                                                "video_end_id",
                                                                "mask_init_id",
                                                                "num_media_embeds",
                                                                "org_vocab_size",
                                                                "pad_id",
                                                                "bod_id",
                                                                "pool_type",
                                                                "skip_cls_token",
                                                                "xdrope_section",
                                                                "anyres_pooling_size",
                                                                "anyres_vit_max_image_size",
                                                                "anyres_vit_two_views",
                                                                "vit_add_patchemb_bias",
                                                                "vit_input_resolution",
                                                                "vit_mapping_type",
                                                                "vit_norm_type",
                                                                "vit_patch",
                                                                "vit_path",
                                                                "vit_remove_prenorm",
                                                                "vit_token",
                                                                "vit_type",
                                                                "vit_used_rms_norm",
                                                                "kv_lora_rank",
                                                                "q_lora_rank",
                                                                "qk_nope_head_dim",
                                                                "qk_rope_head_dim",
                                                                "v_head_dim",
                                                                "n_group",
                                                                "topk_group"});

constexpr Decoder hunyuan_mixture(std::string_view type) {
  return {.type = type,
          .naming = CheckpointNaming::hunyuan_moe,
          .sizes = {290943, 4096, 0, 32, 32, 0, 2048, 1e-5},
          .qkv_bias = kWithBias,
          .head_dim_again = "attention_head_dim",
          .qk_norm = QkNorm::per_head_after_rotation,
          .rotary = kHunyuanRotary,
          .mixture = &kHunyuan,
          .fixed = kHunyuanFixed,
          .inert = kHunyuanInert};
}

// --- Phi-3.5-MoE: the experts of a sparsemixer.

constexpr MixtureClass kPhiMoe{.experts = {"num_local_experts", 16},
                               .experts_too = "num_experts",
                               .experts_per_token = {"num_experts_per_tok", 2},
                               .expert_width = {"intermediate_size", 6400},
                               .router = phimoe_router};
constexpr std::array<std::string_view, 3> kPhiMoeInert{"input_jitter_noise", "expert_dropout",
                                                       "original_max_position_embeddings"};

// --- The text models of Qwen-VL. Sections of the rotary frequencies are for pictures.

constexpr RotaryClass sections(double theta) {
  return {.theta = theta, .sections = RotaryClass::Sections::of_one_position};
}
constexpr std::array<std::string_view, 2> kVlInert{"vision_end_token_id", "vision_token_id"};

constexpr Decoder qwen2_vl_text(std::string_view type) {
  return {.type = type,
          .naming = CheckpointNaming::decoder,
          .sizes = {152064, 8192, 29568, 80, 64, 8, 32768, 1e-5},
          .null_kv_heads = NullKvHeads::query_heads,
          .qkv_bias = kAlways,
          .output_bias = kNever,
          .window = {.layers = Windows::from_a_layer_on, .absent = 4096, .first = 80},
          .rotary = sections(1000000),
          .inert = kVlInert};
}

constexpr MixtureClass kQwen3VlMoe{.experts = {"num_experts", 60},
                                   .experts_too = "num_local_experts",
                                   .experts_per_token = {"num_experts_per_tok", 4},
                                   .expert_width = {"moe_intermediate_size", 1408},
                                   .router = only_normalized_softmax_router,
                                   .layers = SparseLayers::by_step};

// --- The text models of GLM-V: GLM-4's block, and GLM-4.5's without norms of queries and keys.

constexpr RotaryClass half_in_sections() {
  RotaryClass rotary = sections(10000);
  rotary.partial = 0.5;
  return rotary;
}
constexpr RotaryClass interleaved_half_in_sections() {
  RotaryClass rotary = half_in_sections();
  rotary.layout = RotaryLayout::interleaved;
  return rotary;
}
constexpr MixtureClass kGlm4vMoe{
    .experts = {"n_routed_experts", 128},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1408},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = glm4_moe_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 1};
constexpr std::array kGlm4vMoeFixed{FixedField{"use_qk_norm", "false"}};

// --- Youtu: DeepSeek-V3's attention before a dense feed-forward.

constexpr LatentClass kYoutuLatent{16, 1536, 512, 128, 64, 128, LatentClass::HeadDim::overwritten};
constexpr std::string_view kYoutuInert[]{"embedding_initializer_range", "mlp_bias"};

// Without layer_types, every layer of Ministral has the window.
constexpr std::int64_t kNoPeriod = kMostLayers + 1;

constexpr std::array kLaterDecoders{
    Decoder{.type = "youtu",
            .naming = std::nullopt,
            .sizes = {128256, 2048, 6144, 32, 16, 0, 131072, 1e-6},
            .tied = Flag::Absent::on,
            .attention = Decoder::Attention::latent,
            .latent = &kYoutuLatent,
            .inert = kYoutuInert},
    Decoder{.type = "ministral",
            .sizes = {32000, 4096, 14336, 32, 32, 8, 131072, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .window = {Windows::by_period, 4096, kNoPeriod}},

    Decoder{.type = "glm4v_text",
            .naming = std::nullopt,
            .sizes = {151552, 4096, 13696, 40, 32, 2, 32768, 1e-5},
            .null_kv_heads = NullKvHeads::query_heads,
            .norm = {.placement = NormPlacement::before_and_after},
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .output_bias = kNever,
            .rotary = interleaved_half_in_sections()},
    Decoder{.type = "glm4v_moe_text",
            .naming = std::nullopt,
            .sizes = {151424, 4096, 10944, 46, 96, 8, 65536, 1e-5},
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .output_bias = kNever,
            .rotary = half_in_sections(),
            .mixture = &kGlm4vMoe,
            .fixed = kGlm4vMoeFixed},
    Decoder{.type = "ministral3",
            .sizes = {131072, 4096, 14336, 34, 32, 8, 262144, 1e-5},
            .null_kv_heads = NullKvHeads::query_heads,
            .head_dim = 128,
            .window = {Windows::every_layer},
            .rotary = kMinistralRotary},
    Decoder{.type = "mistral4",
            .sizes = {131072, 4096, 12288, 36, 32, 0, 1048576, 1e-6},
            .attention = Decoder::Attention::latent,
            .rotary = kMistral4Rotary,
            .latent = &kMistral4Latent,
            .mixture = &kMistral4},
    Decoder{.type = "glm4_moe_lite",
            .sizes = {154880, 2048, 10240, 47, 20, 0, 202752, 1e-5},
            .attention = Decoder::Attention::latent,
            .latent = &kGlm4MoeLiteLatent,
            .mixture = &kGlm4MoeLite},
    Decoder{.type = "deepseek_v32",
            .sizes = {129280, 7168, 18432, 61, 128, 0, 163840, 1e-6},
            .attention = Decoder::Attention::latent,
            .latent = &kDeepSeekV32Latent,
            .index = &kDeepSeekV32Index,
            .mixture = &kDeepSeekV32,
            .inert = kIndexedInert},
    Decoder{.type = "glm_moe_dsa",
            .sizes = {154880, 6144, 12288, 78, 64, 0, 202752, 1e-5},
            .attention = Decoder::Attention::latent,
            .latent = &kGlmMoeDsaLatent,
            .index = &kGlmMoeDsaIndex,
            .mixture = &kGlmMoeDsa,
            .inert = kGlmMoeDsaInert},
    Decoder{.type = "bailing_moe_v2",
            .naming = CheckpointNaming::bailing,
            .sizes = {157184, 2048, 5120, 20, 16, 4, 32768, 1e-6},
            .qkv_bias = {"use_qkv_bias"},
            .output_bias = Flag{"use_bias"},
            .head_dim = 128,
            .qk_norm = QkNorm::per_head,
            .has_qk_norm = {"use_qk_norm", Flag::Absent::on},
            .rotary = {.theta = 600000, .partial = 1},
            .mixture = &kBailing,
            .fixed = kBailingFixed,
            .inert = kBailingInert},
    Decoder{.type = "hunyuan_v1_dense",
            .naming = CheckpointNaming::hunyuan,
            .sizes = {290943, 4096, 11008, 32, 32, 0, 2048, 1e-5},
            .qkv_bias = kWithBias,
            .head_dim_again = "attention_head_dim",
            .qk_norm = QkNorm::per_head_after_rotation,
            .rotary = kHunyuanRotary,
            .fixed = kHunyuanFixed,
            .inert = kHunyuanInert},
    hunyuan_mixture("hunyuan_v1_moe"),
    hunyuan_mixture("hunyuan"),
    Decoder{.type = "phimoe",
            .naming = CheckpointNaming::mixtral,
            .sizes = {32064, 4096, 0, 32, 32, 8, 131072, 1e-5},
            .null_kv_heads = NullKvHeads::query_heads,
            .norm = {NormKind::layer},
            .qkv_bias = kWithBias,
            .window = {Windows::every_layer},
            .rotary = {.theta = 1000000, .table_factors = RotaryClass::TableFactors::stated},
            .mixture = &kPhiMoe,
            .head_bias = {"lm_head_bias"},
            .inert = kPhiMoeInert},
    qwen2_vl_text("qwen2_vl"),
    qwen2_vl_text("qwen2_vl_text"),
    qwen2_vl_text("qwen2_5_vl"),
    qwen2_vl_text("qwen2_5_vl_text"),
    Decoder{.type = "qwen3_vl_text",
            .sizes = {151936, 4096, 22016, 32, 32, 32, 128000, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = kWithBias,
            .head_dim = 128,
            .qk_norm = QkNorm::per_head,
            .rotary = sections(500000),
            .inert = kVlInert},
    Decoder{.type = "qwen3_vl_moe_text",
            .sizes = {151936, 2048, 5632, 24, 16, 16, 128000, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = kWithBias,
            .qk_norm = QkNorm::per_head,
            .rotary = sections(500000),
            .mixture = &kQwen3VlMoe,
            .inert = kVlInert}};

}  // namespace

std::span<const Decoder> later_decoders() {
  return kLaterDecoders;
}

}  // namespace llmarch
