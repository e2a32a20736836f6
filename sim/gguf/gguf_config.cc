#include "sim/gguf/gguf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/gguf/gguf_keys.h"
#include "sim/spec/printable.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::string_view kWindow = "attention.sliding_window";

// What nearly all architectures have.
json common_config(KeyReader& keys) {
  json config;
  config["hidden_size"] = keys.required("embedding_length");
  config["num_hidden_layers"] =
      keys.required("block_count") - keys.integer("nextn_predict_layers").value_or(0);
  config["max_position_embeddings"] = keys.required("context_length");
  const std::int64_t heads = keys.required("attention.head_count");
  config["num_attention_heads"] = heads;
  config["num_key_value_heads"] = keys.integer("attention.head_count_kv").value_or(heads);
  set_field(config, "intermediate_size", keys.integer("feed_forward_length"));
  set_field(config, "head_dim", keys.integer("attention.key_length"));
  set_field(config, "rms_norm_eps", keys.real("attention.layer_norm_rms_epsilon"));
  set_field(config, "layer_norm_eps", keys.real("attention.layer_norm_epsilon"));
  config["rope_theta"] = keys.real("rope.freq_base").value_or(10000.0);
  const GgufTensor* const embedding = keys.tensor("token_embd.weight");
  if (embedding != nullptr && embedding->shape.size() == 2)
    config["vocab_size"] = embedding->shape[0];
  config["tie_word_embeddings"] = !keys.has_tensor("output.weight");
  config["hidden_act"] = "silu";
  return config;
}

// The window of the layers that have one; null where the file states none.
json stated_window(KeyReader& keys) {
  const std::int64_t window = keys.integer(kWindow).value_or(0);
  return window > 0 ? json(window) : json(nullptr);
}

void of_llama(KeyReader& keys, json& config) {
  if (keys.integer("expert_count").value_or(0) > 0) {
    config["model_type"] = "mixtral";
    set_experts(keys, config, "num_local_experts", "intermediate_size");
    config["sliding_window"] = stated_window(keys);
    return;
  }
  if (const json window = stated_window(keys); !window.is_null()) {
    config["model_type"] = "mistral";
    config["sliding_window"] = window;
    return;
  }
  config["model_type"] = "llama";
  config["attention_bias"] = keys.has_tensor("blk.0.attn_q.bias");
  config["mlp_bias"] = keys.has_tensor("blk.0.ffn_up.bias");
}

void of_qwen2(KeyReader&, json& config) {
  config["use_sliding_window"] = false;
}

void of_qwen3(KeyReader& keys, json& config) {
  config["attention_bias"] = keys.has_tensor("blk.0.attn_q.bias");
  config["use_sliding_window"] = false;
}

void of_qwen3_moe(KeyReader& keys, json& config) {
  of_qwen3(keys, config);
  set_experts(keys, config, "num_experts", "moe_intermediate_size");
  config["decoder_sparse_step"] = 1;
  config["mlp_only_layers"] = json::array();
  config["norm_topk_prob"] = true;
}

void of_qwen2_moe(KeyReader& keys, json& config) {
  of_qwen2(keys, config);
  set_experts(keys, config, "num_experts", "moe_intermediate_size");
  config["shared_expert_intermediate_size"] = keys.required("expert_shared_feed_forward_length");
  config["decoder_sparse_step"] = 1;
  config["mlp_only_layers"] = json::array();
  config["norm_topk_prob"] = false;
}

void of_gemma(KeyReader&, json& config) {
  config["hidden_activation"] = "gelu_pytorch_tanh";
  config.erase("hidden_act");
}

void of_gemma2(KeyReader& keys, json& config) {
  of_gemma(keys, config);
  config["query_pre_attn_scalar"] = config.value("head_dim", 256);
  config["sliding_window"] = keys.integer(kWindow).value_or(4096);
  config["attn_logit_softcapping"] = keys.real("attn_logit_softcapping").value_or(50.0);
  config["final_logit_softcapping"] = keys.real("final_logit_softcapping").value_or(30.0);
  config["attention_bias"] = false;
}

