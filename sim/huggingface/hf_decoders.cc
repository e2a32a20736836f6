#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"

namespace llmarch {
namespace {

using Form = FeedForwardClass::Form;

constexpr Flag kAttentionBias{"attention_bias"};
constexpr auto kTied = Flag::Absent::on;

constexpr std::array<std::string_view, 1> kUseBias{"use_bias"};
constexpr std::array<std::string_view, 1> kAttentionBiasOff{"attention_bias"};
constexpr std::array<std::string_view, 1> kWindowOff{"sliding_window"};
constexpr std::array<std::string_view, 3> kPhi3Off{"attention_bias", "mlp_bias", "lm_head_bias"};
constexpr std::array kPhi3Fixed{FixedField{"full_attn_mod", "1"},
                                FixedField{"interpolate_factor", "1"}};
constexpr std::array kQwen2Fixed{FixedField{"is_causal", "true"}};

constexpr std::array kMiniMaxFixed{
    FixedField{"use_qk_norm", "true"},           FixedField{"qk_norm_type", "\"per_layer\""},
    FixedField{"use_routing_bias", "true"},      FixedField{"scoring_func", "\"sigmoid\""},
    FixedField{"shared_intermediate_size", "0"}, FixedField{"attn_type_list", "1"}};
constexpr std::array kHyV3Fixed{FixedField{"qk_norm", "true"}, FixedField{"route_norm", "true"},
                                FixedField{"moe_router_use_sigmoid", "true"},
                                FixedField{"moe_router_enable_expert_bias", "true"}};
constexpr std::array kStarcoder2Fixed{FixedField{"norm_type", "\"layer_norm\""},
                                      FixedField{"mlp_type", "\"default\""}};
constexpr std::array kSolarFixed{FixedField{"first_k_dense_replace", "0"}};
constexpr std::array kErnieFixed{FixedField{"use_rmsnorm", "true"},
                                 FixedField{"compression_ratio", "1.0"}};
constexpr std::array kErnieMoeFixed{
    FixedField{"use_rmsnorm", "true"}, FixedField{"compression_ratio", "1.0"},
    FixedField{"moe_gate", "\"topk\""}, FixedField{"moe_use_aux_free", "true"}};

constexpr std::string_view kMixtralInert[]{"router_jitter_noise"};
constexpr std::string_view kMiniMaxInert[]{"router_jitter_noise", "use_mtp", "num_mtp_modules",
                                           "mtp_transformer_layers"};
constexpr std::string_view kHyV3Inert[]{"enable_moe_fp32_combine", "enable_attention_fp32_softmax",
                                        "enable_lm_head_fp32"};
constexpr std::string_view kDots1Inert[]{"scoring_func", "topk_method", "moe_layer_freq"};
constexpr std::string_view kErnieMoeInert[]{"moe_capacity", "moe_norm_min", "is_quantized"};
constexpr std::string_view kPhi3Inert[]{"original_max_position_embeddings"};
constexpr std::string_view kDeepSeekInert[]{"mlp_bias"};
constexpr std::array kDeepSeekFixed{FixedField{"use_mla", "true"}, FixedField{"lm_head", "true"},
                                    FixedField{"rm_head", "false"}};

// Every layer is a mixture, whose experts are as wide as intermediate_size says.
constexpr MixtureClass kMixtral{.experts = {"num_local_experts", 8},
                                .experts_too = "num_experts",
                                .experts_per_token = {"num_experts_per_tok", 2},
                                .expert_width = {"intermediate_size", 14336},
                                .router = normalized_softmax_router};
constexpr MixtureClass kMiniMaxM2{.experts = {"num_local_experts", 256},
                                  .experts_too = "num_experts",
                                  .experts_per_token = {"num_experts_per_tok", 8},
                                  .expert_width = {"intermediate_size", 1536},
                                  .router = corrected_sigmoid_router};
constexpr MixtureClass kOlmoe{.experts = {"num_experts", 64},
                              .experts_too = "num_local_experts",
                              .experts_per_token = {"num_experts_per_tok", 8},
                              .expert_width = {"intermediate_size", 2048},
                              .router = softmax_router};
constexpr MixtureClass kFlexOlmo{.experts = {"num_experts", 7},
                                 .experts_too = "num_local_experts",
                                 .experts_per_token = {"num_experts_per_tok", 5},
                                 .expert_width = {"intermediate_size", 11008},
                                 .router = softmax_router};
constexpr MixtureClass kErnieMoe{
    .experts = {"moe_num_experts", 64},
    .experts_too = "num_experts",
    .experts_per_token = {"moe_k", 6},
    .expert_width = {"moe_intermediate_size", 1536},
    .shared = {.as = SharedClass::Stated::count, .field = {"moe_num_shared_experts", 2}},
    .router = corrected_softmax_router,
    .layers = SparseLayers::by_interval};
constexpr MixtureClass kHyV3{
    .experts = {"num_experts", 192},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1536},
    .shared = {.as = SharedClass::Stated::count, .field = {"num_shared_experts", 1}},
    .router = hy_v3_router,
    .layers = SparseLayers::by_mlp_types};
constexpr MixtureClass kGlm4Moe{
    .experts = {"n_routed_experts", 128},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1408},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = glm4_moe_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 1};
