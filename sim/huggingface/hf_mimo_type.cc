#include <fmt/format.h>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

// What two fields that say the same give together; `absent` where there is neither.
std::vector<bool> agreed(ConfigReader& config, const std::vector<bool>& one,
                         const std::vector<bool>& other, const std::vector<bool>& absent,
                         std::string_view names) {
  if (!one.empty() && !other.empty() && one != other) {
    config.refuse(fmt::format("{} do not say the same of each layer", names),
                  "keep the right one of the two");
  }
  return !one.empty() ? one : !other.empty() ? other : absent;
}

std::vector<bool> marked(const std::vector<std::string>& types, std::string_view wanted) {
  std::vector<bool> marks;
  for (const std::string& type : types) marks.push_back(type == wanted);
  return marks;
}

std::vector<bool> windowed_layers_of_mimo(Import& import, Integer layers) {
  const std::vector<bool> types = marked(
      layer_types(import, layers, {"sliding_attention", "full_attention"}), "sliding_attention");
  const std::vector<bool> pattern = marks_of_layers(import.config, "hybrid_layer_pattern", layers);
  std::vector<bool> absent;
  for (std::int64_t i = 0; i < layers.value(); ++i) absent.push_back(i != 0 && (i + 1) % 6 != 0);
  return agreed(import.config, types, pattern, absent, "layer_types and hybrid_layer_pattern");
}

std::vector<bool> sparse_layers_of_mimo(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::string> types = config.optional_texts("mlp_layer_types");
  std::vector<bool> named = are_sparse(config, types);
  if (!named.empty()) {
    one_for_each_layer(config, "mlp_layer_types", named.size(), layers);
    named.resize(size(layers), true);
  }
  std::vector<bool> absent(size(layers), true);
  absent.front() = false;
  return agreed(config, named, marks_of_layers(config, "moe_layer_freq", layers), absent,
                "mlp_layer_types and moe_layer_freq");
}

Router mimo_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  constexpr std::string_view kScale = "routed_scaling_factor";
  if (!config.is_null(kScale)) return glm4_moe_router(config);
  Router router = corrected_sigmoid_router(config);
  router.normalized_weights = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  config.only("n_group", 1);
  config.only("topk_group", 1);
  return router;
}

constexpr MixtureClass kMimoMixture{.experts = {"n_routed_experts", 256},
                                    .experts_too = "num_local_experts",
                                    .experts_per_token = {"num_experts_per_tok", 8},
                                    .expert_width = {"moe_intermediate_size", 2048},
                                    .router = mimo_router};

GroupedAttention read_mimo_attention(ConfigReader& config) {
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 64, kTypeDefault);
  attention.kv_heads = config.size_or("num_key_value_heads", 4, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 192, kTypeDefault);
  attention.value_head_dim = config.size_or("v_head_dim", 128, kTypeDefault);
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  const auto scale = config.optional_real_or("attention_value_scale", 0.707, kTypeDefault);
  if (scale != 1) attention.value_scale = scale;
  return attention;
}

constexpr std::string_view kWindowKvHeads = "swa_num_key_value_heads";

// Layers with a window have sinks and their own number of key/value heads. Everything else is as
// in the other layers, which the makers' configs repeat in fields of their own.
GroupedAttention within_window(Import& import, const GroupedAttention& global, Integer kv_heads) {
  ConfigReader& config = import.config;
  GroupedAttention local = global;
  local.kv_heads = kv_heads;
  local.sinks = true;
  const auto window =
      under_either_name(config, "sliding_window", "sliding_window_size", [&](std::string_view key) {
        return config.size_or(key, 128, kTypeDefault, kPositions).value();
      });
  local.window = window;
  config.only("swa_num_attention_heads", local.query_heads.value());
  config.only("swa_head_dim", local.head_dim.value());
  config.only("swa_v_head_dim", local.value_head_dim->value());
  config.only("add_swa_attention_sink_bias", true);
  config.only("add_full_attention_sink_bias", false);
  return local;
}

