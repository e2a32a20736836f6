#include "sim/huggingface/hf_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {
namespace {

constexpr std::string_view kWindow = "sliding_window";
constexpr std::string_view kUseWindow = "use_sliding_window";
constexpr std::string_view kFirstWindow = "max_window_layers";

bool begins_at_a_layer(Windows windows) {
  return windows == Windows::from_a_layer_on || windows == Windows::always_from_a_layer_on;
}

// The period of a pattern that is written out, "LLLG": local layers, and then a global one. The
// makers make the last layer global whatever the pattern says, which a period that does not divide
// the layers would not.
std::int64_t written_period(ConfigReader& config, std::string_view key, Integer layers) {
  const std::string pattern = config.text(key);
  const auto period = std::ssize(pattern);
  const bool sound = pattern.find('G') + 1 == pattern.size() &&
                     pattern.find_first_not_of('L') + 1 == pattern.size();
  if (sound && layers % period == 0) return period;
  config.refuse(fmt::format("'{}' is {}", key, quote_name(pattern)),
                "a pattern is made of local layers and a global one last, LLLG, and divides the "
                "layers; or name them in 'layer_types'");
  return 1;
}

// Whether each layer has the window, where a config names no types of layers.
std::vector<bool> windowed_by_rule(Import& import, const WindowClass& of, Integer layers) {
  ConfigReader& config = import.config;
  std::int64_t period = of.period;
  if (!of.period_key.empty()) {
    period = config.is_text(of.period_key)
                 ? written_period(config, of.period_key, layers)
                 : config.size_or(of.period_key, period, kTypeDefault).value();
  }
  std::int64_t first = 0;
  if (begins_at_a_layer(of.layers)) {
    first = config.size_or(kFirstWindow, of.first, kTypeDefault, Range{0, kMostLayers}).value();
  }
  std::vector<bool> windowed;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    const bool global = of.layers == Windows::by_period && (layer + of.phase) % period == 0;
    windowed.push_back(layer >= first && !global);
  }
  return windowed;
}

bool has_layer_types(Windows windows) {
  return begins_at_a_layer(windows) || windows == Windows::by_period;
}

std::vector<std::string> stated_layer_types(Import& import, Windows windows, Integer layers) {
  if (windows == Windows::refused) return layer_types(import, layers, {"full_attention"});
  if (!has_layer_types(windows)) return {};
  return layer_types(import, layers, {"sliding_attention", "full_attention"});
}

}  // namespace

std::optional<Integer> read_window(Import& import, const WindowClass& of) {
  ConfigReader& config = import.config;
  const auto unused = [&] {
    config.inert({kWindow, kFirstWindow});
    return std::nullopt;
  };
  switch (of.layers) {
    case Windows::none: return std::nullopt;
    case Windows::refused: config.off(kUseWindow); return unused();
    case Windows::every_layer:
    case Windows::by_period:
    case Windows::always_from_a_layer_on: config.inert({kUseWindow, kFirstWindow}); break;
    case Windows::from_a_layer_on:
    case Windows::when_used:
      if (!read_flag(config, {kUseWindow})) return unused();
      config.inert({kFirstWindow});
  }
  return config.optional_size_or(kWindow,
                                 of.absent ? std::optional(Integer(*of.absent)) : std::nullopt,
                                 kTypeDefault, kPositions);
}

std::vector<bool> windowed_layers(Import& import, const WindowClass& of, Integer layers,
                                  std::optional<Integer> window) {
  ConfigReader& config = import.config;
  const std::vector<std::string> types = stated_layer_types(import, of.layers, layers);
  std::vector<bool> windowed(size(layers), false);
  if (!types.empty()) {
    if (!of.period_key.empty()) config.inert({of.period_key});
    for (std::size_t i = 0; i < types.size(); ++i) windowed[i] = types[i] == "sliding_attention";
  } else if (window || of.layers == Windows::by_period) {
    windowed = windowed_by_rule(import, of, layers);
  }
  const bool lacking =
      !window && std::find(windowed.begin(), windowed.end(), true) != windowed.end();
  if (lacking && config.all_read({kWindow, "num_hidden_layers"})) {
    config.refuse("there are layers with a window, and 'sliding_window' states none",
                  "state it, or name every layer 'full_attention' in 'layer_types'");
  }
  return windowed;
}

}  // namespace llmarch