constexpr MixtureClass kSolarOpen{
    .experts = {"n_routed_experts", 128},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1280},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = glm4_moe_router};
constexpr MixtureClass kDots1{
    .experts = {"n_routed_experts"},
    .experts_too = "num_local_experts",
    .expert_width = {"moe_intermediate_size", 1408},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts"}},
    .router = dots1_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 0};

constexpr MixtureClass kQwen3Moe{
    .experts_too = "num_local_experts", .router = softmax_router, .layers = SparseLayers::by_step};

// Shared experts beside the routed ones; their output is multiplied by a gate.
constexpr MixtureClass kQwen2Moe{.shared = {.as = SharedClass::Stated::width,
                                            .field = {"shared_expert_intermediate_size"},
                                            .gate = SharedClass::Gate::present},
                                 .router = softmax_router,
                                 .layers = SparseLayers::by_step};

constexpr MixtureClass deepseek_mixture(Router (*router)(ConfigReader&)) {
  return {.experts = {"n_routed_experts"},
          .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts"}},
          .router = router,
          .layers = SparseLayers::after_the_first,
          .frequency = "moe_layer_freq"};
}
constexpr MixtureClass kDeepSeekV2 = deepseek_mixture(deepseek_v2_router);
constexpr MixtureClass kDeepSeekV3 = deepseek_mixture(deepseek_v3_router);

constexpr Decoder deepseek(std::string_view type, const MixtureClass& mixture) {
  return {.type = type,
          .sizes = {.epsilon = 1e-6},
          .attention = Decoder::Attention::latent,
          .mixture = &mixture,
          .fixed = kDeepSeekFixed,
          .inert = kDeepSeekInert};
}

