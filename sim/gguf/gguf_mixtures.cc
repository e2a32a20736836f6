// Decoders with experts in all layers but the first few. Source of the keys: llama.cpp,
// src/models/*.cpp (load_arch_hparams), and what the converter writes (conversion/*.py).
#include "sim/gguf/gguf_keys.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::int64_t kSigmoid = 2;  // of llama.cpp's expert_gating_func

// Experts are chosen within the best groups of them, and their weights scaled.
void set_choice(KeyReader& keys, json& config) {
  config["norm_topk_prob"] = keys.flag("expert_weights_norm").value_or(false);
  config["routed_scaling_factor"] = keys.real("expert_weights_scale").value_or(1.0);
  config["n_group"] = keys.integer("expert_group_count").value_or(1);
  config["topk_group"] = keys.integer("expert_group_used_count").value_or(1);
}

// The fields of DeepSeek's configs, which other makers have taken over.
void set_routed_experts(KeyReader& keys, json& config) {
  set_experts(keys, config, "n_routed_experts", "moe_intermediate_size");
  set_field(config, "n_shared_experts", keys.integer("expert_shared_count"));
  config["first_k_dense_replace"] = keys.integer("leading_dense_block_count").value_or(0);
  set_choice(keys, config);
}

}  // namespace

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

void of_deepseek2(KeyReader& keys, json& config) {
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
  set_routed_experts(keys, config);
  config["moe_layer_freq"] = 1;
  config["scoring_func"] = third ? "sigmoid" : "softmax";
  config["topk_method"] = third ? "noaux_tc" : "greedy";
  config["attention_bias"] = false;
}

void of_gpt_oss(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_local_experts", "intermediate_size");
  config["sliding_window"] = keys.required(kWindow);
  config["layer_types"] = layer_types_of(layers_of(config), [](std::int64_t layer) {
    return layer % 2 == 0 ? "sliding_attention" : "full_attention";
  });
  config["attention_bias"] = true;
  config["rope_scaling"] = {{"rope_type", "yarn"},
                            {"factor", keys.real("rope.scaling.factor").value_or(32.0)},
                            {"beta_fast", 32.0},
                            {"beta_slow", 1.0},
                            {"truncate", false},
                            {"original_max_position_embeddings",
                             keys.integer("rope.scaling.original_context_length").value_or(4096)}};
}

void of_glm4_moe(KeyReader& keys, json& config) {
  set_routed_experts(keys, config);
  set_rotated_part(keys, config);
  config["attention_bias"] = keys.has_tensor("blk.0.attn_q.bias");
  config["use_qk_norm"] = keys.has_tensor("blk.0.attn_q_norm.weight");
}

void of_dots1(KeyReader& keys, json& config) {
  set_routed_experts(keys, config);
  config["moe_layer_freq"] = 1;
  config["attention_bias"] = false;
}

void of_minimax_m2(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_local_experts", "intermediate_size");
  config["rotary_dim"] = keys.required("rope.dimension_count");
  config["use_qk_norm"] = true;
  config["use_routing_bias"] = true;
  config["scoring_func"] = "sigmoid";
}

void of_bailing_moe2(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_experts", "moe_intermediate_size");
  config["num_shared_experts"] = keys.required("expert_shared_count");
  config["first_k_dense_replace"] = keys.integer("leading_dense_block_count").value_or(0);
  set_choice(keys, config);
  set_rotated_part(keys, config);
  const std::int64_t dense = config.at("first_k_dense_replace");
  config["moe_router_enable_expert_bias"] =
      keys.has_tensor(fmt::format("blk.{}.exp_probs_b.bias", dense));
  config["use_qk_norm"] = true;
  config["use_qkv_bias"] = false;
  config["use_bias"] = false;
  config["score_function"] = "sigmoid";
}

// The last layer of the mixture is the model's last.
void of_ernie4_5_moe(KeyReader& keys, json& config) {
  config["use_bias"] = false;
  config["moe_num_experts"] = keys.required("expert_count");
  config["moe_k"] = keys.required("expert_used_count");
  config["moe_intermediate_size"] = keys.required("expert_feed_forward_length");
  config["moe_num_shared_experts"] = keys.integer("expert_shared_count").value_or(0);
  config["moe_layer_interval"] = keys.integer("interleave_moe_layer_step").value_or(1);
  config["moe_layer_start_index"] = keys.integer("leading_dense_block_count").value_or(0);
  config["moe_layer_end_index"] = layers_of(config) - 1;
}

// Experts and the dense feed-forward beside them have one width.
void of_hunyuan_moe(KeyReader& keys, json& config) {
  config["num_experts"] = keys.required("expert_count");
  config["moe_topk"] = keys.required("expert_used_count");
  const auto stated = keys.integer("expert_feed_forward_length");
  if (stated) config["intermediate_size"] = *stated;
  const auto shared = keys.integer("expert_shared_feed_forward_length");
  if (shared && stated && *stated > 0) config["num_shared_expert"] = *shared / *stated;
  config["use_mixed_mlp_moe"] = true;
  config["use_qk_norm"] = true;
}

void of_olmoe(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_experts", "intermediate_size");
  config["attention_bias"] = false;
  config["norm_topk_prob"] = false;
}

void of_granite_moe(KeyReader& keys, json& config) {
  of_granite(keys, config);
  config.erase("mlp_bias");
  set_experts(keys, config, "num_local_experts", "intermediate_size");
}

void of_lfm2_moe(KeyReader& keys, json& config) {
  of_lfm2(keys, config);
  for (const char* absent : {"block_auto_adjust_ff_dim", "hidden_act"}) config.erase(absent);
  set_experts(keys, config, "num_experts", "moe_intermediate_size");
  config["num_dense_layers"] = keys.integer("leading_dense_block_count").value_or(0);
  config["use_expert_bias"] = keys.integer("expert_gating_func").value_or(kSigmoid) == kSigmoid;
  config["norm_topk_prob"] = true;
}

}  // namespace llmarch
