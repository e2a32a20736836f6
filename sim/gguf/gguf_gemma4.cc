// Gemma 4. Layers with a window and those without have heads of their own sizes; the last layers
// may share keys and values, and then may have a feed-forward of twice the width. Source of the
// keys: llama.cpp, src/models/gemma4.cpp, and what the converter writes.
#include "sim/gguf/gguf_keys.h"

namespace llmarch {
namespace {

using nlohmann::json;

// Which layers have a window: a flag for each.
std::vector<std::int64_t> windowed_layers(KeyReader& keys, const json& config) {
  constexpr std::string_view kPattern = "attention.sliding_window_pattern";
  std::vector<std::int64_t> windowed = keys.by_layer(kPattern, layers_of(config));
  if (std::ssize(windowed) == layers_of(config)) return windowed;
  keys.refuse(fmt::format("key '{}.{}' does not say of each layer whether it has a window",
                          keys.architecture(), kPattern),
              "convert the model again");
  return std::vector<std::int64_t>(static_cast<std::size_t>(layers_of(config)), 1);
}

// The key/value heads of the layers with a window, or of those without; none where there is no such
// layer.
std::optional<std::int64_t> key_heads(KeyReader& keys, const std::vector<std::int64_t>& windowed,
                                      std::int64_t with_window) {
  const auto heads = keys.by_layer("attention.head_count_kv", std::ssize(windowed));
  for (std::size_t layer = 0; layer < std::min(heads.size(), windowed.size()); ++layer) {
    if ((windowed[layer] != 0) == (with_window != 0)) return heads[layer];
  }
  return std::nullopt;
}

// A layer without a window takes its keys as values where it has a tensor of keys and none of
// values.
bool values_are_keys(const KeyReader& keys, const std::vector<std::int64_t>& windowed) {
  for (std::size_t layer = 0; layer < windowed.size(); ++layer) {
    const std::string prefix = fmt::format("blk.{}.", layer);
    if (windowed[layer] != 0 || !keys.has_tensor(prefix + "attn_k.weight")) continue;
    return !keys.has_tensor(prefix + "attn_v.weight");
  }
  return false;
}

void set_per_layer_inputs(KeyReader& keys, json& config) {
  const std::int64_t width = keys.integer("embedding_length_per_layer_input").value_or(0);
  config["hidden_size_per_layer_input"] = width;
  const GgufTensor* const table = keys.tensor("per_layer_token_embd.weight");
  if (table != nullptr && table->shape.size() == 2) {
    config["vocab_size_per_layer_input"] = table->shape[0];
  }
}

}  // namespace

// A layer without a window rotates a quarter of each head. The file says so in the numbers of
// rope_freqs, which a header does not hold; every published model has a quarter.
void of_gemma4(KeyReader& keys, json& config) {
  of_gemma(keys, config);
  const std::vector<std::int64_t> windowed = windowed_layers(keys, config);
  config["layer_types"] = layer_types_of(std::ssize(windowed), [&](std::int64_t layer) {
    return windowed[static_cast<std::size_t>(layer)] != 0 ? "sliding_attention" : "full_attention";
  });
  config["sliding_window"] = keys.required(kWindow);
  config["global_head_dim"] = keys.required("attention.key_length");
  config["head_dim"] = keys.required("attention.key_length_swa");
  config["attention_bias"] = false;
  config["attention_k_eq_v"] = values_are_keys(keys, windowed);
  set_field(config, "num_key_value_heads", key_heads(keys, windowed, 1));
  set_field(config, "num_global_key_value_heads", key_heads(keys, windowed, 0));
  config["num_kv_shared_layers"] = keys.integer("attention.shared_kv_layers").value_or(0);
  const auto widths = keys.by_layer("feed_forward_length", layers_of(config));
  config["use_double_wide_mlp"] = !widths.empty() && widths.back() != widths.front();
  set_per_layer_inputs(keys, config);
  set_field(config, "final_logit_softcapping", keys.real("final_logit_softcapping"));
  config["rope_parameters"] = {
      {"full_attention",
       {{"rope_type", "proportional"},
        {"rope_theta", config.at("rope_theta")},
        {"partial_rotary_factor", 0.25}}},
      {"sliding_attention",
       {{"rope_type", "default"},
        {"rope_theta", keys.real("rope.freq_base_swa").value_or(10000.0)}}}};
  config.erase("rope_theta");
  const std::int64_t experts = keys.integer("expert_count").value_or(0);
  config["enable_moe_block"] = experts > 0;
  if (experts == 0) return;
  config["num_experts"] = experts;
  config["top_k_experts"] = keys.required("expert_used_count");
  config["moe_intermediate_size"] = keys.required("expert_feed_forward_length");
}

}  // namespace llmarch
