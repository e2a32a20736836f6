#include <fmt/format.h>

#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// Which layers rotate: stated, or all but every `interval`th.
std::vector<bool> rotating_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::vector<std::int64_t> stated =
      config.indices_or_none("no_rope_layers", "every no_rope_layer_interval-th layer has none");
  const std::int64_t interval =
      config.contains("no_rope_layer_interval") ? config.size("no_rope_layer_interval").value() : 4;
  std::vector<bool> rotating;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    rotating.push_back(index < stated.size() ? stated[index] != 0 : (layer + 1) % interval != 0);
  }
  if (!stated.empty() && stated.size() != rotating.size() &&
      config.all_read({"num_hidden_layers"})) {
    config.refuse(fmt::format("'no_rope_layers' lists {} layers, and num_hidden_layers = {}",
                              stated.size(), layers.value()),
                  "it has one entry for each layer");
  }
  return rotating;
}

// modeling_llama4.py: queries of layers without positions grow with their place.
std::optional<Temperature> llama4_temperature(ConfigReader& config) {
  const bool tuned = config.flag_or("attn_temperature_tuning", true, kTypeDefault);
  const Temperature temperature{config.real_or("attn_scale", 0.1, kTypeDefault),
                                config.size_or("floor_scale", 8192, kTypeDefault, kPositions)};
  return tuned ? std::optional(temperature) : std::nullopt;
}

MixtureFeedForward llama4_mixture(Import& import) {
  ConfigReader& config = import.config;
  config.inert({"output_router_logits", "router_aux_loss_coef", "router_jitter_noise",
                "for_llm_compressor"});
  MixtureFeedForward mixture;
  mixture.experts = config.size("num_local_experts", kExperts);
  mixture.experts_per_token = config.size("num_experts_per_tok", kExperts);
  mixture.expert_width = config.size("intermediate_size");
  mixture.shared_width = mixture.expert_width;
  mixture.scaled_input = true;
  mixture.activation = activation(import, "hidden_act");
  mixture.router.scoring = Scoring::sigmoid;
  return mixture;
}

}  // namespace

// modeling_llama.py
void import_llama(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec, false);
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  dense.bias = config.flag_or("mlp_bias", false, kTypeDefault);
  add_uniform_layers(spec, attention, "gqa", dense, layer_number(import, "num_hidden_layers"));
}

// modeling_mistral.py
void import_mistral(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec, false);
  config.stated("num_key_value_heads");
  GroupedAttention attention = heads_of(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  attention.window = config.nullable_size("sliding_window", kPositions);
  attention.rotary = rotary(import, RotaryLayout::half_split);
  const DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  add_uniform_layers(spec, attention, "gqa", dense, layer_number(import, "num_hidden_layers"));
}

// modeling_olmo2.py
void import_olmo2(Import& import, ArchSpec& spec) {
  read_common(import, spec, false);
  spec.norm.placement = NormPlacement::after;
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  attention.qk_norm = QkNorm::whole;
  const DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  add_uniform_layers(spec, attention, "gqa", dense, layer_number(import, "num_hidden_layers"));
}

// modeling_smollm3.py
void import_smollm3(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec, true);
  const Integer layers = layer_number(import, "num_hidden_layers");
  refuse_qwen_windows(config, layers);
  config.stated("num_key_value_heads");
  GroupedAttention rotating = grouped_attention(import);
  rotating.head_dim = head_width(import, spec.hidden, rotating.query_heads);
  GroupedAttention still = rotating;
  still.rotary.reset();
  DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  dense.bias = config.flag_or("mlp_bias", false, kTypeDefault);
  std::vector<std::size_t> kinds;
  for (const bool rotates : rotating_layers(import, layers)) kinds.push_back(rotates ? 0 : 1);
  add_kinds(spec, {{"rope", "rope", rotating, "mlp", dense}, {"nope", "nope", still, "mlp", dense}},
            kinds);
}

// modeling_llama4.py
void import_llama4_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::llama4;
  read_common(import, spec, false);
  const Integer layers = layer_number(import, "num_hidden_layers");
  config.stated("num_key_value_heads");
  GroupedAttention local = heads_of(import);
  local.head_dim = head_width(import, spec.hidden, local.query_heads);
  local.qkv_bias = config.flag_or("attention_bias", false, kTypeDefault);
  local.output_bias = local.qkv_bias;
  GroupedAttention global = local;
  global.temperature = llama4_temperature(config);
  local.chunk = config.size_or("attention_chunk_size", 8192, kTypeDefault, kPositions);
  if (config.flag_or("use_qk_norm", true, kTypeDefault)) {
    local.qk_norm = QkNorm::unweighted_after_rotation;
  }
  local.rotary = rotary(import, RotaryLayout::interleaved);

  const MixtureFeedForward mixture = llama4_mixture(import);
  DenseFeedForward dense{config.size("intermediate_size_mlp"), mixture.activation, true, false};
  const std::int64_t every = config.size("interleave_moe_layer_step").value();
  const std::vector<bool> rotating = rotating_layers(import, layers);
  std::vector<std::size_t> kinds;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    const std::size_t reach = rotating[static_cast<std::size_t>(layer)] ? 0 : 2;
    kinds.push_back(reach + ((layer + 1) % every == 0 ? 1 : 0));
  }
  add_kinds(spec,
            {{"local_dense", "local", local, "dense", dense},
             {"local_moe", "local", local, "moe", mixture},
             {"global_dense", "global", global, "dense", dense},
             {"global_moe", "global", global, "moe", mixture}},
            kinds);
}

}  // namespace llmarch
