// Ling 2.5, 2.6 and 3.0 (bailing_hybrid): latent attention in one layer of a group, and in the
// others lightning attention or, in Ling 3.0, Kimi delta attention. Ling 2.5 as
// modeling_bailing_moe_v2_5.py of inclusionAI/Ring-V2.5 and transformers'
// modular_bailing_hybrid.py have it; Ling 3.0 by the ports of modeling_bailing_moe_v3.py. What
// their classes fill differs, so that configs must state all sizes.
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_latent.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

constexpr std::string_view kTurned = "partial_rotary_factor";
constexpr std::string_view kGroup = "layer_group_size";

// All but the last layer of each group, and but those that are left over after the last group.
std::vector<bool> linear_layers_of_ling(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const Integer group = config.size(kGroup, kRepeats);
  std::vector<bool> linear;
  for (Integer layer = 0; layer < layers; layer += 1) {
    const bool left_over = layer >= layers / group * group;
    linear.push_back((layer + 1) % group != 0 && !left_over);
  }
  const std::vector<std::string> types =
      layer_types(import, layers, {"linear_attention", "full_attention"});
  for (std::size_t i = 0; i < types.size(); ++i) {
    if ((types[i] == "linear_attention") == linear[i] || !config.all_read({kGroup})) continue;
    config.refuse("'layer_types' and 'layer_group_size' differ", "they say the same");
    break;
  }
  return linear;
}

// A width of the config where it states one other than 0; it can only be `value`.
void only_if_used(ConfigReader& config, std::string_view key, Integer value) {
  config.inert({key});
  if (config.contains(key) && !config.is_null(key) && !config.is_zero(key)) {
    config.only(key, value.value());
  }
}

// BailingMoeV2_5LinearAttention: as wide as the residual stream, with as many heads as the other
// layers. Slopes of another number than a power of two interleave two sequences of them.
Mixer read_ling_lightning(Import& import, Integer hidden, const Mixer& attention) {
  ConfigReader& config = import.config;
  const Integer heads = std::get<LatentAttention>(attention).query_heads;
  LightningAttention lightning;
  lightning.heads = heads;
  lightning.head_dim = head_dim_of(config, hidden, heads);
  if ((heads.value() & (heads.value() - 1)) != 0 && config.all_read({"num_attention_heads"})) {
    config.refuse("'num_attention_heads' is no power of two",
                  "the decays of lightning attention are built for powers of two");
  }
  only_if_used(config, "num_kv_heads_for_linear_attn", heads);
  // transformers writes the rotated part of latent attention's heads here.
  const Integer rotated = std::get<LatentAttention>(attention).rope_head_dim;
  const bool stated = config.contains("head_dim") && !config.is_null("head_dim");
  if (stated && config.size("head_dim") != lightning.head_dim) {
    config.only("head_dim", rotated.value());
  }
  config.only("linear_silu", false);
  lightning.output_norm_epsilon = config.real("rms_norm_eps", kEpsilon);
  lightning.norm_groups = config.size("group_norm_size");
  lightning.rotary = read_rotary(import, {.partial = 0.5, .dim = "rotary_dim"}, lightning.head_dim);
  // torch_chunk_simple_gla
  lightning.chunk = kDeltaRuleChunk;
  return lightning;
}

// KimiDeltaAttention of modeling_bailing_moe_v3.py, whose gates are projected in one step.
Mixer read_ling_delta(Import& import, Integer /*hidden*/, const Mixer& attention) {
  ConfigReader& config = import.config;
  config.stated("no_kda_lora");
  config.only("no_kda_lora", true);
  config.only("use_kda_lora", false);
  config.only("linear_silu", true);
  config.inert({"group_norm_size", "num_kv_heads_for_linear_attn", kTurned, "rotary_dim"});
  KimiDeltaAttention delta;
  delta.heads = std::get<LatentAttention>(attention).query_heads;
  delta.head_dim = config.size("head_dim");
  delta.kernel = config.size("short_conv_kernel_size", kKernel);
  delta.output_norm_epsilon = config.real("rms_norm_eps", kEpsilon);
  config.stated("kda_safe_gate");
  config.inert({"kda_lower_bound"});
  if (config.flag_or("kda_safe_gate", true, kTypeDefault)) {
    delta.least_log_decay = config.real("kda_lower_bound", kLogDecay);
  }
  return delta;
}

