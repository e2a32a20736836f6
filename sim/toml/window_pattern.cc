#include "sim/toml/window_pattern.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/spec/field.h"

namespace llmarch {
namespace {

using LayerNames = std::vector<std::string>;

constexpr const char* kTwin = "_window";

// The kinds of all layers, from first to last; one more than kMostLayers of them where there are
// more.
LayerNames layers_of(const toml::table& spec) {
  LayerNames all;
  for (const toml::node& node : *spec["stack"].as_array()) {
    const toml::table& segment = *node.as_table();
    const auto repeat = segment["repeat"].value_or(std::int64_t{1});
    for (std::int64_t i = 0; i < repeat; ++i) {
      for (const toml::node& name : *segment["layers"].as_array()) {
        all.push_back(name.value_or(std::string()));
        if (std::ssize(all) > kMostLayers) return all;
      }
    }
  }
  return all;
}

// The shortest sequence that gives all of them when it is repeated, as a stack of one segment.
toml::array stack_of(const LayerNames& all) {
  std::size_t length = 1;
  const auto repeats = [&] {
    if (all.size() % length != 0) return false;
    for (std::size_t i = length; i < all.size(); ++i) {
      if (all[i] != all[i - length]) return false;
    }
    return true;
  };
  while (!repeats()) ++length;
  toml::array names;
  for (std::size_t i = 0; i < length; ++i) names.push_back(all[i]);
  toml::table segment;
  segment.insert("layers", std::move(names));
  segment.insert("repeat", static_cast<std::int64_t>(all.size() / length));
  return toml::array{std::move(segment)};
}

// Calls `visit` with every table of a layer that may name its attention: its own, and those of its
// blocks.
template <class Visit>
void for_each_block(toml::table& layer, const Visit& visit) {
  visit(layer);
  toml::array* sublayers = layer["sublayers"].as_array();
  if (sublayers == nullptr) return;
  for (toml::node& sublayer : *sublayers) {
    for (toml::node& block : *sublayer.at_path("blocks").as_array()) visit(*block.as_table());
  }
}

LayerNames attention_of(toml::table& layer) {
  LayerNames names;
  for_each_block(layer, [&](toml::table& block) {
    if (const auto name = block["attention"].value<std::string>()) names.push_back(*name);
  });
  return names;
}

// Puts a copy of every grouped attention beside it, with the window; the originals lose theirs.
std::set<std::string> windowed_twins(toml::table& attention, std::int64_t window) {
  std::set<std::string> grouped;
  for (auto&& [name, node] : attention) {
    toml::table& table = *node.as_table();
    if (table["kind"].value_or(std::string()) != "grouped") continue;
    grouped.insert(std::string(name.str()));
    table.erase("window");
    table.erase("chunk");
  }
  for (const std::string& name : grouped) {
    toml::table twin = *attention[name].as_table();
    twin.insert_or_assign("window", window);
    if (const auto owner = twin["kv_from"].value<std::string>()) {
      twin.insert_or_assign("kv_from", *owner + kTwin);
    }
    attention.insert_or_assign(name + kTwin, std::move(twin));
  }
  return grouped;
}

// The name of the kind of layer that differs from this one in its attention's windows, which is
// added; its own where no attention of it can have one.
std::string windowed_layer(toml::table& layers, const std::string& name,
                           const std::set<std::string>& grouped) {
  bool differs = false;
  toml::table twin = *layers[name].as_table();
  for_each_block(twin, [&](toml::table& block) {
    const std::string attention = block["attention"].value_or(std::string());
    if (!grouped.contains(attention)) return;
    block.insert_or_assign("attention", attention + kTwin);
    differs = true;
  });
  if (!differs) return name;
  layers.insert_or_assign(name + kTwin, std::move(twin));
  return name + kTwin;
}

void erase_others(toml::table& kinds, const std::set<std::string>& used) {
  LayerNames unused;
  for (const auto& [name, node] : kinds) {
    if (!used.contains(std::string(name.str()))) unused.emplace_back(name.str());
  }
  for (const std::string& name : unused) kinds.erase(name);
}

}  // namespace

std::optional<std::string> set_windows_between(toml::table& spec, std::int64_t window,
                                               std::int64_t between) {
  toml::table& layers = *spec["layer"].as_table();
  toml::table& attention = *spec["attention"].as_table();
  LayerNames all = layers_of(spec);
  if (std::ssize(all) > kMostLayers) return "the model has too many layers for a pattern";
  const std::set<std::string> grouped = windowed_twins(attention, window);
  if (grouped.empty()) return "the model has no attention of the kind 'grouped'";
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (static_cast<std::int64_t>(i + 1) % (between + 1) != 0) {
      all[i] = windowed_layer(layers, all[i], grouped);
    }
  }
  std::set<std::string> used_attention;
  const std::set<std::string> used(all.begin(), all.end());
  for (const std::string& name : used) {
    for (std::string& each : attention_of(*layers[name].as_table())) {
      used_attention.insert(std::move(each));
    }
  }
  erase_others(layers, used);
  erase_others(attention, used_attention);
  spec.insert_or_assign("stack", stack_of(all));
  return std::nullopt;
}

}  // namespace llmarch
