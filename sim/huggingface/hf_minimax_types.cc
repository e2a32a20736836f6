// MiniMax-01 and M1: lightning attention in most layers, softmax attention in the others, and a
// residual stream that is the output of each norm.
#include <algorithm>
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

// By "layer_types" or by "attn_type_list", where 0 is lightning attention. Where neither is
// stated, every second layer is one.
std::vector<bool> lightning_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  std::vector<bool> lightning;
  for (const std::string& type :
       layer_types(import, layers, {"linear_attention", "full_attention"})) {
    lightning.push_back(type == "linear_attention");
  }
  constexpr std::string_view kNumbers = "attn_type_list";
  if (config.contains(kNumbers)) {
    std::vector<bool> numbered;
    for (const std::int64_t type : config.indices_or_none(kNumbers, "")) {
      numbered.push_back(type == 0);
    }
    one_for_each_layer(config, kNumbers, numbered.size(), layers);
    numbered.resize(size(layers), true);
    if (!lightning.empty() && numbered != lightning) {
      config.refuse("'attn_type_list' and 'layer_types' differ", "delete one of them");
    }
    return numbered;
  }
  if (lightning.empty()) {
    for (Integer layer = 1; layer <= layers; layer += 1) lightning.push_back(layer % 2 == 0);
    config.fill("layer_types", "full attention in every second layer, the first one too",
                kTypeDefault);
  }
  return lightning;
}

// The norm of the output has an epsilon of its own, whatever rms_norm_eps is.
Mixer read_lightning(Import& import, Integer /*hidden*/, const Mixer& attention) {
  ConfigReader& config = import.config;
  config.only("hidden_act", "silu");
  const auto& grouped = std::get<GroupedAttention>(attention);
  return LightningAttention{grouped.query_heads, grouped.head_dim, 1e-6,
                            read_chunk(config, {"block_size"})};
}

const RecurrentClass kLightning{"lightning", lightning_layers, read_lightning};

constexpr MixtureClass kMiniMax01Mixture{.experts = {"num_local_experts", 8},
                                         .experts_too = "num_experts",
                                         .experts_per_token = {"num_experts_per_tok", 2},
                                         .expert_width = {"intermediate_size", 14336},
                                         .router = normalized_softmax_router};

constexpr std::array<std::string_view, 1> kMiniMax01Off{"sliding_window"};
constexpr std::array kMiniMax01Fixed{FixedField{"shared_intermediate_size", "0"}};
// The shared experts that a width of 0 leaves out, and noise in training.
constexpr std::array<std::string_view, 2> kMiniMax01Inert{"shared_moe_mode", "router_jitter_noise"};

constexpr Decoder minimax(std::string_view type) {
  return {.type = type,
          .naming = CheckpointNaming::minimax,
          .sizes = {32000, 4096, 0, 32, 32, 8, 131072, 1e-5},
          .null_kv_heads = NullKvHeads::query_heads,
          .norm = {.placement = NormPlacement::before_residual},
          .rotary = {.theta = 1000000, .partial = 1, .dim = "rotary_dim"},
          .recurrent = &kLightning,
          .mixture = &kMiniMax01Mixture,
          .off = kMiniMax01Off,
          .fixed = kMiniMax01Fixed,
          .inert = kMiniMax01Inert};
}

// The two factors of a sublayer, by the names of transformers' class and of MiniMax's own.
struct FactorNames {
  std::string_view stream, own_stream, branch, own_branch;
};
constexpr FactorNames kLightningFactors{
    "linear_attn_alpha_factor", "layernorm_linear_attention_alpha", "linear_attn_beta_factor",
    "layernorm_linear_attention_beta"};
constexpr FactorNames kAttentionFactors{"full_attn_alpha_factor", "layernorm_full_attention_alpha",
                                        "full_attn_beta_factor", "layernorm_full_attention_beta"};
constexpr FactorNames kFeedForwardFactors{"mlp_alpha_factor", "layernorm_mlp_alpha",
                                          "mlp_beta_factor", "layernorm_mlp_beta"};

std::optional<double> read_sublayer_factor(ConfigReader& config, std::string_view name,
                                           std::string_view other) {
  const double factor = under_either_name(config, name, other, [&](std::string_view key) {
    return config.real_or(key, 1, kTypeDefault);
  });
  return factor == 1 ? std::nullopt : std::optional(factor);
}

struct Factors {
  std::optional<double> stream, branch;
};
Factors read_sublayer_factors(ConfigReader& config, const FactorNames& names) {
  return {read_sublayer_factor(config, names.stream, names.own_stream),
          read_sublayer_factor(config, names.branch, names.own_branch)};
}

Sublayer multiplied(const SublayerBlock& block, const Factors& factors) {
  return {{block}, {}, factors.stream, factors.branch};
}

}  // namespace

// modeling_minimax.py. MiniMax's own classes take the residual stream from the norm's output only
// with "postnorm", which every published config states.
void import_minimax(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import_decoder(import, minimax("minimax"), spec);
  config.only("postnorm", true);
  const Factors lightning = read_sublayer_factors(config, kLightningFactors);
  const Factors attention = read_sublayer_factors(config, kAttentionFactors);
  const Factors feed_forward = read_sublayer_factors(config, kFeedForwardFactors);
  for (auto& [name, layer] : spec.layer) {
    const Mixer& mixer = spec.attention.at(layer.attention.value().index).value;
    const bool recurrent = std::holds_alternative<LightningAttention>(mixer);
    layer = {
        std::nullopt, std::nullopt,
        std::vector<Sublayer>{multiplied({layer.attention, {}}, recurrent ? lightning : attention),
                              multiplied({{}, layer.feed_forward}, feed_forward)}};
  }
}

// MiniMax's own code, which says the same in other words.
void import_minimax_m1(Import& import, ArchSpec& spec) {
  import.config.stated("postnorm");
  import_minimax(import, spec);
}

}  // namespace llmarch
