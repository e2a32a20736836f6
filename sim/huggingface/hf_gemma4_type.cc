#include <fmt/format.h>

#include <algorithm>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

constexpr Range kNoneOrSize{0, kSize.most};

void read_gemma4_sizes(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", 262144, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 2304, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 131072, kTypeDefault, kPositions);
  spec.norm = {NormKind::rms, config.real_or("rms_norm_eps", 1e-6, kTypeDefault, kEpsilon),
               NormPlacement::before_and_after};
  spec.head = read_head(import, Flag::Absent::on);
  spec.scaled_embedding = true;
  spec.layer_scale = true;
  spec.logit_soft_cap = config.optional_real_or("final_logit_softcapping", std::nullopt, "no cap");
}

void read_gemma4_per_layer_embedding(ConfigReader& config, Activation activation, ArchSpec& spec) {
  const Integer vocabulary = config.size_or("vocab_size_per_layer_input", 262144, kTypeDefault);
  const Integer width =
      config.size_or("hidden_size_per_layer_input", 256, kTypeDefault, kNoneOrSize);
  if (width == 0) return;
  spec.per_layer_embedding = PerLayerEmbedding{vocabulary, width, activation};
}

// What both kinds of attention have alike.
GroupedAttention read_gemma4_attention(ConfigReader& config) {
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 8, kTypeDefault);
  attention.kv_heads = config.size_or("num_key_value_heads", 4, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 256, kTypeDefault);
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  attention.output_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  attention.value_norm = true;
  attention.query_scalar = 1;  // scores are not scaled
  return attention;
}

// Layers without a window have heads of their own size and, where keys are values too, their own
// number of key/value heads.
GroupedAttention without_window(ConfigReader& config, const GroupedAttention& local) {
  constexpr std::string_view kHeads = "num_global_key_value_heads";
  GroupedAttention global = local;
  if (!config.is_null("global_head_dim")) {
    global.head_dim = config.size_or("global_head_dim", 512, kTypeDefault);
  }
  global.values_from_keys = read_flag(config, {"attention_k_eq_v"});
  if (!global.values_from_keys) {
    config.inert({kHeads});
    return global;
  }
  const auto heads =
      config.optional_size_or(kHeads, std::nullopt, "as many as layers with a window have");
  global.kv_heads = heads.value_or(local.kv_heads);
  return global;
}

// By layer_types, or all but every sixth; the last layer never has a window.
std::vector<bool> windowed_layers_of_gemma4(Import& import, Integer layers) {
  const auto types = layer_types(import, layers, {"sliding_attention", "full_attention"});
  std::vector<bool> windowed;
  for (std::size_t i = 0; i < size(layers); ++i) {
    windowed.push_back(types.empty() ? (i + 1) % 6 != 0 : types[i] == "sliding_attention");
  }
  if (windowed.back()) {
    import.config.fill("layer_types", "full_attention for the last layer", "its class sees to it");
    windowed.back() = false;
  }
  return windowed;
}

// The first layer that reads another's keys and values; the number of layers where none does.
Integer first_sharing_layer(ConfigReader& config, Integer layers) {
  constexpr std::string_view kKey = "num_kv_shared_layers";
  const Integer shared = config.size_or(kKey, 0, kTypeDefault, Range{0, kMostLayers});
  if (shared >= layers && config.all_read({kKey, "num_hidden_layers"})) {
    config.refuse(
        fmt::format("num_kv_shared_layers = {} of {} layers", shared.value(), layers.value()),
        "share fewer layers: some must have keys and values of their own");
    return layers;
  }
  return layers - shared;
}

MixtureFeedForward read_gemma4_mixture(ConfigReader& config, Activation activation) {
  MixtureFeedForward mixture;
  mixture.experts = config.size("num_experts", kExperts);
  mixture.experts_per_token = config.size("top_k_experts", kExperts);
  mixture.expert_width = config.size("moe_intermediate_size");
  mixture.activation = activation;
  mixture.router.scoring = Scoring::softmax;
  mixture.router.normalized_weights = true;
  mixture.router.own_input = true;
  mixture.router.expert_scale = true;
  return mixture;
}

// The layer's dense feed-forward and a mixture side by side, each between norms of its own, and a
// norm after their sum.
void put_mixture_beside_dense(ArchSpec& spec, const MixtureFeedForward& mixture) {
  const Reference moe{"moe", spec.feed_forward.size()};
  spec.feed_forward.push_back({moe.name, mixture});
  Norm after = spec.norm;
  after.placement = NormPlacement::after;
  for (auto& [name, layer] : spec.layer) {
    Sublayer attention{{{layer.attention, std::nullopt}}};
    Sublayer both{{{std::nullopt, layer.feed_forward, spec.norm}, {std::nullopt, moe, spec.norm}},
                  after};
    layer = {std::nullopt, std::nullopt, std::vector<Sublayer>{attention, both}};
  }
}

void add_gemma4_layers(Import& import, ArchSpec& spec, const GroupedAttention& local,
                       const GroupedAttention& global, Activation activation) {
  ConfigReader& config = import.config;
  const Integer layers = config.size_or("num_hidden_layers", 30, kTypeDefault, kLayers);
  const std::vector<bool> windowed = windowed_layers_of_gemma4(import, layers);
  const Integer first_sharing = first_sharing_layer(config, layers);
  const DenseFeedForward dense{config.size_or("intermediate_size", 9216, kTypeDefault), activation,
                               true, false};
  DenseFeedForward wide = dense;
  const bool doubled = read_flag(config, {"use_double_wide_mlp"});
  if (doubled) wide.width = bounded(import, 2 * dense.width, "2 x intermediate_size");
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    const bool shares = i >= size(first_sharing);
    parts.push_back({(windowed[i] ? 0U : 1U) + (shares ? 2U : 0U), shares && doubled ? 1U : 0U});
  }
  add_layers(spec,
             {{"local", local},
              {"global", global},
              {"local_shared", sharing_kv_of(local, "local")},
              {"global_shared", sharing_kv_of(global, "global")}},
             {{"mlp", dense}, {"wide", wide}}, parts);
  resolve_shared_kv(import, spec);
}

}  // namespace

// configuration_gemma4.py, modeling_gemma4.py
void import_gemma4_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gemma4;
  config.inert({"cache_implementation", "hidden_act", "expert_intermediate_size"});
  // Texts are attended to causally, images are not.
  if (!config.is_null("use_bidirectional_attention")) {
    config.only("use_bidirectional_attention", "vision");
  }
  read_gemma4_sizes(import, spec);
  const Activation activation = activation_or(import, "hidden_activation", Activation::gelu_tanh);
  read_gemma4_per_layer_embedding(config, activation, spec);
  GroupedAttention local = read_gemma4_attention(config);
  GroupedAttention global = without_window(config, local);
  local.window = config.size_or("sliding_window", 512, kTypeDefault, kPositions);
  require_rope_parameters(import);
  local.rotary = read_rotary_of_layer_type(import, "sliding_attention", {}, local.head_dim);
  global.rotary =
      read_rotary_of_layer_type(import, "full_attention", {.partial = 1}, global.head_dim);
  add_gemma4_layers(import, spec, local, global, activation);
  if (read_flag(config, {"enable_moe_block"})) {
    put_mixture_beside_dense(spec, read_gemma4_mixture(config, activation));
  } else {
    config.inert({"num_experts", "top_k_experts", "moe_intermediate_size"});
  }
}

}  // namespace llmarch
