// Decoders with one kind of feed-forward. Source of the keys: llama.cpp, src/models/*.cpp
// (load_arch_hparams), and what the converter writes (conversion/*.py).
#include "sim/gguf/gguf_keys.h"

namespace llmarch {
namespace {

using nlohmann::json;

void rename(json& config, const char* from, const char* to) {
  if (!config.contains(from)) return;
  config[to] = config.at(from);
  config.erase(from);
}

}  // namespace

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

void of_phi3(KeyReader& keys, json& config) {
  config.erase("head_dim");
  config["sliding_window"] = stated_window(keys);
  set_field(config, "original_max_position_embeddings",
            keys.integer("rope.scaling.original_context_length"));
}

// Olmo 3 is this architecture with a window in three layers of four.
void of_olmo2(KeyReader& keys, json& config) {
  config["attention_bias"] = false;
  const json window = stated_window(keys);
  if (window.is_null()) return;
  config["model_type"] = "olmo3";
  config["sliding_window"] = window;
}

// Norms without weights.
void of_olmo(KeyReader& keys, json& config) {
  config.erase("layer_norm_eps");
  config["attention_bias"] = false;
  set_field(config, "clip_qkv", keys.real("attention.clamp_kqv"));
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

void of_glm4(KeyReader& keys, json& config) {
  set_rotated_part(keys, config);
  config["attention_bias"] =
      keys.has_tensor("blk.0.attn_q.bias") || keys.has_tensor("blk.0.attn_qkv.bias");
}

void of_seed_oss(KeyReader& keys, json& config) {
  config["attention_bias"] = keys.has_tensor("blk.0.attn_q.bias");
  config["attention_out_bias"] = keys.has_tensor("blk.0.attn_output.bias");
  config["mlp_bias"] = false;
}

void of_arcee(KeyReader&, json& config) {
  config["hidden_act"] = "relu2";
  config["attention_bias"] = false;
  config["mlp_bias"] = false;
}

void of_ernie4_5(KeyReader&, json& config) {
  config["use_bias"] = false;
}

void of_hunyuan_dense(KeyReader&, json& config) {
  config["use_qk_norm"] = true;
  config["attention_bias"] = false;
}

// Where there is a window, three layers of four have it.
void of_exaone4(KeyReader& keys, json& config) {
  const json window = stated_window(keys);
  config["sliding_window"] = window;
  config["layer_types"] = layer_types_of(layers_of(config), [&](std::int64_t layer) {
    return window.is_null() || layer % 4 == 3 ? "full_attention" : "sliding_attention";
  });
}

void of_cohere(KeyReader& keys, json& config) {
  config["logit_scale"] = keys.real("logit_scale").value_or(1.0);
  config["use_qk_norm"] = keys.has_tensor("blk.0.attn_q_norm.weight");
  config["attention_bias"] = false;
  config.erase("head_dim");
}

void of_cohere2(KeyReader& keys, json& config) {
  config["logit_scale"] = keys.real("logit_scale").value_or(1.0);
  config["sliding_window"] = keys.required(kWindow);
  config["sliding_window_pattern"] = 4;
  config["attention_bias"] = false;
}

void of_starcoder2(KeyReader& keys, json& config) {
  rename(config, "layer_norm_eps", "norm_epsilon");
  config["hidden_act"] = "gelu_pytorch_tanh";
  config["use_bias"] = true;
  config["sliding_window"] = stated_window(keys);
  config.erase("head_dim");
}

void of_stablelm(KeyReader& keys, json& config) {
  set_rotated_part(keys, config);
  config["use_qkv_bias"] = keys.has_tensor("blk.0.attn_q.bias");
  config["qk_layernorm"] = keys.has_tensor("blk.0.attn_q_norm.weight");
  config["use_parallel_residual"] = keys.flag("use_parallel_residual").value_or(false);
  config.erase("head_dim");
}

void of_phi2(KeyReader& keys, json& config) {
  set_rotated_part(keys, config);
  config["hidden_act"] = "gelu_new";
  config["qk_layernorm"] = false;
  config.erase("head_dim");
}

void of_gpt_neox(KeyReader& keys, json& config) {
  set_rotated_part(keys, config);
  rename(config, "partial_rotary_factor", "rotary_pct");
  rename(config, "rope_theta", "rotary_emb_base");
  config["hidden_act"] = "gelu";
  config["use_parallel_residual"] = keys.flag("use_parallel_residual").value_or(true);
  for (const char* absent : {"head_dim", "num_key_value_heads"}) config.erase(absent);
}

void of_nemotron(KeyReader& keys, json& config) {
  set_rotated_part(keys, config);
  rename(config, "layer_norm_eps", "norm_eps");
  config["hidden_act"] = "relu2";
  config["attention_bias"] = false;
  config["mlp_bias"] = false;
}

}  // namespace llmarch
