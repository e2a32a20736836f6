#include <fmt/format.h>

#include <algorithm>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

// What the fields say of each layer.
struct CohereLayers {
  std::vector<bool> windowed;
  std::vector<bool> sparse;
  bool dense_layers_rotate = false;  // those with a dense feed-forward, with a window or not
};

// Every period-th of `count` layers has no window.
void add_by_period(std::vector<bool>& windowed, Integer count, Integer period) {
  for (Integer i = 0; i < count; i += 1) windowed.push_back((i + 1) % period != 0);
}

// The layers before the mixtures have a period of their own.
std::vector<bool> windowed_cohere_layers(Import& import, Integer layers, Integer dense,
                                         Integer dense_period) {
  ConfigReader& config = import.config;
  const Integer period = config.size_or("sliding_window_pattern", 4, kTypeDefault, kRepeats);
  std::vector<bool> windowed;
  const auto types = layer_types(import, layers, {"sliding_attention", "full_attention"});
  if (types.empty()) {
    add_by_period(windowed, dense, dense_period);
    add_by_period(windowed, layers - dense, period);
  }
  for (const std::string& type : types) windowed.push_back(type == "sliding_attention");
  return windowed;
}

CohereLayers read_cohere_layers(Import& import) {
  ConfigReader& config = import.config;
  const Integer layers = config.size_or("num_hidden_layers", 40, kTypeDefault, kLayers);
  constexpr std::string_view kFirst = "first_k_dense_replace";
  const Integer stated =
      config.contains(kFirst) ? config.size(kFirst, Range{0, kMostLayers}) : Integer(0);
  const Integer dense = std::min(stated, layers);
  const Integer dense_period =
      config.size_or("prefix_dense_sliding_window_pattern", 1, kTypeDefault, kRepeats);
  return {windowed_cohere_layers(import, layers, dense, dense_period),
          sparse_by_mlp_types(import, layers, dense), dense_period == 1};
}

Norm read_cohere_norm(ConfigReader& config) {
  constexpr std::string_view kRms = "rms_norm_eps";
  if (config.contains(kRms) && !config.is_null(kRms)) {
    config.inert({"layer_norm_eps"});
    return {NormKind::rms, config.real(kRms, kEpsilon), NormPlacement::before};
  }
  return {NormKind::layer, config.real_or("layer_norm_eps", 1e-5, kTypeDefault, kEpsilon),
          NormPlacement::before, NormOmission::bias};
}

// The largest logits of all, and a softmax over them or the sigmoid of each.
Router read_cohere_router(ConfigReader& config) {
  constexpr std::string_view kKey = "expert_selection_fn";
  const bool normalized = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  const std::string scoring = config.contains(kKey) ? config.text(kKey) : "softmax";
  if (!config.contains(kKey)) config.fill(kKey, scoring, kTypeDefault);
  Router router;
  router.scoring = scoring == "sigmoid" ? Scoring::sigmoid : Scoring::softmax;
  router.normalized_weights = scoring == "softmax" || normalized;
  if (scoring != "softmax" && scoring != "sigmoid" && config.all_read({kKey})) {
    config.refuse(fmt::format("'{}' is {}", kKey, quote_name(scoring)),
                  "supported: softmax, sigmoid");
  }
  return router;
}

MixtureFeedForward read_cohere_mixture(Import& import, Activation activation) {
  ConfigReader& config = import.config;
  constexpr std::string_view kStrategy = "shared_expert_combination_strategy";
  MixtureFeedForward mixture;
  mixture.experts = config.size_or("num_experts", 8, kTypeDefault, kExperts);
  mixture.experts_per_token = config.size_or("num_experts_per_tok", 2, kTypeDefault, kExperts);
  mixture.expert_width = config.size_or("intermediate_size", 22528, kTypeDefault);
  mixture.activation = activation;
  mixture.router = read_cohere_router(config);
  const Integer shared =
      config.size_or("num_shared_experts", 0, kTypeDefault, Range{0, kExperts.most});
  const std::string strategy = config.contains(kStrategy) ? config.text(kStrategy) : "average";
  if (shared == 0) return mixture;
  mixture.shared_width =
      bounded(import, shared * mixture.expert_width, "num_shared_experts x intermediate_size");
  if (strategy == "average") mixture.sum_multiplier = 0.5;
  if (strategy != "average" && strategy != "sum" && config.all_read({kStrategy})) {
    config.refuse(fmt::format("'{}' is {}", kStrategy, quote_name(strategy)),
                  "supported: average, sum");
  }
  return mixture;
}

GroupedAttention read_cohere_attention(Import& import, Integer hidden) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 64, kTypeDefault);
  attention.kv_heads = read_kv_heads(config, attention.query_heads, std::nullopt);
  attention.head_dim = read_head_dim(config, hidden, attention.query_heads, 128);
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  attention.output_bias = attention.qkv_bias;
  return attention;
}

}  // namespace

// configuration_cohere2_moe.py, modeling_cohere2_moe.py
void import_cohere2_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", 256000, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 8192, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 8192, kTypeDefault, kPositions);
  spec.norm = read_cohere_norm(config);
  spec.head = read_head(import, Flag::Absent::on);
  const double scale = config.real_or("logit_scale", 0.0625, kTypeDefault);
  if (scale != 1) spec.logit_multiplier = scale;
  const GroupedAttention plain = read_cohere_attention(import, spec.hidden);
  GroupedAttention rotated = plain;
  rotated.rotary = read_rotary(import, {RotaryLayout::interleaved}, plain.head_dim);
  GroupedAttention local = rotated;
  local.window = config.optional_size_or("sliding_window", Integer(4096), kTypeDefault, kPositions);
  const Activation activation = activation_or(import, "hidden_act", Activation::silu);
  const MixtureFeedForward mixture = read_cohere_mixture(import, activation);
  const Integer dense_width = config
                                  .optional_size_or("prefix_dense_intermediate_size",
                                                    mixture.expert_width, "intermediate_size")
                                  .value_or(mixture.expert_width);
  const CohereLayers layers = read_cohere_layers(import);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < layers.windowed.size(); ++i) {
    const bool window = layers.windowed[i] && local.window;
    const bool turned = window || (!layers.sparse[i] && layers.dense_layers_rotate);
    parts.push_back({window ? 0U : turned ? 1U : 2U, layers.sparse[i] ? 0U : 1U});
  }
  add_layers(spec, {{"local", local}, {"global_rope", rotated}, {"global", plain}},
             {{"moe", mixture}, {"dense", DenseFeedForward{dense_width, activation, true, false}}},
             parts, Arrangement::parallel_on_one_norm);
}

}  // namespace llmarch
