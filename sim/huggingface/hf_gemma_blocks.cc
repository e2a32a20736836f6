#include "sim/huggingface/hf_gemma_blocks.h"

#include <fmt/format.h>

#include "sim/huggingface/hf_json.h"

namespace llmarch {

std::vector<std::size_t> local_and_global(Import& import, std::int64_t every_nth_is_global) {
  ConfigReader& config = import.config;
  const Integer layers = layer_number(import, "num_hidden_layers");
  const std::vector<std::string> types = config.optional_texts("layer_types");
  std::vector<std::size_t> kinds;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    const bool global = (layer + 1) % every_nth_is_global == 0;
    kinds.push_back(global ? 1 : 0);
  }
  for (std::size_t layer = 0; layer < types.size(); ++layer) {
    if (types[layer] != "sliding_attention" && types[layer] != "full_attention") {
      config.refuse(fmt::format("layer type {} is not supported", quote_name(types[layer])),
                    "supported: sliding_attention, full_attention");
      return kinds;
    }
    if (layer < kinds.size()) kinds[layer] = types[layer] == "full_attention" ? 1 : 0;
  }
  if (!types.empty() && types.size() != kinds.size() && config.all_read({"num_hidden_layers"})) {
    config.refuse(fmt::format("'layer_types' lists {} layers, and num_hidden_layers = {}",
                              types.size(), layers.value()),
                  "it has one entry for each layer");
  }
  return kinds;
}

LocalAndGlobalRotary rotaries(Import& import) {
  ConfigReader& config = import.config;
  constexpr auto layout = RotaryLayout::half_split;
  const auto local = rotary_of_layer_type(import, layout, "sliding_attention");
  const auto global = rotary_of_layer_type(import, layout, "full_attention");
  if (local && global) {
    config.only("rope_scaling", nullptr);
    config.only("rope_theta", global->theta);
    config.only("rope_local_base_freq", local->theta);
    return {*local, *global};
  }
  const double local_theta = config.real_or("rope_local_base_freq", 10000, kTypeDefault);
  return {{local_theta, layout, std::nullopt}, rotary_or(import, layout, 1000000)};
}

}  // namespace llmarch