void of_gemma3(KeyReader& keys, json& config) {
  of_gemma(keys, config);
  config["query_pre_attn_scalar"] = config.value("head_dim", 256);
  config["sliding_window"] = keys.required(kWindow);
  config["sliding_window_pattern"] = 6;
  config["rope_local_base_freq"] = keys.real("rope.freq_base_swa").value_or(10000.0);
  config["attention_bias"] = false;
  config["attn_logit_softcapping"] = nullptr;
  config["final_logit_softcapping"] = nullptr;
}

void of_deepseek2(KeyReader& keys, json& config) {
  constexpr std::int64_t kSigmoid = 2;  // of llama.cpp's expert_gating_func
  const bool third = keys.integer("expert_gating_func").value_or(1) == kSigmoid;
  const std::int64_t rotary = keys.required("rope.dimension_count");
  const auto key = keys.integer("attention.key_length_mla");
  const auto value = keys.integer("attention.value_length_mla");
  config["model_type"] = third ? "deepseek_v3" : "deepseek_v2";
  config.erase("head_dim");
  const auto query_rank = keys.integer("attention.q_lora_rank");
  config["q_lora_rank"] = query_rank ? json(*query_rank) : json(nullptr);
  config["kv_lora_rank"] = keys.required("attention.kv_lora_rank");
  config["qk_rope_head_dim"] = rotary;
  config["qk_nope_head_dim"] = (key ? *key : keys.required("attention.key_length")) - rotary;
  config["v_head_dim"] = value ? *value : keys.required("attention.value_length");
  config["num_key_value_heads"] = config["num_attention_heads"];
  set_experts(keys, config, "n_routed_experts", "moe_intermediate_size");
  set_field(config, "n_shared_experts", keys.integer("expert_shared_count"));
  config["first_k_dense_replace"] = keys.integer("leading_dense_block_count").value_or(0);
  config["moe_layer_freq"] = 1;
  config["routed_scaling_factor"] = keys.real("expert_weights_scale").value_or(1.0);
  config["norm_topk_prob"] = keys.flag("expert_weights_norm").value_or(false);
  config["n_group"] = keys.integer("expert_group_count").value_or(1);
  config["topk_group"] = keys.integer("expert_group_used_count").value_or(1);
  config["scoring_func"] = third ? "sigmoid" : "softmax";
  config["topk_method"] = third ? "noaux_tc" : "greedy";
  config["attention_bias"] = false;
}

void of_gpt_oss(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_local_experts", "intermediate_size");
  config["sliding_window"] = keys.required(kWindow);
  json types = json::array();
  const std::int64_t layers = config["num_hidden_layers"];
  for (std::int64_t layer = 0; layer < std::min<std::int64_t>(layers, kMostLayers); ++layer) {
    types.push_back(layer % 2 == 0 ? "sliding_attention" : "full_attention");
  }
  config["layer_types"] = types;
  config["attention_bias"] = true;
  config["rope_scaling"] = {{"rope_type", "yarn"},
                            {"factor", keys.real("rope.scaling.factor").value_or(32.0)},
                            {"beta_fast", 32.0},
                            {"beta_slow", 1.0},
                            {"truncate", false},
                            {"original_max_position_embeddings",
                             keys.integer("rope.scaling.original_context_length").value_or(4096)}};
}

void of_phi3(KeyReader& keys, json& config) {
  config.erase("head_dim");
  config["sliding_window"] = stated_window(keys);
  set_field(config, "original_max_position_embeddings",
            keys.integer("rope.scaling.original_context_length"));
}

void of_lfm2(KeyReader& keys, json& config) {
  const std::int64_t layers = config["num_hidden_layers"];
  json types = json::array();
  std::int64_t key_heads = 0;
  for (const std::int64_t heads : keys.by_layer("attention.head_count_kv", layers)) {
    types.push_back(heads == 0 ? "conv" : "full_attention");
    key_heads = std::max(key_heads, heads);
  }
  config["layer_types"] = types;
  config["num_key_value_heads"] = key_heads;
  config["conv_L_cache"] = keys.required("shortconv.l_cache");
  config["conv_bias"] = false;
  config["block_auto_adjust_ff_dim"] = false;
  config["norm_eps"] = config.value("rms_norm_eps", 1e-5);
  config.erase("rms_norm_eps");
}

