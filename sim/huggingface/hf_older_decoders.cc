// Decoders that makers published with code of their own, most of them Llama's block with one thing
// changed. What their classes fill is as their configuration files have it. No checkpoint has
// confirmed how they name their tensors, so none of them can be loaded, except DeepSeek's first
// mixture, whose names its successors kept.
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"

namespace llmarch {
namespace {

constexpr Flag kBiasUnlessStated{"bias", Flag::Absent::on};
constexpr Flag kBiasIfStated{"attention_bias"};
constexpr auto kInternlm2Inert = std::to_array<std::string_view>({"reward_token_id"});
constexpr auto kOrionInert = std::to_array<std::string_view>({"max_sequence_length"});

// DeepSeek's first mixture: softmax over all experts, and no groups.
constexpr MixtureClass kDeepSeekMoe{
    .experts = {"n_routed_experts"},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts"}},
    .router = greedy_softmax_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 0,
    .frequency = "moe_layer_freq"};

constexpr std::array kOlderDecoders{
    Decoder{.type = "internlm",
            .naming = std::nullopt,
            .sizes = {103168, 4096, 11008, 32, 32, kOnlyQueryHeads, 2048, 1e-6},
            .qkv_bias = kBiasUnlessStated},
    Decoder{.type = "internlm2",
            .naming = std::nullopt,
            .sizes = {103168, 4096, 11008, 32, 32, 0, 2048, 1e-6},
            .qkv_bias = kBiasUnlessStated,
            .inert = kInternlm2Inert},
    Decoder{.type = "internlm3",
            .naming = std::nullopt,
            .sizes = {128512, 4096, 11008, 32, 32, 0, 32768, 1e-6},
            .qkv_bias = {"qkv_bias"},
            .output_bias = Flag{"bias"},
            .feed_forward = {.bias = {"bias"}}},
    Decoder{.type = "orion",
            .naming = std::nullopt,
            .sizes = {84608, 4096, 15360, 40, 40, 0, 4096, 1e-5},
            .norm = {NormKind::layer},
            .qkv_bias = kBiasIfStated,
            .inert = kOrionInert},
    Decoder{.type = "persimmon",
            .naming = std::nullopt,
            .sizes = {262144, 4096, 16384, 36, 64, kOnlyQueryHeads, 16384, 1e-5},
            .norm = {NormKind::layer, "layer_norm_eps"},
            .qkv_bias = kAlways,
            .head_dim_field = Decoder::HeadDim::always_derived,
            .qk_norm = QkNorm::layer_per_head,
            .has_qk_norm = {"qk_layernorm", Flag::Absent::on},
            .rotary = {.theta = 25000, .partial = 0.5},
            .feed_forward = {FeedForwardClass::Form::plain, "hidden_act", Activation::relu_squared,
                             kAlways}},
    Decoder{.type = "helium",
            .naming = std::nullopt,
            .sizes = {48000, 2560, 7040, 24, 20, 20, 4096, 1e-8},
            .qkv_bias = kBiasIfStated,
            .output_bias = kNever,
            .head_dim = 128,
            .rotary = {RotaryLayout::interleaved, 100000},
            .feed_forward = {.bias = {"mlp_bias"}}},
    Decoder{.type = "deepseek",
            .sizes = {102400, 4096, 11008, 30, 32, 0, 2048, 1e-6},
            .qkv_bias = kBiasIfStated,
            .mixture = &kDeepSeekMoe}};

}  // namespace

std::span<const Decoder> older_decoders() {
  return kOlderDecoders;
}

}  // namespace llmarch
