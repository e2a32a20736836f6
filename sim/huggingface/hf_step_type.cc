#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "sim/huggingface/hf_layer_kinds.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"
#include "sim/huggingface/hf_rotary.h"
#include "sim/huggingface/hf_rotary_scaling.h"

namespace llmarch {
namespace {

// Published lists go on for the layers of multi-token prediction, which are cut off.
struct StepLayers {
  Integer count;
  Integer with_predicting;
};

template <class Item>
void cut_to_layers(ConfigReader& config, std::string_view key, const StepLayers& layers,
                   std::vector<Item>& items) {
  if (items.empty()) return;
  if (std::ssize(items) == layers.with_predicting.value()) items.resize(size(layers.count));
  one_for_each_layer(config, key, items.size(), layers.count);
  items.resize(size(layers.count), items.front());
}

bool is_windowed_type(ConfigReader& config, const std::string& type) {
  if (type == "sliding_attention") return true;
  if (type != "full_attention") {
    config.refuse(fmt::format("layer type {} is not supported", quote_name(type)),
                  "supported: sliding_attention, full_attention");
  }
  return false;
}

std::vector<bool> windowed_layers_of_step(ConfigReader& config, const StepLayers& layers) {
  std::vector<std::string> types = config.optional_texts("layer_types");
  cut_to_layers(config, "layer_types", layers, types);
  std::vector<bool> windowed;
  for (const std::string& type : types) windowed.push_back(is_windowed_type(config, type));
  windowed.resize(size(layers.count), false);
  return windowed;
}

// "3,4,5", the layers that are mixtures; all from the fourth on where nothing is stated.
std::vector<bool> listed_mixtures(ConfigReader& config, const StepLayers& layers) {
  std::vector<bool> sparse(size(layers.count), false);
  refuse_null(config, "moe_layers_enum");
  const auto listed = config.optional_text("moe_layers_enum");
  if (!listed) {
    for (std::size_t i = 3; i < sparse.size(); ++i) sparse[i] = true;
    config.fill("moe_layers_enum", "every layer from 3 on", kTypeDefault);
    return sparse;
  }
  const char* at = listed->data();
  const char* const end = at + listed->size();
  while (at < end) {
    std::size_t layer = 0;
    const auto [next, error] = std::from_chars(at, end, layer);
    if (error != std::errc{} || (next < end && *next != ',')) {
      config.refuse(fmt::format("'moe_layers_enum' is {}", quote_name(*listed)),
                    "it lists the numbers of layers with commas between them");
      return sparse;
    }
    if (layer < sparse.size()) sparse[layer] = true;
    at = next + 1;
  }
  return sparse;
}

std::vector<bool> sparse_layers_of_step(ConfigReader& config, const StepLayers& layers) {
  std::vector<std::string> types = config.optional_texts("mlp_layer_types");
  if (types.empty()) return listed_mixtures(config, layers);
  config.inert({"moe_layers_enum"});
  cut_to_layers(config, "mlp_layer_types", layers, types);
  return are_sparse(config, types);
}

// The bound on the gate of each layer; 0 is none.
std::vector<double> limits_of_layers(ConfigReader& config, std::string_view key,
                                     const StepLayers& layers) {
  std::vector<double> limits = config.optional_reals(key);
  cut_to_layers(config, key, layers, limits);
  limits.resize(size(layers.count), 0);
  for (const double limit : limits) {
    if (limit >= 0 && limit <= kFactor.most) continue;
    config.refuse(fmt::format("'{}' lists {}", key, limit), "each is 0, no limit, or above");
    limits.assign(limits.size(), 0);
    break;
  }
  return limits;
}

std::optional<GateLimit> limit_of(double limit) {
  if (limit == 0) return std::nullopt;
  return GateLimit{limit, GateLimitPlace::after_activation};
}

// The one number that all layers of a type have, of a list with one for each layer.
double of_layers(ConfigReader& config, std::string_view key, std::vector<double> numbers,
                 const std::vector<bool>& windowed, bool wanted) {
  std::optional<double> found;
  for (std::size_t i = 0; i < windowed.size() && i < numbers.size(); ++i) {
    if (windowed[i] != wanted) continue;
    if (found && *found != numbers[i]) {
      config.refuse(fmt::format("'{}' differs between layers of one type", key),
                    "layers of one type are rotated alike");
      return *found;
    }
    found = numbers[i];
  }
  return found.value_or(numbers.empty() ? 1 : numbers.front());
}

struct StepRotation {
  std::vector<double> thetas, shares;
};

Rotary rotary_of_step(ConfigReader& config, const StepRotation& rotation,
                      const std::vector<bool>& windowed, bool wanted, Integer head_dim) {
  Rotary rotary;
  rotary.theta = of_layers(config, "rope_theta", rotation.thetas, windowed, wanted);
  const double share =
      of_layers(config, "partial_rotary_factors", rotation.shares, windowed, wanted);
  if (rotary.theta <= 0 || share <= 0 || share > 1) {
    config.refuse("a theta or a share of the rotation is out of bounds",
                  "rope_theta is above 0, partial_rotary_factors above 0 and at most 1");
    return rotary;
  }
  const Integer dim = static_cast<std::int64_t>(head_dim.as_double() * share);
  if (dim != head_dim) rotary.dim = dim;
  return rotary;
}

// A theta for all layers, or a list with one for each; shares of a head likewise.
StepRotation read_step_rotation(ConfigReader& config, const StepLayers& layers) {
  StepRotation rotation;
  if (config.is_list("rope_theta")) {
    rotation.thetas = config.optional_reals("rope_theta");
    cut_to_layers(config, "rope_theta", layers, rotation.thetas);
  } else {
    rotation.thetas.assign(size(layers.count), config.real_or("rope_theta", 10000, kTypeDefault));
  }
  rotation.shares = config.optional_reals("partial_rotary_factors");
  cut_to_layers(config, "partial_rotary_factors", layers, rotation.shares);
  if (rotation.shares.empty()) rotation.shares.assign(size(layers.count), 1);
  return rotation;
}

// Only layers without a window have their frequencies stretched.
LocalAndGlobalRotary read_step_rotaries(Import& import, const StepLayers& layers,
                                        const std::vector<bool>& windowed, Integer head_dim) {
  ConfigReader& config = import.config;
  if (config.optional_object("rope_parameters") != nullptr) {
    return read_local_and_global_rotary(import, {.theta = 10000, .partial = 1}, head_dim);
  }
  const StepRotation rotation = read_step_rotation(config, layers);
  LocalAndGlobalRotary both{rotary_of_step(config, rotation, windowed, true, head_dim),
                            rotary_of_step(config, rotation, windowed, false, head_dim)};
  const auto* scaling = config.object_or_none("rope_scaling", "the frequencies are not stretched");
  if (scaling == nullptr) return both;
  ConfigReader rope = config.inner(*scaling, "rope_scaling");
  read_scaling(import, rope, {}, head_dim, both.global);
  return both;
}

void refuse_step_variants(ConfigReader& config) {
  config.inert({"need_fp32_gate", "mtp_layer_types", "mtp_mlp_layer_types", "att_impl_type",
                "use_mfa", "max_seq_len", "first_k_dense_replace"});
  config.only("use_head_wise_attn_gate", true);
  config.only("moe_router_activation", "sigmoid");
  config.only("scoring_func", "sigmoid");
  config.only("use_moe_router_bias", true);
  config.only("norm_expert_weight", true);
  config.only("use_moe", true);
  config.only("moe_every_n_layer", 1);
  config.only("n_shared_experts", 1);
  config.only("zero_centered", true);
  config.only("use_rope_layers", nlohmann::json::array());
  config.only("yarn_only_types", nlohmann::json::array({"full_attention"}));
  for (const char* key : {"sink", "attention_bias", "mlp_bias", "use_bidirectional_attention"}) {
    config.off(key);
  }
}

GroupedAttention read_step_attention(ConfigReader& config) {
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.kv_heads =
      size_under_either_name(config, "num_key_value_heads", "num_attention_groups", 8, kSize);
  attention.head_dim = config.size("head_dim");
  attention.qk_norm = QkNorm::per_head;
  attention.output_gate = OutputGate{GateWidth::head, Activation::sigmoid};
  if (!config.is_null("query_pre_attn_scalar") && config.all_read({"head_dim"})) {
    config.only("query_pre_attn_scalar", attention.head_dim.value());
  }
  return attention;
}

// The query heads of layers with a window.
Integer window_heads(ConfigReader& config, const GroupedAttention& global) {
  constexpr std::string_view kHeads = "num_sliding_attention_heads";
  const auto* other = config.optional_object("attention_other_setting");
  if (config.contains(kHeads) && !config.is_null(kHeads)) return config.size(kHeads);
  config.inert({kHeads});
  if (other == nullptr) return global.query_heads;
  ConfigReader own = config.inner(*other, "attention_other_setting");
  const Integer heads =
      own.size_or("num_attention_heads", global.query_heads, "as other layers have");
  own.only("attention_type", "sliding_attention");
  own.only("num_attention_groups", global.kv_heads.value());
  own.only("head_dim", global.head_dim.value());
  own.inert({"true_head_dim"});
  own.finish();
  return heads;
}

MixtureFeedForward read_step_mixture(ConfigReader& config, Activation activation) {
  MixtureFeedForward mixture;
  mixture.experts =
      size_under_either_name(config, "n_routed_experts", "moe_num_experts", 288, kExperts);
  mixture.experts_per_token =
      size_under_either_name(config, "num_experts_per_tok", "moe_top_k", 8, kExperts);
  mixture.expert_width = config.size_or("moe_intermediate_size", 1280, kTypeDefault);
  mixture.shared_width =
      size_under_either_name(config, "share_expert_dim", "share_expert_dims", 1280, kSize);
  mixture.activation = activation;
  mixture.router.scoring = Scoring::sigmoid;
  mixture.router.correction_bias = true;
  mixture.router.normalized_weights = true;
  const double scale = config.real_or("moe_router_scaling_factor", 1, kTypeDefault);
  if (scale != 1) mixture.router.weight_scale = scale;
  return mixture;
}

// The kinds of feed-forward: dense or a mixture, with the limits of its layer.
struct StepFeedForwards {
  Kinds<FeedForward, std::tuple<bool, double, double>> kinds;
  std::vector<std::size_t> layers;
};

StepFeedForwards read_step_feed_forwards(Import& import, const StepLayers& layers) {
  ConfigReader& config = import.config;
  const Activation activation = activation_or(import, "hidden_act", Activation::silu);
  const MixtureFeedForward mixture = read_step_mixture(config, activation);
  const DenseFeedForward dense{config.size_or("intermediate_size", 11264, kTypeDefault), activation,
                               true, false};
  const std::vector<bool> sparse = sparse_layers_of_step(config, layers);
  const std::vector<double> routed = limits_of_layers(config, "swiglu_limits", layers);
  const std::vector<double> always = limits_of_layers(config, "swiglu_limits_shared", layers);
  StepFeedForwards all;
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    const auto make = [&]() -> FeedForward {
      if (!sparse[i]) {
        DenseFeedForward kind = dense;
        kind.gate_limit = limit_of(always[i]);
        return kind;
      }
      MixtureFeedForward kind = mixture;
      kind.gate_limit = limit_of(routed[i]);
      kind.shared_gate_limit = limit_of(always[i]);
      return kind;
    };
    all.layers.push_back(all.kinds.place_of({sparse[i], sparse[i] ? routed[i] : 0, always[i]},
                                            sparse[i] ? "moe" : "dense", make));
  }
  return all;
}

}  // namespace

