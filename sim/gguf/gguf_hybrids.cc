// Architectures whose layers are of several kinds: attention beside recurrences, chunks beside all
// keys. Source of the keys: llama.cpp, src/models/*.cpp (load_arch_hparams), and what the converter
// writes (conversion/*.py).
#include <array>

#include "sim/gguf/gguf_keys.h"

namespace llmarch {
namespace {

using nlohmann::json;

bool has_in_layer(const KeyReader& keys, std::int64_t layer, std::string_view tensor) {
  return keys.has_tensor(fmt::format("blk.{}.{}", layer, tensor));
}

// A layer of the gated delta rule has an output projection of its own. The heads of keys and values
// have one width.
void set_delta_net(KeyReader& keys, json& config) {
  json types = json::array();
  for (std::int64_t layer = 0; layer < layers_of(config); ++layer) {
    types.push_back(has_in_layer(keys, layer, "ssm_out.weight") ? "linear_attention"
                                                                : "full_attention");
  }
  config["layer_types"] = types;
  config["linear_num_key_heads"] = keys.required("ssm.group_count");
  config["linear_num_value_heads"] = keys.required("ssm.time_step_rank");
  config["linear_key_head_dim"] = keys.required("ssm.state_size");
  config["linear_value_head_dim"] = keys.required("ssm.state_size");
  config["linear_conv_kernel_dim"] = keys.required("ssm.conv_kernel");
  config["attention_bias"] = false;
}

// The part of each head that is rotated.
double rotated_part(KeyReader& keys, const json& config) {
  const std::int64_t head = config.value("head_dim", std::int64_t{256});
  const std::int64_t rotated = keys.integer("rope.dimension_count").value_or(head / 4);
  return head > 0 ? static_cast<double>(rotated) / static_cast<double>(head) : 0;
}

void set_qwen_experts(KeyReader& keys, json& config) {
  set_experts(keys, config, "num_experts", "moe_intermediate_size");
  config["shared_expert_intermediate_size"] = keys.required("expert_shared_feed_forward_length");
  config.erase("intermediate_size");
}

}  // namespace

void of_qwen3_next(KeyReader& keys, json& config) {
  set_delta_net(keys, config);
  set_qwen_experts(keys, config);
  config["partial_rotary_factor"] = rotated_part(keys, config);
  config["decoder_sparse_step"] = 1;
  config["mlp_only_layers"] = json::array();
  config["norm_topk_prob"] = true;
}

void of_qwen35(KeyReader& keys, json& config) {
  set_delta_net(keys, config);
  config["rope_parameters"] = {{"rope_type", "default"},
                               {"rope_theta", config.at("rope_theta")},
                               {"partial_rotary_factor", rotated_part(keys, config)}};
  config.erase("rope_theta");
}

void of_qwen35_moe(KeyReader& keys, json& config) {
  of_qwen35(keys, config);
  set_qwen_experts(keys, config);
}

// Every layer is one block, which its tensors tell apart.
void of_nemotron_h(KeyReader& keys, json& config) {
  constexpr std::array<std::pair<std::string_view, char>, 3> kBlocks{
      {{"ssm_in.weight", 'M'}, {"attn_q.weight", '*'}, {"ffn_gate_inp.weight", 'E'}}};
  std::string pattern;
  const std::int64_t layers = layers_of(config);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const auto* const block = std::ranges::find_if(
        kBlocks, [&](const auto& each) { return has_in_layer(keys, layer, each.first); });
    pattern += block == kBlocks.end() ? '-' : block->second;
  }
  const std::int64_t width = most_of(keys.by_layer("feed_forward_length", layers));
  config["hybrid_override_pattern"] = pattern;
  config["num_key_value_heads"] = most_of(keys.by_layer("attention.head_count_kv", layers));
  if (width > 0) config["intermediate_size"] = width;
  const std::int64_t heads = keys.required("ssm.time_step_rank");
  config["mamba_num_heads"] = heads;
  config["mamba_head_dim"] = heads > 0 ? keys.required("ssm.inner_size") / heads : 0;
  config["n_groups"] = keys.required("ssm.group_count");
  config["ssm_state_size"] = keys.required("ssm.state_size");
  config["conv_kernel"] = keys.required("ssm.conv_kernel");
  config["layer_norm_epsilon"] = config.value("rms_norm_eps", 1e-5);
  config["mlp_hidden_act"] = "relu2";
  for (const char* absent : {"rms_norm_eps", "rope_theta", "hidden_act"}) config.erase(absent);
  if (keys.integer("expert_count").value_or(0) == 0) return;
  set_experts(keys, config, "n_routed_experts", "moe_intermediate_size");
  config["n_shared_experts"] = keys.integer("expert_shared_count").value_or(1);
  config["moe_shared_expert_intermediate_size"] =
      keys.required("expert_shared_feed_forward_length");
  config["norm_topk_prob"] = keys.flag("expert_weights_norm").value_or(true);
  config["routed_scaling_factor"] = keys.real("expert_weights_scale").value_or(1.0);
  config["n_group"] = keys.integer("expert_group_count").value_or(1);
  config["topk_group"] = keys.integer("expert_group_used_count").value_or(1);
}

void of_lfm2(KeyReader& keys, json& config) {
  const auto heads = keys.by_layer("attention.head_count_kv", layers_of(config));
  config["layer_types"] = layer_types_of(std::ssize(heads), [&](std::int64_t layer) {
    return heads[static_cast<std::size_t>(layer)] == 0 ? "conv" : "full_attention";
  });
  config["num_key_value_heads"] = most_of(heads);
  config["conv_L_cache"] = keys.required("shortconv.l_cache");
  config["conv_bias"] = false;
  config["block_auto_adjust_ff_dim"] = false;
  config["norm_eps"] = config.value("rms_norm_eps", 1e-5);
  config.erase("rms_norm_eps");
}

// Three layers of four attend within chunks and are rotated; the fourth attends to every key and is
// not. llama.cpp has the chunk and the temperature as constants, and norms queries and keys but in
// the model of 128 experts.
void of_llama4(KeyReader& keys, json& config) {
  constexpr std::int64_t kChunk = 8192;
  config["intermediate_size_mlp"] = config.value("intermediate_size", std::int64_t{0});
  set_experts(keys, config, "num_local_experts", "intermediate_size");
  config["interleave_moe_layer_step"] = keys.required("interleave_moe_layer_step");
  config["attention_chunk_size"] = kChunk;
  config["attn_temperature_tuning"] = true;
  config["floor_scale"] = kChunk;
  config["attn_scale"] = 0.1;
  config["use_qk_norm"] = config.at("num_local_experts") != 128;
  config["attention_bias"] = false;
  json rotated = json::array();
  for (std::int64_t layer = 1; layer <= layers_of(config); ++layer) {
    rotated.push_back(layer % 4 != 0 ? 1 : 0);
  }
  config["no_rope_layers"] = rotated;
}

}  // namespace llmarch
