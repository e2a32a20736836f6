#include "sim/huggingface/hf_layers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

namespace llmarch {
namespace {

// The length of the shortest sequence that, repeated, gives `kinds`; none where nothing shorter
// does.
std::optional<std::size_t> period_of(const std::vector<std::size_t>& kinds) {
  for (std::size_t length = 1; 2 * length <= kinds.size(); ++length) {
    if (std::equal(kinds.begin() + static_cast<std::ptrdiff_t>(length), kinds.end(),
                   kinds.begin())) {
      return length;
    }
  }
  return std::nullopt;
}

std::vector<Reference> named(const ArchSpec& spec, std::span<const std::size_t> kinds) {
  std::vector<Reference> layers;
  for (const std::size_t kind : kinds) layers.push_back({spec.layer.at(kind).name, kind});
  return layers;
}

// The layers in order, as a sequence and its repeats with what is left of it, or as runs of equal
// kinds.
void stack_layers(ArchSpec& spec, const std::vector<std::size_t>& kinds) {
  const std::span<const std::size_t> all(kinds);
  if (const auto period = period_of(kinds)) {
    const std::size_t rest = kinds.size() % *period;
    const auto repeats = static_cast<std::int64_t>(kinds.size() / *period);
    spec.stack.push_back({named(spec, all.first(*period)), repeats});
    if (rest > 0) spec.stack.push_back({named(spec, all.last(rest)), 1});
    return;
  }
  for (const std::size_t kind : kinds) {
    if (spec.stack.empty() || spec.stack.back().layers.front().index != kind) {
      spec.stack.push_back({{Reference{spec.layer.at(kind).name, kind}}, 0});
    }
    spec.stack.back().repeat += 1;
  }
}

// The definition of that name, which is added when it is not there yet.
template <class Value>
Reference defined(std::vector<Named<Value>>& definitions, const Named<Value>& wanted) {
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (definitions[i].name == wanted.name) return {wanted.name, i};
  }
  definitions.push_back(wanted);
  return {wanted.name, definitions.size() - 1};
}

// Names a kind of layer after the part in which the kinds differ, or after both parts; one with a
// single part after that.
class KindNames {
 public:
  explicit KindNames(const std::vector<LayerParts>& layers) {
    for (const LayerParts& parts : layers) {
      attention_.insert(parts.attention);
      feed_forward_.insert(parts.feed_forward);
    }
  }
  [[nodiscard]] std::string of(const Layer& layer) const {
    if (!layer.attention) return layer.feed_forward->name;
    const std::string& attention = layer.attention->name;
    if (!layer.feed_forward) return attention;
    const std::string& feed_forward = layer.feed_forward->name;
    if (attention_.size() == 1) return feed_forward_.size() == 1 ? "block" : feed_forward;
    return feed_forward_.size() == 1 ? attention : attention + "_" + feed_forward;
  }

 private:
  std::set<std::optional<std::size_t>> attention_, feed_forward_;
};

// Norms of their own stand in the blocks; the one norm of a sublayer is the spec's.
Layer arranged(const Layer& layer, Arrangement arrangement, const Norm& norm) {
  if (arrangement == Arrangement::in_sequence) return layer;
  Sublayer sublayer{{{layer.attention, std::nullopt}, {std::nullopt, layer.feed_forward}}};
  if (arrangement == Arrangement::parallel_on_own_norms) {
    for (SublayerBlock& block : sublayer.blocks) block.norm = norm;
  }
  return {std::nullopt, std::nullopt, std::vector<Sublayer>{sublayer}};
}

}  // namespace