constexpr RecurrentClass kLingLightning{"lightning", linear_layers_of_ling, read_ling_lightning};
constexpr RecurrentClass kLingDelta{"kda", linear_layers_of_ling, read_ling_delta};

constexpr LatentClass kLingLatent{.head_dim = LatentClass::HeadDim::overwritten};

Router ling_router(ConfigReader& config) {
  config.stated("routed_scaling_factor");
  return bailing_router(config);
}

constexpr MixtureClass kLingMixture{
    .experts = {"num_experts"},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok"},
    .expert_width = {"moe_intermediate_size"},
    .shared = {.as = SharedClass::Stated::count,
               .field = {"num_shared_experts", 1},
               .width_again = "moe_shared_expert_intermediate_size"},
    .router = ling_router,
    .layers = SparseLayers::after_the_first};

constexpr std::array<std::string_view, 4> kLingOff{"use_qkv_bias", "use_bias", "attention_bias",
                                                   "use_sliding_window"};
constexpr std::array kLingFixed{
    FixedField{"use_rmsnorm", "true"},   FixedField{"norm_head", "false"},
    FixedField{"norm_softmax", "false"}, FixedField{"use_qk_norm", "true"},
    FixedField{"use_mla_nope", "false"}, FixedField{"moe_router_enable_shared_expert", "true"},
    FixedField{"hidden_act", "\"silu\""}};
constexpr std::array<std::string_view, 11> kLingInert{"output_dropout",
                                                      "router_dtype",
                                                      "max_window_layers",
                                                      "mtp_loss_scaling_factor",
                                                      "sliding_window",
                                                      "mtp_use_kda",
                                                      "rotary_type",
                                                      "router_aux_loss_coef",
                                                      "rope_traditional",
                                                      "moe_shared_bias",
                                                      "moe_router_enable_routed_scaling"};

constexpr Decoder kLing{.type = "bailing_hybrid",
                        .naming = std::nullopt,
                        .attention = Decoder::Attention::latent,
                        .latent = &kLingLatent,
                        .mixture = &kLingMixture,
                        .off = kLingOff,
                        .fixed = kLingFixed,
                        .inert = kLingInert};

// Attention's output gate in Ling 3.0: one for each head, for each element, or none.
std::optional<OutputGate> read_gate(ConfigReader& config) {
  constexpr std::string_view kKey = "gated_attention_proj_granularity_type";
  config.stated(kKey);
  if (!config.contains(kKey) || config.is_null(kKey)) return std::nullopt;
  const std::string granularity = config.text(kKey);
  if (granularity == "element_wise") return OutputGate{GateWidth::element, Activation::sigmoid};
  config.only(kKey, "head_wise");
  return OutputGate{GateWidth::head, Activation::sigmoid};
}

}  // namespace

void import_bailing_hybrid(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  const bool third = config.contains("short_conv_kernel_size") || config.contains("no_kda_lora");
  Decoder ling = kLing;
  ling.recurrent = third ? &kLingDelta : &kLingLightning;
  if (!config.contains("rope_parameters")) config.stated("rope_theta");
  // A share of the heads of lightning attention; latent attention does not read it.
  ling.rotary.whole = config.contains(kTurned) ? config.real(kTurned, kTurnedShare) : 1;
  import_decoder(import, ling, spec);
  if (!third) return;
  const std::optional<OutputGate> gate = read_gate(config);
  for (auto& [name, mixer] : spec.attention) {
    if (auto* latent = std::get_if<LatentAttention>(&mixer)) latent->output_gate = gate;
  }
}

}  // namespace llmarch
