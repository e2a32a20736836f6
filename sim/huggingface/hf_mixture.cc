#include "sim/huggingface/hf_mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

#include "sim/huggingface/hf_layers.h"

namespace llmarch {
namespace {

Integer read_experts(Import& import, const MixtureClass& of) {
  ConfigReader& config = import.config;
  const bool other = !of.experts_too.empty() && config.contains(of.experts_too);
  if (!other) return read_size(config, of.experts, kExperts);
  const Integer experts = config.size(of.experts_too, kExperts);
  if (config.all_read({of.experts_too})) config.only(of.experts.key, experts.value());
  return experts;
}

void read_shared(Import& import, const SharedClass& of, MixtureFeedForward& mixture) {
  ConfigReader& config = import.config;
  mixture.shared_gate = of.gate == SharedClass::Gate::present;
  switch (of.as) {
    case SharedClass::Stated::none: return;
    case SharedClass::Stated::width: mixture.shared_width = read_size(config, of.field); return;
    case SharedClass::Stated::flag:
      if (read_flag(config, {of.field.key})) mixture.shared_width = mixture.expert_width;
      return;
    case SharedClass::Stated::count: break;
  }
  constexpr Range kExpertsOrNone{0, kExperts.most};
  // A class that fills a number fails with null, and one that fills none takes it for none.
  const bool fills = of.field.absent != 0;
  const auto count =
      fills ? config.size_or(of.field.key, of.field.absent, kTypeDefault, kExpertsOrNone)
            : config.optional_size_or(of.field.key, std::nullopt, kTypeDefault, kExpertsOrNone);
  if (!count || *count == 0) return;
  mixture.shared_width = bounded(import, *count * mixture.expert_width,
                                 fmt::format("{} x {}", of.field.key, "moe_intermediate_size"));
  if (!of.width_again.empty()) config.only(of.width_again, mixture.expert_width.value());
}

// A size, or a list of equal sizes with one for each layer.
Integer read_equal_sizes(ConfigReader& config, const SizeField& field, const Range& range,
                         Integer layers) {
  if (!config.is_list(field.key)) return read_size(config, field, range);
  const std::vector<std::int64_t> sizes = config.indices_or_none(field.key, "");
  one_for_each_layer(config, field.key, sizes.size(), layers);
  const bool equal =
      std::adjacent_find(sizes.begin(), sizes.end(), std::not_equal_to<>()) == sizes.end();
  if (equal && !sizes.empty() && sizes.front() >= range.least && sizes.front() <= range.most) {
    return sizes.front();
  }
  if (config.all_read({field.key})) {
    config.refuse(fmt::format("the entries of '{}' differ, or are no whole numbers from {} to {}",
                              field.key, range.least, range.most),
                  "only mixtures that are alike in all layers are supported");
  }
  return range.least;
}

// A field that repeats what another says, once or for each layer.
void only_again(ConfigReader& config, std::string_view key, Integer value, Integer layers) {
  if (!config.is_list(key)) return config.only(key, value.value());
  const Integer again = read_equal_sizes(config, {key}, kSize, layers);
  if (again == value || !config.all_read({key})) return;
  config.refuse(fmt::format("the entries of '{}' are {}; only {} is supported", key, again.value(),
                            value.value()),
                "it changes the arithmetic, and no formula for another architecture is used in "
                "its place");
}

void read_sizes_of_experts(Import& import, const MixtureClass& of, Integer layers,
                           MixtureFeedForward& mixture) {
  ConfigReader& config = import.config;
  if (of.stated == MixtureClass::Stated::once) {
    mixture.experts = read_experts(import, of);
    mixture.experts_per_token = read_size(config, of.experts_per_token, kExperts);
    mixture.expert_width = read_size(config, of.expert_width);
    return;
  }
  constexpr Range kTwoOrMore{2, kExperts.most};
  mixture.experts = read_equal_sizes(config, of.experts, kExperts, layers);
  mixture.experts_per_token = read_equal_sizes(config, of.experts_per_token, kTwoOrMore, layers);
  mixture.expert_width = read_equal_sizes(config, of.expert_width, kSize, layers);
  only_again(config, of.width_again, mixture.expert_width, layers);
  only_again(config, of.shared_again, 1, layers);
}

std::vector<bool> by_step(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::int64_t every = config.size_or("decoder_sparse_step", 1, kTypeDefault).value();
  const std::vector<std::int64_t> named = config.indices_or_none("mlp_only_layers", kTypeDefault);
  const std::set<std::int64_t> dense(named.begin(), named.end());
  std::vector<bool> sparse;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    sparse.push_back(!dense.contains(layer) && (layer + 1) % every == 0);
  }
  return sparse;
}

std::vector<bool> after_the_first(Import& import, const MixtureClass& of, Integer layers) {
  ConfigReader& config = import.config;
  constexpr Range kLayersOrNone{0, kMostLayers};
  const std::string_view key = of.first_dense_key;
  const Integer dense = of.first_dense
                            ? config.size_or(key, *of.first_dense, kTypeDefault, kLayersOrNone)
                            : config.size(key, kLayersOrNone);
  const bool stated = !of.frequency.empty() && config.contains(of.frequency);
  if (!stated) config.only("moe_layer_freq", 1);
  const Integer every = stated ? config.size(of.frequency, kRepeats) : Integer(1);
  std::vector<bool> sparse;
  for (Integer layer = 0; layer < layers; layer += 1) {
    sparse.push_back(layer >= dense && layer % every == 0);
  }
  return sparse;
}

std::vector<bool> by_interval(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  constexpr Range kLayer{-1, kMostLayers};
  const Integer first = config.size_or("moe_layer_start_index", 1, kTypeDefault, kLayer);
  const Integer last = config.size_or("moe_layer_end_index", -1, kTypeDefault, kLayer);
  const Integer every = config.size_or("moe_layer_interval", 1, kTypeDefault, kRepeats);
  std::vector<bool> sparse;
  for (Integer layer = 0; layer < layers; layer += 1) {
    const bool within = layer >= first && (last == -1 || layer <= last);
    sparse.push_back(within && (layer + 1) % every == 0);
  }
  return sparse;
}

std::vector<bool> by_mlp_types(Import& import, Integer layers) {
  import.config.only("first_k_dense_replace", 1);
  return sparse_by_mlp_types(import, layers, 1);
}

std::vector<bool> by_mlp_types_or_after(Import& import, const MixtureClass& of, Integer layers) {
  ConfigReader& config = import.config;
  config.only("moe_layer_freq", 1);
  constexpr Range kLayersOrNone{0, kMostLayers};
  const std::int64_t first = of.first_dense.value();
  const Integer dense = config.size_or(of.first_dense_key, first, kTypeDefault, kLayersOrNone);
  return sparse_by_mlp_types(import, layers, dense);
}

// Groups of experts; none where there is one.
std::optional<ExpertGroups> groups_of(ConfigReader& config, Integer count, Integer chosen) {
  if (count != 1) return ExpertGroups{count, chosen, GroupScore::best_two};
  if (chosen != 1 && config.all_read({"n_group", "topk_group"})) {
    config.refuse(fmt::format("'topk_group' is {}, and there is one group", chosen.value()),
                  "n_group = 1 means that there are no groups: topk_group must be 1");
  }
  return std::nullopt;
}

// What an absent field means in a class.
struct GroupedRouterClass {
  double scale = 1;
  std::int64_t groups = 1;
  std::int64_t chosen_groups = 1;
};

void read_scale_and_groups(ConfigReader& config, const GroupedRouterClass& of, Router& router) {
  const double scale = config.real_or("routed_scaling_factor", of.scale, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  const Integer count = config.size_or("n_group", of.groups, kTypeDefault, kExperts);
  router.groups = groups_of(config, count,
                            config.size_or("topk_group", of.chosen_groups, kTypeDefault, kExperts));
}

Router sigmoid_router_with(ConfigReader& config, Flag::Absent normalized,
                           const GroupedRouterClass& of = {}) {
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  router.normalized_weights = read_flag(config, {"norm_topk_prob", normalized});
  read_scale_and_groups(config, of, router);
  return router;
}

}  // namespace

std::vector<bool> are_sparse(ConfigReader& config, const std::vector<std::string>& types) {
  std::vector<bool> sparse;
  for (const std::string& type : types) sparse.push_back(type == "sparse");
  const auto unknown = std::ranges::find_if(
      types, [](const std::string& type) { return type != "sparse" && type != "dense"; });
  if (unknown != types.end()) {
    config.refuse(fmt::format("layer type {} is not supported", quote_name(*unknown)),
                  "supported: dense, sparse");
  }
  return sparse;
}

std::vector<bool> sparse_by_mlp_types(Import& import, Integer layers, Integer dense) {
  ConfigReader& config = import.config;
  std::vector<bool> sparse;
  for (Integer layer = 0; layer < layers; layer += 1) sparse.push_back(layer >= dense);
  const std::vector<std::string> types = config.optional_texts("mlp_layer_types");
  if (types.empty()) return sparse;
  one_for_each_layer(config, "mlp_layer_types", types.size(), layers);
  sparse = are_sparse(config, types);
  sparse.resize(size(layers), true);
  return sparse;
}

Router softmax_router(ConfigReader& config) {
  Router router;
  router.scoring = Scoring::softmax;
  router.normalized_weights = read_flag(config, {"norm_topk_prob"});
  return router;
}

Router greedy_softmax_router(ConfigReader& config) {
  config.only("scoring_func", "softmax");
  config.only("topk_method", "greedy");
  return softmax_router(config);
}

Router normalized_softmax_router(ConfigReader&) {
  Router router;
  router.scoring = Scoring::softmax;
  router.normalized_weights = true;
  return router;
}

Router corrected_softmax_router(ConfigReader& config) {
  Router router = normalized_softmax_router(config);
  router.correction_bias = true;
  return router;
}

Router corrected_sigmoid_router(ConfigReader& config) {
  Router router = corrected_softmax_router(config);
  router.scoring = Scoring::sigmoid;
  return router;
}

Router chosen_softmax_router(ConfigReader&) {
  Router router;
  router.scoring = Scoring::chosen_softmax;
  router.bias = true;
  return router;
}

Router hy_v3_router(ConfigReader& config) {
  Router router = corrected_sigmoid_router(config);
  router.weight_scale = config.real_or("router_scaling_factor", 2.826, kTypeDefault);
  return router;
}

Router glm4_moe_router(ConfigReader& config) {
  return sigmoid_router_with(config, Flag::Absent::on);
}

Router exaone_moe_router(ConfigReader& config) {
  return sigmoid_router_with(config, Flag::Absent::on, {.scale = 2.5});
}

Router dots1_router(ConfigReader& config) {
  return sigmoid_router_with(config, Flag::Absent::off);
}

Router glm4_moe_lite_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  return sigmoid_router_with(config, Flag::Absent::on, {.scale = 1.8});
}