// modeling_step3p7.py, whose text model is that of Step 3.5 too.
void import_step3p5(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::step3p5;
  refuse_step_variants(config);
  read_whole(import, {128815, 4096, 128000, 1e-5}, spec);
  const Integer count = config.size_or("num_hidden_layers", 45, kTypeDefault, kLayers);
  const Integer predicting =
      config.size_or("num_nextn_predict_layers", 0, kTypeDefault, Range{0, kMostLayers});
  const StepLayers layers{count, count + predicting};
  GroupedAttention global = read_step_attention(config);
  GroupedAttention local = global;
  local.query_heads = window_heads(config, global);
  const std::vector<bool> windowed = windowed_layers_of_step(config, layers);
  if (std::find(windowed.begin(), windowed.end(), true) != windowed.end()) {
    local.window = config.size("sliding_window", kPositions);
  } else {
    config.inert({"sliding_window"});
  }
  const LocalAndGlobalRotary rotary = read_step_rotaries(import, layers, windowed, global.head_dim);
  global.rotary = rotary.global;
  local.rotary = rotary.local;
  const StepFeedForwards feed_forwards = read_step_feed_forwards(import, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(count); ++i) {
    parts.push_back({windowed[i] ? 1U : 0U, feed_forwards.layers[i]});
  }
  add_layers(spec, {{"global", global}, {"local", local}}, feed_forwards.kinds.kinds(), parts);
}

}  // namespace llmarch
