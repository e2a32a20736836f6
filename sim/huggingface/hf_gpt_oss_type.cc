#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

constexpr double kGptOssLimit = 7;

// `hidden_act` is stated and not read: the experts' function is fixed.
constexpr std::array<std::string_view, 5> kInertFields{
    "hidden_act", "experts_per_token", "initial_context_length", "output_router_logits",
    "router_aux_loss_coef"};
constexpr std::array kFixedFields{FixedField{"swiglu_limit", "7.0"},
                                  FixedField{"swiglu_alpha", "1.702"}};

constexpr MixtureClass kGptOssMixture{.experts = {"num_local_experts", 128},
                                      .experts_too = "num_experts",
                                      .experts_per_token = {"num_experts_per_tok", 4},
                                      .expert_width = {"intermediate_size", 2880},
                                      .router = chosen_softmax_router};

constexpr Decoder kRow{.type = "gpt_oss",
                       .naming = CheckpointNaming::gpt_oss,
                       .sizes = {201088, 2880, 0, 36, 64, 8, 131072, 1e-5},
                       .null_kv_heads = NullKvHeads::query_heads,
                       .qkv_bias = {"attention_bias", Flag::Absent::on},
                       .head_dim = 64,
                       .window = {Windows::by_period, 128, 2},
                       .rotary = {.theta = 150000},
                       .feed_forward = {.activation = ""},
                       .mixture = &kGptOssMixture,
                       .fixed = kFixedFields,
                       .inert = kInertFields};

}  // namespace

// configuration_gpt_oss.py, modeling_gpt_oss.py
void import_gpt_oss(Import& import, ArchSpec& spec) {
  import_decoder(import, kRow, spec);
  YarnScaling yarn{32, 4096, 32, 1, {}, {}, {}};
  yarn.fractional_bounds = true;
  fill_rope_scaling(import, yarn, spec);
  for (auto& [name, mixer] : spec.attention) std::get<GroupedAttention>(mixer).sinks = true;
  for (auto& [name, feed_forward] : spec.feed_forward) {
    auto& mixture = std::get<MixtureFeedForward>(feed_forward);
    mixture.activation = Activation::quick_gelu;
    mixture.gate_limit = GateLimit{kGptOssLimit, GateLimitPlace::before_activation};
    mixture.up_offset = 1;
    mixture.expert_bias = true;
  }
}

}  // namespace llmarch
