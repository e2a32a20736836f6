// The Gemma types whose layers are plain: those of their own blocks have a file each.
#include <array>

#include "sim/huggingface/hf_decoder.h"

namespace llmarch {
namespace {

constexpr Flag kGemmaBias{"attention_bias"};
constexpr std::array<std::string_view, 1> kBidirectional{"use_bidirectional_attention"};
constexpr std::string_view kGemma1Inert[]{"hidden_activation"};
constexpr std::string_view kGemmaInert[]{"hidden_act"};

// VaultGemma has Gemma 2's block without the norms after it.
constexpr Decoder gemma2(std::string_view type, NormPlacement placement,
                         std::span<const std::string_view> off) {
  return {.type = type,
          .naming = CheckpointNaming::gemma2,
          .sizes = {256000, 2304, 9216, 26, 8, 4, 8192, 1e-6},
          .norm = {.placement = placement},
          .tied = Flag::Absent::on,
          .qkv_bias = kGemmaBias,
          .head_dim = 256,
          .window = {Windows::by_period, 4096, 2},
          .query_scalar = "query_pre_attn_scalar",
          .score_cap = {"attn_logit_softcapping", 50},
          .feed_forward = {.activation = "hidden_activation", .absent = Activation::gelu_tanh},
          .embedding = Decoder::Embedding::scaled,
          .logit_cap = {"final_logit_softcapping", 30},
          .off = off,
          .inert = kGemmaInert};
}

// As their configuration_*.py and modeling_*.py in transformers have them.
constexpr std::array kGemmaDecoders{
    Decoder{.type = "gemma",
            .naming = CheckpointNaming::gemma,
            .sizes = {256000, 3072, 24576, 28, 16, 16, 8192, 1e-6},
            .tied = Flag::Absent::on,
            .qkv_bias = kGemmaBias,
            .head_dim = 256,
            .feed_forward = {.absent = Activation::gelu_tanh},
            .embedding = Decoder::Embedding::scaled,
            .off = kBidirectional,
            .inert = kGemma1Inert},
    gemma2("vaultgemma", NormPlacement::before, {}),
    gemma2("gemma2", NormPlacement::before_and_after, kBidirectional),
    Decoder{.type = "gemma3_text",
            .naming = CheckpointNaming::gemma2,
            .sizes = {262208, 2304, 9216, 26, 8, 4, 131072, 1e-6},
            .norm = {.placement = NormPlacement::before_and_after},
            .tied = Flag::Absent::on,
            .qkv_bias = kGemmaBias,
            .head_dim = 256,
            .qk_norm = QkNorm::per_head,
            .window = {Windows::by_period, 4096, 6, "sliding_window_pattern"},
            .rotary = {.theta = 1000000, .local_theta = "rope_local_base_freq"},
            .rotated = Rotated::by_layer_type,
            .query_scalar = "query_pre_attn_scalar",
            .score_cap = {.key = "attn_logit_softcapping", .none = "no cap"},
            .feed_forward = {.activation = "hidden_activation", .absent = Activation::gelu_tanh},
            .embedding = Decoder::Embedding::scaled,
            .logit_cap = {.key = "final_logit_softcapping", .none = "no cap"},
            .off = kBidirectional,
            .inert = kGemmaInert}};

}  // namespace

std::span<const Decoder> gemma_decoders() {
  return kGemmaDecoders;
}

}  // namespace llmarch
