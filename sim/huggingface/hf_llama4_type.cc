#include <fmt/format.h>

#include <set>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

MixtureFeedForward read_experts(Import& import) {
  ConfigReader& config = import.config;
  config.inert({"output_router_logits", "router_aux_loss_coef", "router_jitter_noise",
                "for_llm_compressor"});
  MixtureFeedForward mixture;
  mixture.experts = config.size_or("num_local_experts", 16, kTypeDefault, kExperts);
  mixture.experts_per_token = config.size_or("num_experts_per_tok", 1, kTypeDefault, kExperts);
  mixture.expert_width = config.size_or("intermediate_size", 8192, kTypeDefault);
  mixture.shared_width = mixture.expert_width;
  mixture.scaled_input = true;
  mixture.activation = activation_or(import, "hidden_act", Activation::silu);
  mixture.router.scoring = Scoring::sigmoid;
  return mixture;
}

// Whether each layer is a mixture: named in moe_layers, or every so-many-th.
std::vector<bool> mixture_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::int64_t every =
      config.size_or("interleave_moe_layer_step", 1, kTypeDefault, kRepeats).value();
  std::vector<bool> sparse(size(layers), false);
  if (!config.contains("moe_layers") || config.is_null("moe_layers")) {
    for (std::size_t i = 0; i < sparse.size(); ++i) {
      sparse[i] = (static_cast<std::int64_t>(i) + 1) % every == 0;
    }
    return sparse;
  }
  for (const std::int64_t layer : config.indices_or_none("moe_layers", "")) {
    if (layer >= 0 && layer < layers.value()) sparse[static_cast<std::size_t>(layer)] = true;
  }
  return sparse;
}

// Whether each layer attends within chunks: by layer_types, or where it rotates.
std::vector<bool> chunked_layers(Import& import, const std::vector<bool>& rotated) {
  const Integer layers = std::ssize(rotated);
  const auto types = layer_types(import, layers, {"chunked_attention", "full_attention"});
  if (types.empty()) return rotated;
  std::vector<bool> chunked;
  for (const std::string& type : types) chunked.push_back(type == "chunked_attention");
  return chunked;
}

// The kinds of attention: within chunks or over all keys, rotated or not. Rotated layers normalise
// queries and keys; the queries of others grow with their position.
std::vector<Named<Mixer>> read_attention(Import& import, const ArchSpec& spec) {
  ConfigReader& config = import.config;
  GroupedAttention base;
  base.query_heads = config.size_or("num_attention_heads", 40, kTypeDefault);
  base.kv_heads = read_kv_heads(config, base.query_heads, 8);
  base.head_dim = read_head_dim(config, spec.hidden, base.query_heads, 128);
  base.qkv_bias = read_flag(config, {"attention_bias"});
  base.output_bias = base.qkv_bias;
  const bool tuned = read_flag(config, {"attn_temperature_tuning", Flag::Absent::on});
  const Temperature temperature{config.real_or("attn_scale", 0.1, kTypeDefault),
                                config.size_or("floor_scale", 8192, kTypeDefault, kPositions)};
  const Integer chunk = config.size_or("attention_chunk_size", 8192, kTypeDefault, kPositions);
  const bool normalized = read_flag(config, {"use_qk_norm", Flag::Absent::on});
  const Rotary rotary = read_rotary(import, {RotaryLayout::interleaved, 500000}, base.head_dim);
  GroupedAttention turned = base;
  turned.rotary = rotary;
  if (normalized) turned.qk_norm = QkNorm::unweighted_after_rotation;
  GroupedAttention unturned = base;
  if (tuned) unturned.temperature = temperature;
  const auto within_chunks = [&](GroupedAttention kind) {
    kind.chunk = chunk;
    return kind;
  };
  return {{"local", within_chunks(turned)},
          {"local_nope", within_chunks(unturned)},
          {"global_rope", turned},
          {"global", unturned}};
}

}  // namespace

// configuration_llama4.py, modeling_llama4.py
void import_llama4_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::llama4;
  read_whole(import, {202048, 5120, 131072, 1e-5}, spec);
  const Integer layers = config.size_or("num_hidden_layers", 48, kTypeDefault, kLayers);
  const std::vector<Named<Mixer>> attention = read_attention(import, spec);
  const MixtureFeedForward mixture = read_experts(import);
  const DenseFeedForward dense{config.size_or("intermediate_size_mlp", 16384, kTypeDefault),
                               mixture.activation, true, false};
  const std::vector<bool> sparse = mixture_layers(import, layers);
  const std::vector<bool> rotated = rotating_layers(import, layers);
  const std::vector<bool> chunked = chunked_layers(import, rotated);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    parts.push_back({(chunked[i] ? 0U : 2U) + (rotated[i] ? 0U : 1U), sparse[i] ? 1U : 0U});
  }
  add_layers(spec, attention, {{"dense", dense}, {"moe", mixture}}, parts);
}

}  // namespace llmarch
