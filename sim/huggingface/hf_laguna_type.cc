#include <fmt/format.h>

#include <array>

#include "sim/huggingface/hf_layer_kinds.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"
#include "sim/spec/printable.h"

namespace llmarch {
namespace {

Router laguna_router(ConfigReader& config) {
  Router router = corrected_sigmoid_router(config);
  const double scale = config.real_or("moe_routed_scaling_factor", 1, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  constexpr RealRange kAny{-kFactor.most, kFactor.most};
  const double cap = config.real_or("moe_router_logit_softcapping", 0, kTypeDefault, kAny);
  if (cap > 0) router.product_soft_cap = cap;
  return router;
}

constexpr MixtureClass kLagunaMixture{
    .experts = {"num_experts", 256},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 8},
    .expert_width = {"moe_intermediate_size", 512},
    .shared = {.as = SharedClass::Stated::width, .field = {"shared_expert_intermediate_size", 512}},
    .router = laguna_router,
    .layers = SparseLayers::by_mlp_types};

// Query heads of each layer.
std::vector<Integer> heads_of_layers(ConfigReader& config, Integer heads, Integer layers) {
  constexpr std::string_view kKey = "num_attention_heads_per_layer";
  std::vector<Integer> all;
  for (const std::int64_t each : config.indices_or_none(kKey, "num_attention_heads in each")) {
    all.emplace_back(each);
    if (each >= kSize.least && each <= kSize.most) continue;
    config.refuse(fmt::format("'{}' lists {}, which is no number of heads", kKey, each),
                  fmt::format("each is from {} to {}", kSize.least, kSize.most));
    all.back() = heads;
  }
  if (!all.empty()) one_for_each_layer(config, kKey, all.size(), layers);
  all.resize(size(layers), heads);
  return all;
}

// A gate for each head or for each of its elements, or none.
std::optional<OutputGate> read_laguna_gate(ConfigReader& config) {
  constexpr std::string_view kKey = "gating";
  const bool named = config.is_text(kKey);
  if (!named && !config.flag_or(kKey, true, kTypeDefault)) return std::nullopt;
  const std::string gating = named ? *config.optional_text(kKey) : "per-head";
  if (gating != "per-head" && gating != "per-element") {
    config.refuse(fmt::format("unknown '{}' {} in the config", kKey, quote_name(gating)),
                  R"(it is true, false, "per-head" or "per-element")");
  }
  return OutputGate{gating == "per-element" ? GateWidth::element : GateWidth::head,
                    Activation::softplus};
}

GroupedAttention read_laguna_attention(ConfigReader& config) {
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 48, kTypeDefault);
  attention.kv_heads = config.size_or("num_key_value_heads", 8, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 128, kTypeDefault);
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  attention.output_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  attention.output_gate = read_laguna_gate(config);
  return attention;
}

// Whether each layer has the window; absent, none has.
std::vector<bool> windowed_layers_of_laguna(Import& import, Integer layers) {
  std::vector<bool> windowed;
  for (const std::string& type :
       layer_types(import, layers, {"sliding_attention", "full_attention"})) {
    windowed.push_back(type == "sliding_attention");
  }
  windowed.resize(size(layers), false);
  return windowed;
}

}  // namespace

// modeling_laguna.py, configuration_laguna.py
void import_laguna(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::laguna;
  config.off("moe_apply_router_weight_on_input");
  read_whole(import, {100352, 2048, 131072, 1e-6}, spec);
  const Integer layers = config.size_or("num_hidden_layers", 40, kTypeDefault, kLayers);
  const GroupedAttention base = read_laguna_attention(config);
  const Integer window = config.size_or("sliding_window", 512, kTypeDefault, kPositions);
  require_rope_parameters(import);
  const LocalAndGlobalRotary rotary =
      read_local_and_global_rotary(import, {.theta = 500000, .partial = 1}, base.head_dim);
  const std::vector<bool> windowed = windowed_layers_of_laguna(import, layers);
  const std::vector<Integer> heads = heads_of_layers(config, base.query_heads, layers);
  const Activation activation = activation_or(import, "hidden_act", Activation::silu);
  const MixtureFeedForward mixture = read_mixture(import, kLagunaMixture, activation, layers);
  const DenseFeedForward dense{config.size_or("intermediate_size", 8192, kTypeDefault), activation,
                               true, false};
  const std::vector<bool> sparse = sparse_layers(import, kLagunaMixture, layers);
  Kinds<Mixer, std::pair<bool, std::int64_t>> kinds;
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    const auto make = [&] {
      GroupedAttention attention = base;
      attention.query_heads = heads[i];
      if (windowed[i]) attention.window = window;
      attention.rotary = windowed[i] ? rotary.local : rotary.global;
      return attention;
    };
    parts.push_back(
        {kinds.place_of({windowed[i], heads[i].value()}, windowed[i] ? "local" : "global", make),
         sparse[i] ? 1U : 0U});
  }
  add_layers(spec, kinds.kinds(), {{"dense", dense}, {"moe", mixture}}, parts);
}

}  // namespace llmarch
