#include "sim/huggingface/hf_recurrent.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {
namespace {

// Whether each layer is one of linear attention; empty where "layer_types" says nothing.
std::vector<bool> linear_by_layer_types(Import& import, Integer layers) {
  std::vector<bool> linear;
  for (const std::string& type :
       layer_types(import, layers, {"linear_attention", "full_attention"})) {
    linear.push_back(type == "linear_attention");
  }
  return linear;
}

// All but every `interval`th.
std::vector<bool> all_but_every(Integer interval, Integer layers) {
  std::vector<bool> linear;
  for (Integer layer = 1; layer <= layers; layer += 1) linear.push_back(layer % interval != 0);
  return linear;
}

// configuration_qwen3_next.py, configuration_qwen3_5.py
std::vector<bool> linear_layers_of_qwen(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  std::vector<bool> stated = linear_by_layer_types(import, layers);
  if (!stated.empty()) {
    config.inert({"full_attention_interval"});
    return stated;
  }
  return all_but_every(config.size_or("full_attention_interval", 4, kTypeDefault, kRepeats),
                       layers);
}

// configuration_olmo_hybrid.py: there are layers of both kinds.
std::vector<bool> linear_layers_of_olmo(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  std::vector<bool> linear = linear_by_layer_types(import, layers);
  if (linear.empty()) {
    linear = all_but_every(4, layers);
    if (layers < 4) linear.back() = false;
    config.fill("layer_types", "every fourth layer has full attention", kTypeDefault);
  }
  if (std::ranges::count(linear, true) % std::ssize(linear) == 0 &&
      config.all_read({"layer_types", "num_hidden_layers"})) {
    config.refuse("all layers are of one type", "there are layers of linear and of full attention");
  }
  return linear;
}

Integer read_kernel(ConfigReader& config) {
  return config.size_or("linear_conv_kernel_dim", 4, kTypeDefault, kKernel);
}

// modeling_qwen3_next.py. The convolutions and the output gate have the activation of the model,
// and the two implementations of the library agree only where that is SiLU.
Mixer read_qwen_delta_net(Import& import, Integer /*hidden*/, const Mixer& /*attention*/) {
  ConfigReader& config = import.config;
  config.only("hidden_act", "silu");
  GatedDeltaNet delta;
  delta.key_heads = config.size_or("linear_num_key_heads", 16, kTypeDefault);
  delta.value_heads = config.size_or("linear_num_value_heads", 32, kTypeDefault);
  delta.key_head_dim = config.size_or("linear_key_head_dim", 128, kTypeDefault);
  delta.value_head_dim = config.size_or("linear_value_head_dim", 128, kTypeDefault);
  delta.kernel = read_kernel(config);
  delta.output_norm_epsilon = config.real_or("rms_norm_eps", 1e-6, kTypeDefault, kEpsilon);
  return delta;
}

// A size that stands for `value` where it is absent or null.
Integer nullable_size_or(ConfigReader& config, std::string_view key, Integer value,
                         std::string_view reason) {
  return config.is_null(key) ? value : config.size_or(key, value, reason);
}

// modeling_olmo_hybrid.py: OlmoHybridGatedDeltaNet, whose output norm has an epsilon of its own.
Mixer read_olmo_delta_net(Import& import, Integer hidden, const Mixer& attention) {
  ConfigReader& config = import.config;
  constexpr std::string_view kAsAttention = "num_attention_heads";
  const Integer heads = std::get<GroupedAttention>(attention).query_heads;
  config.only("hidden_act", "silu");
  GatedDeltaNet delta;
  delta.key_heads = nullable_size_or(config, "linear_num_key_heads", heads, kAsAttention);
  delta.value_heads = nullable_size_or(config, "linear_num_value_heads", heads, kAsAttention);
  constexpr std::string_view kKeyDim = "3/4 of hidden_size / linear_num_key_heads";
  delta.key_head_dim =
      nullable_size_or(config, "linear_key_head_dim", 3 * hidden / (4 * delta.key_heads), kKeyDim);
  if (delta.key_head_dim < kSize.least &&
      config.all_read({"hidden_size", "linear_num_key_heads", "num_attention_heads"})) {
    config.refuse(fmt::format("{} is 0", kKeyDim), "state 'linear_key_head_dim'");
  }
  delta.value_head_dim =
      nullable_size_or(config, "linear_value_head_dim",
                       bounded(import, 2 * delta.key_head_dim, "2 x linear_key_head_dim"),
                       "twice linear_key_head_dim");
  delta.kernel = read_kernel(config);
  delta.output_norm_epsilon = 1e-5;
  delta.negative_eigenvalues = config.flag_or("linear_allow_neg_eigval", true, kTypeDefault);
  return delta;
}

}  // namespace

const RecurrentClass kQwenDeltaNet{"delta", linear_layers_of_qwen, read_qwen_delta_net};
const RecurrentClass kOlmoDeltaNet{"delta", linear_layers_of_olmo, read_olmo_delta_net};

std::optional<Integer> read_chunk(ConfigReader& config,
                                  std::initializer_list<std::string_view> keys) {
  config.inert(keys);
  const auto* const stated =
      std::ranges::find_if(keys, [&](std::string_view key) { return config.contains(key); });
  if (stated == keys.end()) return std::nullopt;
  const Integer chunk = config.size(*stated, kPositions);
  return chunk == kStateSpaceChunk ? std::nullopt : std::optional(chunk);
}

}  // namespace llmarch
