// LFM2, modeling_lfm2.py, and its mixtures, modeling_lfm2_moe.py: layers of attention among layers
// of gated short convolutions.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

// The kinds of mixer, in this order.
constexpr std::size_t kConvolution = 0;
constexpr std::size_t kAttention = 1;

// `hidden` is what the class fills.
void read_whole(Import& import, std::int64_t hidden, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::lfm2;
  spec.vocabulary = read_size(config, {"vocab_size", 65536});
  spec.hidden = read_size(config, {"hidden_size", hidden});
  spec.context_limit = read_size(config, {"max_position_embeddings", 128'000}, kPositions);
  spec.norm = {NormKind::rms, config.real_or("norm_eps", 1e-5, kTypeDefault, kEpsilon)};
  config.only("tie_embedding", true);
  spec.head = read_head(import, Flag::Absent::on);
}

GroupedAttention read_lfm2_attention(Import& import, Integer hidden) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = read_size(config, {"num_attention_heads", 32});
  attention.kv_heads = config.size_or(kKvHeads, 8, kTypeDefault);
  attention.head_dim = read_head_dim(config, hidden, attention.query_heads, std::nullopt);
  attention.qk_norm = QkNorm::per_head;
  config.off("theta");
  attention.rotary = read_rotary(import, {.theta = 1'000'000}, attention.head_dim);
  return attention;
}

ShortConvolution read_convolution(Import& import) {
  import.config.off("conv_bias");
  return {import.config.size_or("conv_L_cache", 3, kTypeDefault, kKernel)};
}

// Names that Liquid's own code has for sizes that the library reads elsewhere, and what only its
// training reads.
void check_own_fields(ConfigReader& config, Integer hidden, Integer query_heads) {
  if (config.all_read({"hidden_size"})) {
    for (const char* key : {"block_dim", "conv_dim", "conv_dim_out"}) {
      config.only(key, hidden.value());
    }
  }
  if (config.all_read({"num_attention_heads"})) config.only("num_heads", query_heads.value());
  config.only("block_use_swiglu", true);
  config.only("use_pos_enc", true);
  config.inert({"block_norm_eps", "conv_use_xavier_init", "block_mlp_init_scale",
                "block_out_init_scale", "block_use_xavier_init"});
}

// Two thirds of what is stated, times the multiplier, up to the next multiple; without a multiplier
// the two thirds alone.
Integer adjusted_width(Import& import, Integer stated) {
  ConfigReader& config = import.config;
  const auto multiplier = config.optional_real_or("block_ffn_dim_multiplier", 1, kTypeDefault);
  const Integer multiple = config.size_or("block_multiple_of", 256, kTypeDefault);
  double width = (2 * stated / 3).as_double();
  if (multiplier) {
    const double step = multiple.as_double();
    width = std::ceil(std::floor(*multiplier * width) / step) * step;
  }
  if (width >= 1 && width <= kSize.most) return static_cast<std::int64_t>(width);
  config.refuse(fmt::format("'block_ff_dim', 'block_ffn_dim_multiplier' and 'block_multiple_of' "
                            "make the feed-forward {:g} wide",
                            width),
                fmt::format("it is at least 1 and at most {}", kSize.most));
  return 1;
}

// block_ff_dim is Liquid's own name for intermediate_size, and stands above it.
Integer read_width(Import& import) {
  ConfigReader& config = import.config;
  const bool by_own_name = config.contains("block_ff_dim");
  if (by_own_name) config.inert({"intermediate_size"});
  const Integer stated = config.contains("intermediate_size") && !by_own_name
                             ? config.size("intermediate_size")
                             : config.size_or("block_ff_dim", 12288, kTypeDefault);
  if (config.flag_or("block_auto_adjust_ff_dim", true, kTypeDefault)) {
    return adjusted_width(import, stated);
  }
  config.inert({"block_ffn_dim_multiplier", "block_multiple_of"});
  return stated;
}

DenseFeedForward gated_feed_forward(Integer width) {
  return {.width = width, .activation = Activation::silu, .gated = true};
}

Router lfm2_router(ConfigReader& config) {
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = config.flag_or("use_expert_bias", true, kTypeDefault);
  router.normalized_weights = config.flag_or("norm_topk_prob", true, kTypeDefault);
  const double scale = config.real_or("routed_scaling_factor", 1, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  return router;
}

constexpr MixtureClass kLfm2Moe{.experts = {"num_experts", 32},
                                .experts_per_token = {"num_experts_per_tok", 4},
                                .expert_width = {"moe_intermediate_size", 1792},
                                .router = lfm2_router};

// The mixer of each layer: layer_types, or attention in the layers that full_attn_idxs lists, or
// without either in every layer.
std::vector<std::size_t> mixers_of_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::string> types = layer_types(import, layers, {"conv", "full_attention"});
  if (!types.empty()) config.inert({"full_attn_idxs"});
  std::vector<std::size_t> mixers(size(layers), kConvolution);
  for (std::size_t i = 0; i < std::min(types.size(), mixers.size()); ++i) {
    if (types[i] == "full_attention") mixers[i] = kAttention;
  }
  if (!types.empty()) return mixers;
  if (!config.contains("full_attn_idxs") || config.is_null("full_attn_idxs")) {
    config.fill("full_attn_idxs", "every layer", kTypeDefault);
    return std::vector<std::size_t>(size(layers), kAttention);
  }
  for (const std::int64_t i : config.indices_or_none("full_attn_idxs", kTypeDefault)) {
    if (i >= 0 && i < layers.value()) mixers[static_cast<std::size_t>(i)] = kAttention;
  }
  return mixers;
}

// `dense` layers from the first on have the first kind of feed-forward, those after them the last.
void add_lfm2_layers(Import& import, ArchSpec& spec, const std::vector<Named<FeedForward>>& kinds,
                     Integer layers, Integer dense) {
  const GroupedAttention attention = read_lfm2_attention(import, spec.hidden);
  const std::vector<Named<Mixer>> mixers{{"conv", read_convolution(import)}, {"gqa", attention}};
  check_own_fields(import.config, spec.hidden, attention.query_heads);
  std::vector<LayerParts> parts;
  for (const std::size_t mixer : mixers_of_layers(import, layers)) {
    parts.push_back({mixer, std::ssize(parts) < dense.value() ? 0 : kinds.size() - 1});
  }
  add_layers(spec, mixers, kinds, parts);
}

}  // namespace

void import_lfm2(Import& import, ArchSpec& spec) {
  read_whole(import, 2560, spec);
  const Integer layers = read_size(import.config, {"num_hidden_layers", 32}, kLayers);
  add_lfm2_layers(import, spec, {{"mlp", gated_feed_forward(read_width(import))}}, layers, layers);
}

void import_lfm2_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_whole(import, 2048, spec);
  const Integer layers = read_size(config, {"num_hidden_layers", 32}, kLayers);
  const Integer dense = config.size_or("num_dense_layers", 2, kTypeDefault, Range{0, kMostLayers});
  const Integer width = config.size_or("intermediate_size", 7168, kTypeDefault);
  config.stated("layer_types");
  refuse_null(config, "layer_types");
  add_lfm2_layers(import, spec,
                  {{"dense", gated_feed_forward(width)},
                   {"moe", read_mixture(import, kLfm2Moe, Activation::silu, layers)}},
                  layers, dense);
}

}  // namespace llmarch