// The key/value heads of layers with a window: twice those of the others, whatever a config says
// (transformers' class of V2-Flash), or as the config says (the makers' class of V2.5).
Integer twice_those_of(ConfigReader& config, Integer global) {
  config.only(kWindowKvHeads, (2 * global).value());
  return 2 * global;
}
Integer as_stated(ConfigReader& config, Integer /*global*/) {
  return config.size(kWindowKvHeads);
}

void import_mimo(Import& import, Integer (*window_kv_heads)(ConfigReader&, Integer),
                 ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::mimo;
  config.inert({"attention_chunk_size"});
  config.only("n_shared_experts", nullptr);
  spec.vocabulary = config.size_or("vocab_size", 152576, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 4096, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 131072, kTypeDefault, kPositions);
  spec.norm.epsilon = under_either_name(
      config, "rms_norm_eps", "layernorm_epsilon",
      [&](std::string_view key) { return config.real_or(key, 1e-5, kTypeDefault, kEpsilon); });
  spec.head = read_head(import, Flag::Absent::off);
  const Integer layers = config.size_or("num_hidden_layers", 48, kTypeDefault, kLayers);
  GroupedAttention global = read_mimo_attention(config);
  GroupedAttention local = within_window(import, global, window_kv_heads(config, global.kv_heads));
  const LocalAndGlobalRotary rotary = read_local_and_global_rotary(
      import, {.theta = 5000000, .partial = 0.334, .local_theta = "swa_rope_theta"},
      global.head_dim);
  global.rotary = rotary.global;
  local.rotary = rotary.local;
  const Activation activation = activation_or(import, "hidden_act", Activation::silu);
  const MixtureFeedForward mixture = read_mixture(import, kMimoMixture, activation, layers);
  const DenseFeedForward dense{config.size_or("intermediate_size", 16384, kTypeDefault), activation,
                               true, false};
  const std::vector<bool> windowed = windowed_layers_of_mimo(import, layers);
  const std::vector<bool> sparse = sparse_layers_of_mimo(import, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    parts.push_back({windowed[i] ? 1U : 0U, sparse[i] ? 1U : 0U});
  }
  add_layers(spec, {{"global", global}, {"local", local}}, {{"dense", dense}, {"moe", mixture}},
             parts);
}

// What the class of V2.5 fills is a model of another shape, so its configs must state all of it.
constexpr std::string_view kStatedByV25[]{"vocab_size",
                                          "hidden_size",
                                          "intermediate_size",
                                          "num_hidden_layers",
                                          "head_dim",
                                          "v_head_dim",
                                          "num_attention_heads",
                                          "num_key_value_heads",
                                          "rope_theta",
                                          "swa_rope_theta",
                                          "partial_rotary_factor",
                                          "max_position_embeddings",
                                          "layernorm_epsilon",
                                          "sliding_window",
                                          "hybrid_layer_pattern",
                                          "attention_value_scale",
                                          "n_routed_experts",
                                          "moe_layer_freq",
                                          "moe_intermediate_size",
                                          "num_experts_per_tok",
                                          "routed_scaling_factor",
                                          "add_swa_attention_sink_bias"};

}  // namespace

// modeling_mimo_v2_flash.py
void import_mimo_v2_flash(Import& import, ArchSpec& spec) {
  import_mimo(import, twice_those_of, spec);
}

// configuration_mimo_v2.py of MiMo-V2.5: the same decoder. Checkpoints store queries, keys and
// values of a layer as one tensor, whose shards no name tells apart.
void import_mimo_v2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  for (const std::string_view key : kStatedByV25) config.stated(key);
  // Null means that no layer has a window, or experts.
  for (const char* key : {"hybrid_layer_pattern", "moe_layer_freq"}) refuse_null(config, key);
  config.only("hybrid_block_size", nullptr);
  config.inert({"audio_config", "processor_config", "vision_model_type"});
  import_mimo(import, as_stated, spec);
  if (config.optional_text("attention_projection_layout").value_or("split") != "split") {
    import.load.naming = std::nullopt;
  }
}

}  // namespace llmarch
