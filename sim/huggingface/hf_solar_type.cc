// Solar Open 2 (transformers, modular_solar_open2.py): Kimi delta attention, and in one layer of
// four grouped attention that is gated and not rotated.
#include <fmt/format.h>

#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

constexpr std::string_view kGroupedLayers = "gqa_layers";

// Those that "gqa_layers" does not list; or all but the first of every gqa_interval + 1.
std::vector<bool> linear_by_number(ConfigReader& config, Integer layers) {
  std::vector<bool> linear(size(layers), true);
  if (!config.contains(kGroupedLayers) || config.is_null(kGroupedLayers)) {
    config.inert({kGroupedLayers});
    const Integer period = config.size_or("gqa_interval", 3, kTypeDefault, kRepeats) + 1;
    for (Integer layer = 0; layer < layers; layer += period) linear[size(layer)] = false;
    return linear;
  }
  config.inert({"gqa_interval"});
  for (const std::int64_t layer : config.indices_or_none(kGroupedLayers, "")) {
    if (layer < 0 || layer >= layers.value()) {
      config.refuse(fmt::format("'gqa_layers' lists layer {}", layer),
                    fmt::format("layers are counted from 0 to {}", layers.value() - 1));
      break;
    }
    linear[static_cast<std::size_t>(layer)] = false;
  }
  return linear;
}

std::vector<bool> linear_layers_of_solar(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::string> types =
      layer_types(import, layers, {"linear_attention", "full_attention"});
  std::vector<bool> linear;
  for (const std::string& type : types) linear.push_back(type == "linear_attention");
  if (types.empty()) linear = linear_by_number(config, layers);
  config.inert({kGroupedLayers, "gqa_interval"});
  if (std::ranges::count(linear, false) == 0 && config.all_read({kGroupedLayers, "layer_types"})) {
    config.refuse("no layer has full attention", "the model type's class has one at least");
  }
  return linear;
}

// SolarOpen2LinearAttention. Gates and decays go through as many columns as a head has, or are
// projected in one step.
Mixer read_solar_delta(Import& import, Integer /*hidden*/, const Mixer& attention) {
  ConfigReader& config = import.config;
  const auto& grouped = std::get<GroupedAttention>(attention);
  KimiDeltaAttention delta{grouped.query_heads, grouped.head_dim, 4, {}, {}};
  constexpr std::string_view kKey = "linear_attn_config";
  if (const nlohmann::json* stated = config.optional_object(kKey)) {
    ConfigReader linear = config.inner(*stated, std::string(kKey));
    delta.kernel = linear.size("short_conv_kernel_size", kKernel);
    delta.head_dim = linear.size("head_dim");
    delta.heads = linear.size("num_heads");
    linear.inert({"num_kv_heads"});
    if (linear.contains("num_kv_heads") && !linear.is_null("num_kv_heads")) {
      linear.only("num_kv_heads", delta.heads.value());
    }
    linear.finish();
  } else {
    config.fill(kKey, "as many heads as attention, as wide, a kernel of 4", kTypeDefault);
  }
  if (!config.flag_or("kda_use_full_proj", false, kTypeDefault)) {
    delta.decay_latent_dim = delta.gate_latent_dim = delta.head_dim;
  }
  delta.negative_eigenvalues = config.flag_or("kda_allow_neg_eigval", true, kTypeDefault);
  delta.output_norm_epsilon = config.real_or("rms_norm_eps", 1e-5, kTypeDefault, kEpsilon);
  return delta;
}

constexpr RecurrentClass kSolarDelta{"kda", linear_layers_of_solar, read_solar_delta};

constexpr MixtureClass kSolarMixture{
    .experts = {"n_routed_experts", 320},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 1280},
    .shared = {.as = SharedClass::Stated::count, .field = {"n_shared_experts", 1}},
    .router = glm4_moe_router,
    .layers = SparseLayers::after_the_first,
    .first_dense = 0};

constexpr std::array<std::string_view, 1> kSolarOff{"use_gqa_gate_bias"};
constexpr std::array kSolarFixed{FixedField{"hc_rate", "0"}};

constexpr Decoder kSolar{.type = "solar_open2",
                         .naming = std::nullopt,
                         .sizes = {196608, 4096, 10240, 48, 64, 8, 1048576, 1e-5},
                         .qkv_bias = {"attention_bias"},
                         .output_bias = kNever,
                         .head_dim = 128,
                         .qk_norm = QkNorm::per_head,
                         .has_qk_norm = {"use_qk_norm"},
                         .rotary = {.partial = 1},
                         .recurrent = &kSolarDelta,
                         .mixture = &kSolarMixture,
                         .off = kSolarOff,
                         .fixed = kSolarFixed};

}  // namespace

void import_solar_open2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  refuse_null(config, "head_dim");
  import_decoder(import, kSolar, spec);
  const bool rotated = config.flag_or("use_rope", false, kTypeDefault);
  const bool gated = config.flag_or("use_gqa_gate", true, kTypeDefault);
  for (auto& [name, mixer] : spec.attention) {
    auto* grouped = std::get_if<GroupedAttention>(&mixer);
    if (grouped == nullptr) continue;
    if (!rotated) grouped->rotary.reset();
    if (gated) grouped->output_gate = OutputGate{GateWidth::element, Activation::sigmoid};
  }
}

}  // namespace llmarch
