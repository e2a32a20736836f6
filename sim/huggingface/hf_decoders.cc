#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"

namespace llmarch {
namespace {

using Form = FeedForwardClass::Form;

constexpr Flag kAttentionBias{"attention_bias"};
constexpr auto kTied = Flag::Absent::on;

constexpr std::array<std::string_view, 1> kBidirectional{"use_bidirectional_attention"};
constexpr std::array<std::string_view, 2> kGemmaInert{"cache_implementation", "hidden_act"};
constexpr std::array<std::string_view, 2> kRouterTraining{"output_router_logits",
                                                          "router_aux_loss_coef"};
constexpr std::array<std::string_view, 5> kDeepSeekInert{"ep_size", "num_nextn_predict_layers",
                                                         "aux_loss_alpha", "seq_aux", "mlp_bias"};

constexpr MixtureClass kQwen3Moe{
    .experts_too = "num_local_experts", .router = softmax_router, .layers = SparseLayers::by_step};

// Shared experts beside the routed ones, behind a gate.
constexpr MixtureClass kQwen2Moe{.shared = {.as = SharedClass::Stated::width,
                                            .field = {"shared_expert_intermediate_size"},
                                            .gate = SharedClass::Gate::present},
                                 .router = softmax_router,
                                 .layers = SparseLayers::by_step};

constexpr MixtureClass deepseek_mixture(Router (*router)(ConfigReader&)) {
  return {.experts = {"n_routed_experts"},
          .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts"}},
          .router = router,
          .layers = SparseLayers::after_the_first};
}
constexpr MixtureClass kDeepSeekV2 = deepseek_mixture(deepseek_v2_router);
constexpr MixtureClass kDeepSeekV3 = deepseek_mixture(deepseek_v3_router);

constexpr Decoder deepseek(std::string_view type, const MixtureClass& mixture) {
  return {.type = type,
          .attention = Decoder::Attention::latent,
          .mixture = &mixture,
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
            .window = {Windows::every_layer, 4096}},
    Decoder{.type = "olmo2",
            .sizes = {50304, 4096, 11008, 32, 32, 0, 2048, 1e-5},
            .norm = {.placement = NormPlacement::after},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::whole},
    Decoder{.type = "smollm3",
            .sizes = {128256, 2048, 11008, 36, 16, 4, 32768, 1e-6},
            .tied = kTied,
            .qkv_bias = kAttentionBias,
            .window = {Windows::refused},
            .rotary = {.theta = 2000000},
            .rotated = Rotated::by_no_rope_layers,
            .feed_forward = {.bias = {"mlp_bias"}}},
    Decoder{.type = "gemma2",
            .naming = CheckpointNaming::gemma,
            .sizes = {256000, 2304, 9216, 26, 8, 4, 8192, 1e-6},
            .norm = {.placement = NormPlacement::before_and_after},
            .tied = kTied,
            .qkv_bias = kAttentionBias,
            .head_dim = 256,
            .window = {Windows::by_period, 4096, 2},
            .query_scalar = "query_pre_attn_scalar",
            .score_cap = {"attn_logit_softcapping", 50},
            .feed_forward = {.activation = "hidden_activation", .absent = Activation::gelu_tanh},
            .embedding = Decoder::Embedding::scaled,
            .logit_cap = {"final_logit_softcapping", 30},
            .off = kBidirectional,
            .inert = kGemmaInert},
    Decoder{.type = "gemma3_text",
            .naming = CheckpointNaming::gemma,
            .sizes = {262208, 2304, 9216, 26, 8, 4, 131072, 1e-6},
            .norm = {.placement = NormPlacement::before_and_after},
            .tied = kTied,
            .qkv_bias = kAttentionBias,
            .head_dim = 256,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::by_period, 4096, 6, "sliding_window_pattern"},
            .rotated = Rotated::alike,
            .query_scalar = "query_pre_attn_scalar",
            .score_cap = {.key = "attn_logit_softcapping", .none = "no cap"},
            .feed_forward = {.activation = "hidden_activation", .absent = Activation::gelu_tanh},
            .embedding = Decoder::Embedding::scaled,
            .logit_cap = {.key = "final_logit_softcapping", .none = "no cap"},
            .off = kBidirectional,
            .inert = kGemmaInert},
    Decoder{.type = "qwen2",
            .sizes = {151936, 4096, 22016, 32, 32, 32, 32768, 1e-6},
            .qkv_bias = kAlways,
            .output_bias = kNever,
            .window = {Windows::from_a_layer_on, 4096}},
    Decoder{.type = "qwen2_moe",
            .naming = CheckpointNaming::qwen2_moe,
            .sizes = {151936, 2048, 5632, 24, 16, 16, 32768, 1e-6},
            .qkv_bias = {"qkv_bias", Flag::Absent::on},
            .output_bias = kNever,
            .window = {Windows::refused},
            .mixture = &kQwen2Moe,
            .inert = kRouterTraining},
    Decoder{.type = "qwen3",
            .sizes = {151936, 4096, 22016, 32, 32, 32, 32768, 1e-6},
            .qkv_bias = kAttentionBias,
            .head_dim = 128,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::from_a_layer_on, 4096}},
    Decoder{.type = "qwen3_moe",
            .sizes = {151936, 2048, 6144, 24, 32, 4, 32768, 1e-6},
            .qkv_bias = kAttentionBias,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::when_used, 4096},
            .mixture = &kQwen3Moe,
            .inert = kRouterTraining},
    deepseek("deepseek_v2", kDeepSeekV2),
    deepseek("deepseek_v3", kDeepSeekV3),
    deepseek("kimi_k2", kDeepSeekV3)};

}  // namespace

std::span<const Decoder> decoders() {
  return kDecoders;
}

}  // namespace llmarch
