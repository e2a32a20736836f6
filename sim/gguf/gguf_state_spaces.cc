// Architectures with state spaces (Mamba 1 and 2), alone, beside attention or among its layers.
// Source of the keys: llama.cpp, src/models/*.cpp (load_arch_hparams), and what the converter
// writes (conversion/*.py).
#include "sim/gguf/gguf_keys.h"

namespace llmarch {
namespace {

using nlohmann::json;

// What a model without attention does not say of it.
void erase_attention(json& config) {
  for (const char* absent :
       {"num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size",
        "max_position_embeddings", "rope_theta", "rms_norm_eps", "layer_norm_eps"}) {
    config.erase(absent);
  }
}

std::int64_t at_least_one(std::int64_t number) {
  return std::max<std::int64_t>(number, 1);
}

void set_whole_mamba(KeyReader& keys, json& config) {
  config["layer_norm_epsilon"] = config.value("rms_norm_eps", 1e-5);
  erase_attention(config);
  config["conv_kernel"] = keys.required("ssm.conv_kernel");
  config["state_size"] = keys.required("ssm.state_size");
  const std::int64_t inner = keys.required("ssm.inner_size");
  config["expand"] = inner / at_least_one(config.value("hidden_size", std::int64_t{1}));
}

// A layer that has the tensor, counted from 0; all others have not. None where no layer has it, or
// they do not recur with one period.
struct Periodic {
  std::int64_t offset, period;
};
std::optional<Periodic> periodic_layers(const KeyReader& keys, std::int64_t layers,
                                        std::string_view tensor) {
  const auto has = [&](std::int64_t layer) {
    return keys.has_tensor(fmt::format("blk.{}.{}", layer, tensor));
  };
  std::int64_t offset = 0;
  while (offset < layers && !has(offset)) ++offset;
  if (offset == layers) return std::nullopt;
  std::int64_t next = offset + 1;
  while (next < layers && !has(next)) ++next;
  const Periodic found{offset, next == layers ? std::max(layers, offset + 1) : next - offset};
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    if (has(layer) != (layer % found.period == offset % found.period)) return std::nullopt;
  }
  return found;
}

void set_period(KeyReader& keys, json& config, const char* of, std::string_view tensor) {
  const auto found = periodic_layers(keys, layers_of(config), tensor);
  if (!found) {
    keys.refuse(fmt::format("the layers with '{}' do not recur with one period", tensor),
                "import the model's config.json");
    return;
  }
  config[fmt::format("{}_layer_offset", of)] = found->offset;
  config[fmt::format("{}_layer_period", of)] = found->period;
}

// The sizes of a state space of the second kind, beside attention.
void set_mamba2(KeyReader& keys, json& config) {
  const std::int64_t heads = keys.required("ssm.time_step_rank");
  const std::int64_t inner = keys.required("ssm.inner_size");
  config["mamba_n_heads"] = heads;
  config["mamba_d_head"] = inner / at_least_one(heads);
  config["mamba_d_state"] = keys.required("ssm.state_size");
  config["mamba_d_conv"] = keys.required("ssm.conv_kernel");
  config["mamba_n_groups"] = keys.required("ssm.group_count");
  config["mamba_conv_bias"] = true;
  config["mamba_proj_bias"] = false;
}

}  // namespace

void of_mamba(KeyReader& keys, json& config) {
  set_whole_mamba(keys, config);
  config["time_step_rank"] = keys.required("ssm.time_step_rank");
  if (keys.flag("ssm.dt_b_c_rms").value_or(false)) config["model_type"] = "falcon_mamba";
}

void of_mamba2(KeyReader& keys, json& config) {
  set_whole_mamba(keys, config);
  const std::int64_t heads = keys.required("ssm.time_step_rank");
  config["num_heads"] = heads;
  config["head_dim"] = keys.required("ssm.inner_size") / at_least_one(heads);
  config["n_groups"] = keys.required("ssm.group_count");
  config.erase("hidden_act");
}

// Layers without key heads are state spaces.
void of_jamba(KeyReader& keys, json& config) {
  for (const char* absent : {"head_dim", "rope_theta"}) config.erase(absent);
  config["num_key_value_heads"] =
      most_of(keys.by_layer("attention.head_count_kv", layers_of(config)));
  config["mamba_d_conv"] = keys.required("ssm.conv_kernel");
  config["mamba_d_state"] = keys.required("ssm.state_size");
  config["mamba_dt_rank"] = keys.required("ssm.time_step_rank");
  config["mamba_expand"] =
      keys.required("ssm.inner_size") / at_least_one(config.value("hidden_size", std::int64_t{1}));
  config["num_experts"] = keys.required("expert_count");
  config["num_experts_per_tok"] = keys.required("expert_used_count");
  set_period(keys, config, "attn", "attn_q.weight");
  set_period(keys, config, "expert", "ffn_gate_inp.weight");
}

// The converter multiplies the weights with the model's multipliers.
void of_falcon_h1(KeyReader& keys, json& config) {
  set_mamba2(keys, config);
  config["mamba_d_ssm"] = keys.required("ssm.inner_size");
  config["mamba_rms_norm"] = keys.has_tensor("blk.0.ssm_norm.weight");
  config["attention_bias"] = false;
  config["mlp_bias"] = false;
  for (const char* one :
       {"attention_in_multiplier", "attention_out_multiplier", "embedding_multiplier",
        "key_multiplier", "lm_head_multiplier", "ssm_in_multiplier", "ssm_out_multiplier"}) {
    config[one] = 1.0;
  }
  config["mlp_multipliers"] = json::array({1.0, 1.0});
  config["ssm_multipliers"] = json::array({1.0, 1.0, 1.0, 1.0, 1.0});
}

// Layers without key heads are state spaces. Attention is rotated only where the file says so,
// which models with state spaces do not.
void of_granite_hybrid(KeyReader& keys, json& config) {
  of_granite(keys, config);
  config.erase("mlp_bias");
  config.erase("head_dim");
  const auto heads = keys.by_layer("attention.head_count_kv", layers_of(config));
  config["num_key_value_heads"] = most_of(heads);
  json types = json::array();
  for (const std::int64_t each : heads) types.push_back(each == 0 ? "mamba" : "attention");
  config["layer_types"] = types;
  set_mamba2(keys, config);
  config["position_embedding_type"] =
      keys.flag("rope.scaling.finetuned").value_or(false) ? "rope" : "nope";
  config["num_local_experts"] = keys.integer("expert_count").value_or(0);
  config["num_experts_per_tok"] = keys.integer("expert_used_count").value_or(0);
  const auto shared = keys.integer("expert_shared_feed_forward_length");
  config["shared_intermediate_size"] = shared ? *shared : keys.required("feed_forward_length");
}

}  // namespace llmarch