Router deepseek_v32_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  return sigmoid_router_with(config, Flag::Absent::on,
                             {.scale = 2.5, .groups = 8, .chosen_groups = 4});
}

Router glm_moe_dsa_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  return sigmoid_router_with(config, Flag::Absent::on, {.scale = 2.5});
}

Router bailing_router(ConfigReader& config) {
  config.only("score_function", "sigmoid");
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  config.only("norm_topk_prob", true);
  config.only("moe_router_enable_expert_bias", true);
  return sigmoid_router_with(config, Flag::Absent::on, {.groups = 8, .chosen_groups = 4});
}

Router mistral4_router(ConfigReader& config) {
  Router router;
  router.normalized_weights = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  read_scale_and_groups(config, {}, router);
  return router;
}

Router phimoe_router(ConfigReader& config) {
  config.only("num_experts_per_tok", 2);
  Router router;
  router.scoring = Scoring::sparsemixer;
  router.jitter = config.real_or("router_jitter_noise", 0.01, kTypeDefault);
  return router;
}

Router only_normalized_softmax_router(ConfigReader& config) {
  config.only("norm_topk_prob", true);
  return normalized_softmax_router(config);
}

Router deepseek_v3_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  router.normalized_weights = read_flag(config, {"norm_topk_prob", Flag::Absent::on});
  router.weight_scale = config.real("routed_scaling_factor");
  const Integer count = config.size("n_group", kExperts);
  router.groups = groups_of(config, count, config.size("topk_group", kExperts));
  return router;
}

