#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/huggingface/hf_layer_kinds.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

constexpr Range kSharingLayers{0, kMostLayers};

ParallelStreams gemma3n_streams(ConfigReader& config) {
  ParallelStreams streams;
  streams.count = config.size_or("altup_num_inputs", 4, kTypeDefault, kStreams);
  streams.active = config.size_or("altup_active_idx", 0, kTypeDefault, kStreamIndex);
  streams.coefficient_clip = config.optional_real_or("altup_coef_clip", 120, kTypeDefault);
  return streams;
}

PerLayerEmbedding gemma3n_per_layer_embedding(ConfigReader& config, Activation activation) {
  PerLayerEmbedding embedding;
  embedding.vocabulary = config.size_or("vocab_size_per_layer_input", 262144, kTypeDefault);
  embedding.width = config.size_or("hidden_size_per_layer_input", 256, kTypeDefault);
  embedding.activation = activation;
  // Without it the class keeps the scale's parameters and does not use them, which no spec says.
  config.only("altup_correct_scale", true);
  embedding.scaled_input = true;
  return embedding;
}

// A width for all layers, or one for each: a slice of a larger model (MatFormer).
std::vector<Integer> gemma3n_widths(ConfigReader& config, std::size_t layers) {
  constexpr std::string_view kKey = "intermediate_size";
  if (!config.is_list(kKey)) {
    return std::vector<Integer>(layers, config.size_or(kKey, 16384, kTypeDefault));
  }
  std::vector<Integer> widths;
  for (const std::int64_t width : config.indices_or_none(kKey, "")) widths.emplace_back(width);
  const auto is_size = [](Integer width) { return width >= kSize.least && width <= kSize.most; };
  if (!std::all_of(widths.begin(), widths.end(), is_size)) {
    config.refuse("'intermediate_size' lists a width that is no size",
                  fmt::format("each is from {} to {}", kSize.least, kSize.most));
    widths.assign(layers, 1);
  }
  one_for_each_layer(config, kKey, widths.size(), static_cast<std::int64_t>(layers));
  widths.resize(layers, 1);
  return widths;
}

std::vector<double> gemma3n_sparsities(ConfigReader& config, std::size_t layers) {
  constexpr std::string_view kKey = "activation_sparsity_pattern";
  constexpr std::size_t kSparseByDefault = 10;
  std::vector<double> shares = config.optional_reals(kKey);
  if (shares.empty()) {
    shares.assign(layers, 0);
    if (layers > kSparseByDefault) std::fill_n(shares.begin(), kSparseByDefault, 0.95);
    config.fill(kKey, layers > kSparseByDefault ? "0.95 in the first 10 layers" : "none",
                kTypeDefault);
  }
  const auto is_share = [](double share) { return share >= 0 && share <= kShare.most; };
  if (!std::all_of(shares.begin(), shares.end(), is_share)) {
    config.refuse("'activation_sparsity_pattern' lists a number that is no share",
                  "each is from 0, nothing cut off, to less than 1");
  }
  one_for_each_layer(config, kKey, shares.size(), static_cast<std::int64_t>(layers));
  shares.resize(layers, 0);
  return shares;
}

// The kinds of feed-forward, and which of them each layer has.
struct Gemma3nFeedForwards {
  Kinds<FeedForward, std::pair<std::int64_t, double>> kinds;
  std::vector<std::size_t> layers;
};

Gemma3nFeedForwards gemma3n_feed_forwards(ConfigReader& config, Activation activation,
                                          std::size_t layers) {
  const std::vector<Integer> widths = gemma3n_widths(config, layers);
  const std::vector<double> shares = gemma3n_sparsities(config, layers);
  Gemma3nFeedForwards all;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const double share = shares[layer];
    const auto make = [&] {
      DenseFeedForward dense{widths[layer], activation, true, false};
      if (share > 0) dense.activation_sparsity = share;
      return dense;
    };
    all.layers.push_back(
        all.kinds.place_of({widths[layer].value(), share}, share > 0 ? "sparse" : "dense", make));
  }
  return all;
}