// The sizes that each class fills, and what it does with each field, are those of its
// configuration_*.py and modeling_*.py in transformers; DeepSeek-V2 as its own modeling_deepseek.py
// has it. The layers of multi-token prediction that a repository may store are no part of the text
// model.
constexpr std::array kDecoders{
    Decoder{.type = "llama",
            .sizes = {32000, 4096, 11008, 32, 32, 0, 2048, 1e-6},
            .qkv_bias = kAttentionBias,
            .feed_forward = {.bias = {"mlp_bias"}}},
    Decoder{.type = "mistral",
            .sizes = {32000, 4096, 14336, 32, 32, 8, 131072, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .window = {Windows::every_layer, 4096}},
    Decoder{.type = "olmo2",
            .sizes = {50304, 4096, 11008, 32, 32, 0, 2048, 1e-5},
            .norm = {.placement = NormPlacement::after},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::whole},
    Decoder{.type = "olmo3",
            .sizes = {50304, 4096, 11008, 32, 32, 0, 2048, 1e-5},
            .norm = {.placement = NormPlacement::after},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::whole,
            .window = {Windows::by_period, 4096, 4},
            .rotary = {.theta = 500000},
            .rotated = Rotated::by_layer_type},
    Decoder{.type = "olmoe",
            .sizes = {50304, 2048, 0, 16, 16, 0, 4096, 1e-5},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::whole,
            .qkv_clip = {"clip_qkv"},
            .mixture = &kOlmoe},
    Decoder{.type = "flex_olmo",
            .sizes = {100352, 4096, 0, 32, 32, 0, 4096, 1e-6},
            .norm = {.placement = NormPlacement::after},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::whole,
            .rotary = {.theta = 500000},
            .mixture = &kFlexOlmo},
    Decoder{.type = "mixtral",
            .naming = CheckpointNaming::mixtral,
            .sizes = {32000, 4096, 0, 32, 32, 8, 131072, 1e-5},
            .null_kv_heads = NullKvHeads::query_heads,
            .window = {Windows::every_layer},
            .rotary = {.theta = 1000000},
            .mixture = &kMixtral,
            .inert = kMixtralInert},
    Decoder{.type = "phi3",
            .naming = CheckpointNaming::phi3,
            .sizes = {32064, 3072, 8192, 32, 32, 0, 4096, 1e-5},
            .window = {Windows::every_layer},
            .rotary = {.partial = 1, .longrope_context = 4096, .context_limit = 4096},
            .off = kPhi3Off,
            .fixed = kPhi3Fixed,
            .inert = kPhi3Inert},
    Decoder{.type = "starcoder2",
            .naming = CheckpointNaming::starcoder2,
            .sizes = {49152, 3072, 12288, 30, 24, 2, 4096, 1e-5},
            .norm = {NormKind::layer, "norm_epsilon"},
            .tied = kTied,
            .qkv_bias = {"use_bias", Flag::Absent::on},
            .window = {Windows::every_layer},
            .feed_forward = {.form = Form::plain,
                             .absent = Activation::gelu_tanh,
                             .bias = {"use_bias", Flag::Absent::on}},
            .fixed = kStarcoder2Fixed},
    Decoder{.type = "stablelm",
            .naming = CheckpointNaming::stablelm,
            .sizes = {50304, 2560, 6912, 32, 32, 32, 4096, 1e-5},
            .norm = {NormKind::layer, "layer_norm_eps"},
            .qkv_bias = {"use_qkv_bias"},
            .output_bias = kNever,
            .qk_norm = QkNorm::layer_of_each_head,
            .has_qk_norm = {"qk_layernorm"},
            .rotary = {.partial = 0.25},
            .blocks = {BlocksClass::Form::on_one_norm, {"use_parallel_residual"}}},
    Decoder{.type = "seed_oss",
            .sizes = {155136, 4096, 27648, 64, 80, 8, 524288, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .output_bias = Flag{"attention_out_bias"},
            .head_dim = 128,
            .feed_forward = {.bias = {"mlp_bias"}}},
    Decoder{.type = "ernie4_5",
            .sizes = {103424, 1024, 3072, 18, 16, 2, 131072, 1e-5},
            .null_kv_heads = NullKvHeads::query_heads,
            .tied = kTied,
            .qkv_bias = {"use_bias"},
            .head_dim = 128,
            .rotary = {RotaryLayout::interleaved, 500000},
            .feed_forward = {.bias = {"use_bias"}},
            .fixed = kErnieFixed},
    Decoder{.type = "ernie4_5_moe",
            .naming = CheckpointNaming::ernie_moe,
            .sizes = {103424, 2560, 12288, 28, 20, 4, 131072, 1e-5},
            .tied = kTied,
            .rotary = {RotaryLayout::interleaved, 500000},
            .mixture = &kErnieMoe,
            .off = kUseBias,
            .fixed = kErnieMoeFixed,
            .inert = kErnieMoeInert},
    Decoder{.type = "exaone4",
            .sizes = {102400, 4096, 16384, 32, 32, 32, 2048, 1e-5},
            .norm = {.placement = NormPlacement::after},
            .qk_norm = QkNorm::per_head,
            .window = {Windows::by_period, 4096, 4, "sliding_window_pattern"},
            .rotated = Rotated::if_windowed},
    Decoder{.type = "glm",
            .naming = CheckpointNaming::glm,
            .sizes = {151552, 4096, 13696, 40, 32, 2, 131072, 1.5625e-7},
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .output_bias = kNever,
            .head_dim = 128,
            .rotary = {RotaryLayout::interleaved, 10000, 0.5}},
    Decoder{.type = "glm4",
            .naming = CheckpointNaming::glm,
            .sizes = {151552, 4096, 13696, 40, 32, 2, 131072, 1.5625e-7},
            .norm = {.placement = NormPlacement::before_and_after},
            .qkv_bias = {"attention_bias", Flag::Absent::on},
            .output_bias = kNever,
            .head_dim = 128,
            .rotary = {RotaryLayout::interleaved, 10000, 0.5}},
    Decoder{.type = "glm4_moe",
            .sizes = {151552, 4096, 10944, 46, 96, 8, 131072, 1e-5},
            .qkv_bias = kAttentionBias,
            .output_bias = kNever,
            .qk_norm = QkNorm::per_head,
            .has_qk_norm = {"use_qk_norm"},
            .rotary = {.partial = 0.5},
            .mixture = &kGlm4Moe},
    Decoder{.type = "solar_open",
            .sizes = {196608, 4096, 0, 48, 64, 8, 131072, 1e-5},
            .head_dim = 128,
            .rotary = {.theta = 1000000, .partial = 1},
            .mixture = &kSolarOpen,
            .off = kAttentionBiasOff,
            .fixed = kSolarFixed},
    Decoder{.type = "dots1",
            .sizes = {152064, 4608, 10944, 62, 32, 32, 2048, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::always_from_a_layer_on, 4096},
            .mixture = &kDots1,
            .inert = kDots1Inert},
    Decoder{.type = "minimax_m2",
            .naming = CheckpointNaming::mixtral,
            .sizes = {200064, 3072, 0, 62, 48, 8, 196608, 1e-6},
            .head_dim = 128,
            .qk_norm = QkNorm::whole,
            .rotary = {.theta = 5000000, .partial = 1, .dim = "rotary_dim"},
            .mixture = &kMiniMaxM2,
            .off = kWindowOff,
            .fixed = kMiniMaxFixed,
            .inert = kMiniMaxInert},
    Decoder{.type = "hy_v3",
            .naming = CheckpointNaming::hy_v3,
            .sizes = {120832, 4096, 13312, 80, 64, 8, 131072, 1e-5},
            .qkv_bias = kAttentionBias,
            .head_dim = 128,
            .qk_norm = QkNorm::per_head,
            .rotary = {.theta = 11158840},
            .feed_forward = {.bias = {"mlp_bias"}},
            .mixture = &kHyV3,
            .fixed = kHyV3Fixed,
            .inert = kHyV3Inert},
    Decoder{.type = "smollm3",
            .sizes = {128256, 2048, 11008, 36, 16, 4, 32768, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .tied = kTied,
            .qkv_bias = kAttentionBias,
            .window = {Windows::refused},
            .rotary = {.theta = 2000000},
            .rotated = Rotated::by_no_rope_layers,
            .feed_forward = {.bias = {"mlp_bias"}}},
    Decoder{.type = "qwen2",
            .sizes = {151936, 4096, 22016, 32, 32, 32, 32768, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = kAlways,
            .output_bias = kNever,
            .window = {Windows::from_a_layer_on, 4096},
            .fixed = kQwen2Fixed},
    Decoder{.type = "qwen2_moe",
            .naming = CheckpointNaming::qwen2_moe,
            .sizes = {151936, 2048, 5632, 24, 16, 16, 32768, 1e-6},
            .qkv_bias = {"qkv_bias", Flag::Absent::on},
            .output_bias = kNever,
            .window = {Windows::refused},
            .mixture = &kQwen2Moe},
    Decoder{.type = "qwen3",
            .sizes = {151936, 4096, 22016, 32, 32, 32, 32768, 1e-6},
            .null_kv_heads = NullKvHeads::query_heads,
            .qkv_bias = kAttentionBias,
            .head_dim = 128,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::from_a_layer_on, 4096}},
    Decoder{.type = "qwen3_moe",
            .sizes = {151936, 2048, 6144, 24, 32, 4, 32768, 1e-6},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::when_used, 4096},
            .mixture = &kQwen3Moe},
    deepseek("deepseek_v2", kDeepSeekV2),
    deepseek("deepseek_v3", kDeepSeekV3),
    deepseek("kimi_k2", kDeepSeekV3)};

}  // namespace

std::span<const Decoder> decoders() {
  return kDecoders;
}

}  // namespace llmarch