// Groups are ranked by their best expert; the weights are scaled, and not normalised.
Router deepseek_v2_router(ConfigReader& config) {
  config.only("scoring_func", "softmax");
  config.only("norm_topk_prob", false);
  Router router;
  router.scoring = Scoring::softmax;
  const double scale = config.real_or("routed_scaling_factor", 1, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  const std::string method = config.text("topk_method");
  if (method == "greedy") {
    config.inert({"n_group", "topk_group"});
  } else if (method == "group_limited_greedy") {
    router.groups = ExpertGroups{config.size("n_group", kExperts),
                                 config.size("topk_group", kExperts), GroupScore::best};
  } else if (!method.empty()) {
    config.refuse(fmt::format("topk_method {} is not supported", quote_name(method)),
                  "supported: greedy, group_limited_greedy");
  }
  return router;
}

Integer read_size(ConfigReader& config, const SizeField& field, const Range& range) {
  return field.absent == 0 ? config.size(field.key, range)
                           : config.size_or(field.key, field.absent, kTypeDefault, range);
}

MixtureFeedForward read_mixture(Import& import, const MixtureClass& of, Activation activation,
                                Integer layers) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture;
  read_sizes_of_experts(import, of, layers, mixture);
  mixture.activation = activation;
  mixture.router = of.router(config);
  read_shared(import, of.shared, mixture);
  return mixture;
}

std::vector<bool> sparse_layers(Import& import, const MixtureClass& of, Integer layers) {
  switch (of.layers) {
    case SparseLayers::every_layer: return std::vector<bool>(size(layers), true);
    case SparseLayers::by_step: return by_step(import, layers);
    case SparseLayers::after_the_first: return after_the_first(import, of, layers);
    case SparseLayers::by_interval: return by_interval(import, layers);
    case SparseLayers::by_mlp_types: return by_mlp_types(import, layers);
    case SparseLayers::by_mlp_types_or_after: return by_mlp_types_or_after(import, of, layers);
    case SparseLayers::by_mlp_types_or_every: return sparse_by_mlp_types(import, layers, 0);
  }
  throw std::logic_error("sparse_layers: a rule outside the enumeration");
}

}  // namespace llmarch