void add_layers(ArchSpec& spec, const std::vector<Named<Mixer>>& attention,
                const std::vector<Named<FeedForward>>& feed_forward,
                const std::vector<LayerParts>& layers, Arrangement arrangement) {
  const KindNames names(layers);
  std::map<LayerParts, std::size_t> kinds;
  std::vector<std::size_t> order;
  for (const LayerParts& parts : layers) {
    const auto [kind, is_new] = kinds.try_emplace(parts, spec.layer.size());
    order.push_back(kind->second);
    if (!is_new) continue;
    Layer layer;
    if (parts.attention) {
      layer.attention = defined(spec.attention, attention.at(*parts.attention));
    }
    if (parts.feed_forward) {
      layer.feed_forward = defined(spec.feed_forward, feed_forward.at(*parts.feed_forward));
    }
    spec.layer.push_back({names.of(layer), arranged(layer, arrangement, spec.norm)});
  }
  stack_layers(spec, order);
}

void one_for_each_layer(ConfigReader& config, std::string_view key, std::size_t found,
                        Integer layers) {
  if (static_cast<std::int64_t>(found) == layers.value()) return;
  if (!config.all_read({key, "num_hidden_layers"})) return;
  config.refuse(
      fmt::format("'{}' lists {} layers, and num_hidden_layers = {}", key, found, layers.value()),
      "it has one entry for each layer");
}

std::vector<std::string> layer_types(Import& import, Integer layers,
                                     const std::vector<std::string>& supported) {
  ConfigReader& config = import.config;
  std::vector<std::string> types = config.optional_texts("layer_types");
  if (types.empty()) return {};
  for (const std::string& type : types) {
    if (std::find(supported.begin(), supported.end(), type) != supported.end()) continue;
    config.refuse(fmt::format("layer type {} is not supported", quote_name(type)),
                  fmt::format("supported: {}", fmt::join(supported, ", ")));
    return {};
  }
  one_for_each_layer(config, "layer_types", types.size(), layers);
  types.resize(static_cast<std::size_t>(layers.value()), types.front());
  return types;
}

std::vector<bool> rotating_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::int64_t> stated =
      config.indices_or_none("no_rope_layers", "every no_rope_layer_interval-th layer has none");
  const std::int64_t interval =
      config.contains("no_rope_layer_interval") ? config.size("no_rope_layer_interval").value() : 4;
  std::vector<bool> rotating;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    rotating.push_back(index < stated.size() ? stated[index] != 0 : (layer + 1) % interval != 0);
  }
  if (!stated.empty()) one_for_each_layer(config, "no_rope_layers", stated.size(), layers);
  return rotating;
}

void refuse_null(ConfigReader& config, std::string_view key) {
  if (!config.is_null(key)) return;
  config.refuse(fmt::format("'{}' in the config is null", key),
                "its class fills nothing in its place: copy the field from the published config");
}

std::vector<bool> marks_of_layers(ConfigReader& config, std::string_view key, Integer layers) {
  std::vector<bool> marks;
  if (!config.contains(key) || config.is_null(key)) return marks;
  for (const std::int64_t mark : config.indices_or_none(key, "")) {
    if (mark != 0 && mark != 1) {
      config.refuse(fmt::format("'{}' lists {}", key, mark), "each entry is 0 or 1");
    }
    marks.push_back(mark != 0);
  }
  one_for_each_layer(config, key, marks.size(), layers);
  marks.resize(size(layers), false);
  return marks;
}

GroupedAttention sharing_kv_of(GroupedAttention attention, const std::string& owner) {
  attention.kv_from = Reference{owner, 0};
  attention.value_norm = false;
  attention.values_from_keys = false;
  return attention;
}

void resolve_shared_kv(Import& import, ArchSpec& spec) {
  for (auto& [name, mixer] : spec.attention) {
    auto& attention = std::get<GroupedAttention>(mixer);
    if (!attention.kv_from) continue;
    const auto owner =
        std::find_if(spec.attention.begin(), spec.attention.end(),
                     [&](const auto& each) { return each.name == attention.kv_from->name; });
    if (owner == spec.attention.end()) {
      import.config.refuse(
          fmt::format("num_kv_shared_layers leaves no {} layer with keys and values of its own",
                      attention.kv_from->name),
          "share fewer layers");
      return;
    }
    attention.kv_from->index = static_cast<std::size_t>(owner - spec.attention.begin());
  }
}

}  // namespace llmarch