// Whether each layer has the window: by layer_types, or all but every fifth.
std::vector<bool> windowed_layers_of_gemma3n(Import& import, Integer layers) {
  const auto types = layer_types(import, layers, {"sliding_attention", "full_attention"});
  std::vector<bool> windowed;
  for (std::size_t i = 0; i < size(layers); ++i) {
    windowed.push_back(types.empty() ? (i + 1) % 5 != 0 : types[i] == "sliding_attention");
  }
  return windowed;
}

void add_gemma3n_layers(Import& import, ArchSpec& spec, const GroupedAttention& local,
                        const GroupedAttention& global) {
  ConfigReader& config = import.config;
  const Integer layers = config.size("num_hidden_layers", kLayers);
  const std::vector<bool> windowed = windowed_layers_of_gemma3n(import, layers);
  const Gemma3nFeedForwards feed_forwards =
      gemma3n_feed_forwards(config, spec.per_layer_embedding->activation, size(layers));
  const std::vector<Named<Mixer>> attention{{"local", local},
                                            {"global", global},
                                            {"local_shared", sharing_kv_of(local, "local")},
                                            {"global_shared", sharing_kv_of(global, "global")}};
  const Integer shared = config.size_or("num_kv_shared_layers", 15, kTypeDefault, kSharingLayers);
  // Where every layer would share, none does.
  const Integer first_shared = shared < layers ? layers - shared : layers;
  std::vector<LayerParts> parts;
  for (std::size_t layer = 0; layer < size(layers); ++layer) {
    const std::size_t owner = windowed[layer] ? 0 : 1;
    parts.push_back({layer < size(first_shared) ? owner : owner + 2, feed_forwards.layers[layer]});
  }
  add_layers(spec, attention, feed_forwards.kinds.kinds(), parts);
  resolve_shared_kv(import, spec);
}

}  // namespace

// modeling_gemma3n.py, configuration_gemma3n.py; its defaults are those of E4B.
void import_gemma3n_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gemma3n;
  config.inert({"cache_implementation", "hidden_act", "altup_lr_multiplier"});
  spec.vocabulary = config.size_or("vocab_size", 262400, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 2048, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 32768, kTypeDefault, kPositions);
  spec.norm = {NormKind::rms, config.real_or("rms_norm_eps", 1e-6, kTypeDefault, kEpsilon),
               NormPlacement::before_and_after};
  spec.head = read_head(import, Flag::Absent::on);
  spec.scaled_embedding = true;
  spec.logit_soft_cap = config.optional_real_or("final_logit_softcapping", 30, kTypeDefault);
  spec.parallel_streams = gemma3n_streams(config);
  spec.per_layer_embedding = gemma3n_per_layer_embedding(
      config, activation_or(import, "hidden_activation", Activation::gelu_tanh));
  spec.low_rank_residual = config.size_or("laurel_rank", 64, kTypeDefault);

  GroupedAttention global;
  global.query_heads = config.size_or("num_attention_heads", 8, kTypeDefault);
  global.kv_heads = config.size_or("num_key_value_heads", 2, kTypeDefault);
  global.head_dim = config.size_or("head_dim", 256, kTypeDefault);
  global.qkv_bias = config.flag_or("attention_bias", false, kTypeDefault);
  global.output_bias = global.qkv_bias;
  global.qk_norm = QkNorm::per_head;
  global.value_norm = true;
  global.query_scalar = 1;  // scores are not scaled
  GroupedAttention local = global;
  local.window = config.size_or("sliding_window", 512, kTypeDefault, kPositions);
  const LocalAndGlobalRotary rotary = read_local_and_global_rotary(
      import, {.theta = 1000000, .local_theta = "rope_local_base_freq"}, global.head_dim);
  local.rotary = rotary.local;
  global.rotary = rotary.global;
  add_gemma3n_layers(import, spec, local, global);
}

}  // namespace llmarch
