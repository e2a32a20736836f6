// DeepSeek-V4: attention over the newest keys and, in most layers, over entries that stand for many
// of them; a residual stream of several vectors; mixtures whose first layers take the experts of a
// token from a table. Checkpoints state some fields under older names (configuration_deepseek_v4.py
// takes both).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"
#include "sim/huggingface/hf_rotary_scaling.h"

namespace llmarch {
namespace {

constexpr std::array<std::string_view, 3> kLayerTypes{
    "sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"};
constexpr std::size_t kSliding = 0, kSparse = 1, kHeavy = 2;
constexpr std::size_t kListed = 0, kRouted = 1;  // mixtures

// What the class fixes, whether a config says so or not. It normalises the weights of experts,
// whatever norm_topk_prob says, and has one shared expert.
void refuse_other_deepseek_v4(ConfigReader& config) {
  config.only("num_key_value_heads", 1);
  config.only("n_shared_experts", 1);
  config.only("topk_method", "noaux_tc");
  config.only("hidden_act", "silu");
  for (const char* key : {"attention_bias", "mlp_bias"}) config.off(key);
  config.inert({"attention_dropout", "norm_topk_prob", "router_jitter_noise", "expert_dtype"});
}

// The rotated part of a head is stated as such or as a share of the head.
Integer read_rope_head_dim(ConfigReader& config, Integer head_dim) {
  constexpr std::string_view kShare = "partial_rotary_factor";
  constexpr std::string_view kWidth = "qk_rope_head_dim";
  if (config.contains(kShare) && !config.is_null(kShare)) {
    const double share = config.real(kShare, kTurnedShare);
    const Integer width = static_cast<std::int64_t>(head_dim.as_double() * share);
    config.only(kWidth, width.value());
    return width;
  }
  config.inert({kShare});
  return config.size_or(kWidth, head_dim / 8, "an eighth of head_dim");
}

// Positions of layers with the window alone, and of those with entries. In older configs only the
// latter are scaled, and YaRN does not change the size of their tables unless a factor is stated.
struct BothRotaries {
  Rotary sliding, compressed;
};

Rotary not_scaled(double theta) {
  Rotary rotary;
  rotary.theta = theta;
  rotary.layout = RotaryLayout::interleaved;
  return rotary;
}

RotaryClass rotary_class(double theta) {
  return {.layout = RotaryLayout::interleaved, .theta = theta};
}

Rotary read_nested_rotary(Import& import, const nlohmann::json& both, std::string_view label,
                          double theta, Integer turned_of_head, Integer head_dim) {
  ConfigReader& config = import.config;
  const std::string where = fmt::format("rope_parameters.{}", label);
  const nlohmann::json& own = both.at(std::string(label));
  Rotary rotary = not_scaled(theta);
  if (!own.is_object()) {
    config.refuse(fmt::format("'{}' is no object", where), "it holds rope_type and rope_theta");
    return rotary;
  }
  ConfigReader rope = config.inner(own, where);
  rotary.theta = rope.real_or("rope_theta", theta, kTypeDefault, kTheta);
  rope.only("partial_rotary_factor", turned_of_head.as_double() / head_dim.as_double());
  read_scaling(import, rope, rotary_class(theta), turned_of_head, rotary);
  return rotary;
}

void keep_table_size(Rotary& rotary) {
  if (!rotary.scaling) return;
  auto* yarn = std::get_if<YarnScaling>(&*rotary.scaling);
  if (yarn != nullptr && !yarn->attention_factor) yarn->attention_factor = 1;
}

BothRotaries read_rotaries(Import& import, Integer head_dim, Integer turned) {
  ConfigReader& config = import.config;
  const double theta = config.real_or("rope_theta", 10000, kTypeDefault, kTheta);
  const double compressed = config.real_or("compress_rope_theta", 160000, kTypeDefault, kTheta);
  BothRotaries both{not_scaled(theta), not_scaled(compressed)};
  const bool newer = config.contains("rope_parameters") && !config.is_null("rope_parameters");
  const char* const place = newer ? "rope_parameters" : "rope_scaling";
  config.inert({newer ? "rope_scaling" : "rope_parameters"});
  const nlohmann::json* stated = config.object_or_none(place, "the frequencies are not stretched");
  if (stated == nullptr) return both;
  if (stated->contains("main") && stated->contains("compress")) {
    return {read_nested_rotary(import, *stated, "main", theta, turned, head_dim),
            read_nested_rotary(import, *stated, "compress", compressed, turned, head_dim)};
  }
  ConfigReader rope = config.inner(*stated, place);
  rope.inert({"rope_theta"});
  read_scaling(import, rope, rotary_class(compressed), turned, both.compressed);
  keep_table_size(both.compressed);
  return both;
}

// How many positions an entry stands for, by the type of layer; 0 for layers without entries.
using Rates = std::array<Integer, kLayerTypes.size()>;

Rates read_rates(ConfigReader& config) {
  Rates rates{0, 4, 128};
  constexpr std::array<std::string_view, 3> kOlder{"", "compress_rate_csa", "compress_rate_hca"};
  const nlohmann::json* object = config.optional_object("compress_rates");
  for (const std::size_t type : {kSparse, kHeavy}) {
    if (object != nullptr) {
      ConfigReader stated = config.inner(*object, "compress_rates");
      rates.at(type) = stated.size(kLayerTypes[type], kPositions);
      stated.finish_missing();
    }
    if (!config.contains(kOlder[type])) continue;
    const Integer older = config.size(kOlder[type], kPositions);
    if (object != nullptr) config.only(kOlder[type], rates.at(type).value());
    rates.at(type) = older;
  }
  return rates;
}

// The types of all layers where "layer_types" does not list them: as the makers' list of rates
// says, or the class's own pattern.
std::vector<std::size_t> types_by_rates(ConfigReader& config, std::span<const std::int64_t> ratios,
                                        Integer layers) {
  std::vector<std::size_t> types;
  for (std::size_t i = 0; i < size(layers); ++i) {
    if (ratios.empty()) {
      types.push_back(i < 2 || i % 2 == 0 ? kHeavy : kSparse);
      continue;
    }
    const std::map<std::int64_t, std::size_t> known{{0, kSliding}, {4, kSparse}, {128, kHeavy}};
    const auto found = known.find(ratios[i]);
    if (found == known.end()) {
      config.refuse(
          fmt::format("'compress_ratios' lists {}, and 'layer_types' is missing", ratios[i]),
          "without layer_types, 0, 4 and 128 say what a layer is");
      return std::vector<std::size_t>(size(layers), kSliding);
    }
    types.push_back(found->second);
  }
  return types;
}

// The makers' list goes on with their prediction layers.
std::vector<std::int64_t> read_ratios(ConfigReader& config, Integer layers) {
  std::vector<std::int64_t> ratios;
  if (!config.contains("compress_ratios")) return ratios;
  ratios = config.indices_or_none("compress_ratios", "");
  const Integer predicting = config.contains("num_nextn_predict_layers")
                                 ? config.size("num_nextn_predict_layers", Range{0, kMostLayers})
                                 : Integer(0);
  const auto listed = Integer(std::ssize(ratios));
  if (listed != layers + predicting)
    one_for_each_layer(config, "compress_ratios", ratios.size(), layers);
  ratios.resize(size(layers), 0);
  return ratios;
}

std::vector<std::size_t> read_types(Import& import, const Rates& rates, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::int64_t> ratios = read_ratios(config, layers);
  const std::vector<std::string> named =
      layer_types(import, layers, {kLayerTypes.begin(), kLayerTypes.end()});
  if (named.empty()) return types_by_rates(config, ratios, layers);
  std::vector<std::size_t> types;
  for (const std::string& name : named) {
    types.push_back(
        static_cast<std::size_t>(std::ranges::find(kLayerTypes, name) - kLayerTypes.begin()));
  }
  for (std::size_t i = 0; i < std::min(types.size(), ratios.size()); ++i) {
    if (rates.at(types[i]) == ratios[i]) continue;
    config.refuse(fmt::format("'compress_ratios' lists {} for layer {}, and its type has {}",
                              ratios[i], i + 1, rates.at(types[i]).value()),
                  "they name the same thing: keep the right one");
    break;
  }
  return types;
}

// The attention of all types of layer, in the order of kLayerTypes.
std::vector<Named<Mixer>> read_attentions(Import& import, const Rates& rates) {
  ConfigReader& config = import.config;
  CompressedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 64, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 512, kTypeDefault);
  attention.rope_head_dim = read_rope_head_dim(config, attention.head_dim);
  attention.query_latent_dim = config.size_or("q_lora_rank", 1024, kTypeDefault);
  attention.window = config.size_or("sliding_window", 128, kTypeDefault, kPositions);
  attention.output_groups = config.size_or("o_groups", 8, kTypeDefault);
  attention.output_latent_dim = config.size_or("o_lora_rank", 1024, kTypeDefault);
  const BothRotaries rotaries = read_rotaries(import, attention.head_dim, attention.rope_head_dim);
  attention.rotary = rotaries.sliding;
  CompressedAttention sparse = attention;
  sparse.rotary = rotaries.compressed;
  CompressedAttention heavy = sparse;
  heavy.compression = Compression{rates[kHeavy]};
  sparse.compression =
      Compression{rates[kSparse], true,
                  EntryIndex{config.size_or("index_n_heads", 64, kTypeDefault),
                             config.size_or("index_head_dim", 128, kTypeDefault),
                             config.size_or("index_topk", 512, kTypeDefault, kPositions)}};
  return {{"sliding", attention}, {"csa", sparse}, {"hca", heavy}};
}

Router deepseek_v4_router(ConfigReader& config) {
  Router router;
  const std::string scoring =
      config.contains("scoring_func") ? config.text("scoring_func") : std::string("sqrtsoftplus");
  router.scoring = scoring == "sigmoid" ? Scoring::sigmoid : Scoring::root_softplus;
  if (scoring != "sigmoid" && scoring != "sqrtsoftplus" && config.all_read({"scoring_func"})) {
    config.refuse(fmt::format("scoring_func {} is not supported", quote_name(scoring)),
                  "supported: sqrtsoftplus, sigmoid");
  }
  router.correction_bias = true;
  router.normalized_weights = true;
  const double scale = config.real_or("routed_scaling_factor", 1.5, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  return router;
}

constexpr MixtureClass kDeepseekV4Mixture{.experts = {"n_routed_experts", 256},
                                          .experts_per_token = {"num_experts_per_tok", 6},
                                          .expert_width = {"moe_intermediate_size", 2048},
                                          .router = deepseek_v4_router};

// Those whose experts a table lists, and those that route.
std::vector<Named<FeedForward>> read_mixtures(Import& import, Integer layers) {
  MixtureFeedForward routed = read_mixture(import, kDeepseekV4Mixture, Activation::silu, layers);
  routed.shared_width = routed.expert_width;
  routed.gate_limit = routed.shared_gate_limit = GateLimit{
      import.config.real_or("swiglu_limit", 10, kTypeDefault), GateLimitPlace::before_activation};
  MixtureFeedForward listed = routed;
  listed.router.correction_bias = false;
  listed.router.listed_by_token = true;
  return {{"moe_by_token", listed}, {"moe", routed}};
}

// Which layers take experts from the table: as "mlp_layer_types" lists them, or the first.
std::vector<std::size_t> read_mixture_types(ConfigReader& config, Integer layers) {
  std::vector<std::size_t> types;
  for (const std::string& type : config.optional_texts("mlp_layer_types")) {
    if (type != "hash_moe" && type != "moe") {
      config.refuse(fmt::format("mlp layer type {} is not supported", quote_name(type)),
                    "supported: hash_moe, moe");
    }
    types.push_back(type == "hash_moe" ? kListed : kRouted);
  }
  if (!types.empty()) {
    one_for_each_layer(config, "mlp_layer_types", types.size(), layers);
    config.inert({"num_hash_layers"});
    types.resize(size(layers), kRouted);
    return types;
  }
  const Integer listed = config.size_or("num_hash_layers", 3, kTypeDefault, Range{0, kMostLayers});
  for (Integer i = 0; i < layers; i += 1) types.push_back(i < listed ? kListed : kRouted);
  return types;
}

}  // namespace

// modeling_deepseek_v4.py
void import_deepseek_v4(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::deepseek_v4;
  refuse_other_deepseek_v4(config);
  read_whole(import, {129280, 4096, 1048576, 1e-6}, spec);
  const Integer layers = config.size_or("num_hidden_layers", 43, kTypeDefault, kLayers);
  spec.hyper_connections =
      HyperConnections{config.size_or("hc_mult", 4, kTypeDefault, kStreams),
                       config.size_or("hc_sinkhorn_iters", 20, kTypeDefault, kRepeats),
                       config.real_or("hc_eps", 1e-6, kTypeDefault, kEpsilon)};
  const Rates rates = read_rates(config);
  const std::vector<std::size_t> types = read_types(import, rates, layers);
  const std::vector<Named<Mixer>> attentions = read_attentions(import, rates);
  const std::vector<Named<FeedForward>> mixtures = read_mixtures(import, layers);
  const std::vector<std::size_t> mixture_types = read_mixture_types(config, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) parts.push_back({types[i], mixture_types[i]});
  add_layers(spec, attentions, mixtures, parts);
}

}  // namespace llmarch