// Olmo 3 is this architecture with a window in three layers of four.
void of_olmo2(KeyReader& keys, json& config) {
  config["attention_bias"] = false;
  const json window = stated_window(keys);
  if (window.is_null()) return;
  config["model_type"] = "olmo3";
  config["sliding_window"] = window;
}

void of_granite(KeyReader& keys, json& config) {
  config["embedding_multiplier"] = keys.real("embedding_scale").value_or(1.0);
  config["residual_multiplier"] = keys.real("residual_scale").value_or(1.0);
  config["attention_multiplier"] = keys.real("attention.scale").value_or(1.0);
  config["logits_scaling"] = keys.real("logit_scale").value_or(1.0);
  config["attention_bias"] = false;
  config["mlp_bias"] = false;
}

void of_smollm3(KeyReader&, json& config) {
  config["attention_bias"] = false;
  config["mlp_bias"] = false;
  config["use_sliding_window"] = false;
  config["no_rope_layer_interval"] = 4;
}

struct Architecture {
  std::string_view name;        // general.architecture
  std::string_view model_type;  // of the Hugging Face config
  void (*complete)(KeyReader&, json&);
};
constexpr std::array kArchitectures{Architecture{"llama", "llama", of_llama},
                                    Architecture{"qwen2", "qwen2", of_qwen2},
                                    Architecture{"qwen2moe", "qwen2_moe", of_qwen2_moe},
                                    Architecture{"qwen3", "qwen3", of_qwen3},
                                    Architecture{"qwen3moe", "qwen3_moe", of_qwen3_moe},
                                    Architecture{"gemma", "gemma", of_gemma},
                                    Architecture{"gemma2", "gemma2", of_gemma2},
                                    Architecture{"gemma3", "gemma3_text", of_gemma3},
                                    Architecture{"deepseek2", "deepseek_v3", of_deepseek2},
                                    Architecture{"gpt-oss", "gpt_oss", of_gpt_oss},
                                    Architecture{"phi3", "phi3", of_phi3},
                                    Architecture{"olmo2", "olmo2", of_olmo2},
                                    Architecture{"lfm2", "lfm2", of_lfm2},
                                    Architecture{"granite", "granite", of_granite},
                                    Architecture{"smollm3", "smollm3", of_smollm3},
                                    Architecture{"qwen3next", "qwen3_next", of_qwen3_next},
                                    Architecture{"qwen35", "qwen3_5_text", of_qwen35},
                                    Architecture{"qwen35moe", "qwen3_5_moe_text", of_qwen35_moe},
                                    Architecture{"nemotron_h", "nemotron_h", of_nemotron_h},
                                    Architecture{"nemotron_h_moe", "nemotron_h", of_nemotron_h},
                                    Architecture{"llama4", "llama4_text", of_llama4}};

// A window that the architecture is not known to have would make another cache.
void refuse_unread_window(KeyReader& keys, const json& config) {
  if (stated_window(keys).is_null() || !config.value("sliding_window", json()).is_null()) return;
  keys.refuse(fmt::format("key '{}.{}' states a window, which models of this architecture are not "
                          "known to have",
                          keys.architecture(), kWindow),
              "import the model's config.json, which says which layers have it");
}

}  // namespace

std::string architecture_of(const GgufModel& file) {
  const auto found = file.keys().find("general.architecture");
  if (found == file.keys().end()) return "";
  const auto* const name = std::get_if<std::string>(&found->second);
  return name == nullptr ? "" : *name;
}

GgufConfig config_of(const GgufModel& file) {
  GgufConfig read;
  KeyReader keys(file, architecture_of(file), read.problems);
  const auto* const found =
      std::ranges::find(kArchitectures, keys.architecture(), &Architecture::name);
  if (found == kArchitectures.end()) {
    std::vector<std::string_view> known;
    for (const Architecture& each : kArchitectures) known.push_back(each.name);
    keys.refuse(
        fmt::format("general.architecture {} is not supported", quote_name(keys.architecture())),
        fmt::format("supported: {}", fmt::join(known, ", ")));
    return read;
  }
  json config = common_config(keys);
  config["model_type"] = found->model_type;
  found->complete(keys, config);
  refuse_unread_window(keys, config);
  if (read.problems.empty()) read.config = std::move(config);
  return read;
}

}  // namespace llmarch
