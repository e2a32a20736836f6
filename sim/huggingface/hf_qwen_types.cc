#include <fmt/format.h>

#include <set>

#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// Every so-many-th layer is a mixture, unless it is named as dense.
std::vector<bool> sparse_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::int64_t every = config.size_or("decoder_sparse_step", 1, kTypeDefault).value();
  const std::vector<std::int64_t> named = config.indices_or_none("mlp_only_layers", kTypeDefault);
  const std::set<std::int64_t> dense(named.begin(), named.end());
  std::vector<bool> sparse;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    sparse.push_back(!dense.contains(layer) && (layer + 1) % every == 0);
  }
  return sparse;
}

MixtureFeedForward routed_experts(Import& import) {
  ConfigReader& config = import.config;
  config.inert({"output_router_logits", "router_aux_loss_coef"});
  MixtureFeedForward mixture;
  mixture.experts = config.size("num_experts", kExperts);
  mixture.experts_per_token = config.size("num_experts_per_tok", kExperts);
  mixture.expert_width = config.size("moe_intermediate_size");
  mixture.activation = activation(import, "hidden_act");
  mixture.router.scoring = Scoring::softmax;
  mixture.router.normalized_weights = config.flag_or("norm_topk_prob", false, kTypeDefault);
  return mixture;
}

}  // namespace

// modeling_qwen3.py; its library would fill num_key_value_heads with a number of its own.
void import_qwen3(Import& import, ArchSpec& spec) {
  read_common(import, spec, false);
  const Integer layers = layer_number(import, "num_hidden_layers");
  import.config.stated("num_key_value_heads");
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = import.config.size_or("head_dim", 128, kTypeDefault);
  attention.qk_norm = QkNorm::per_head;
  refuse_qwen_windows(import.config, layers);
  const DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  add_uniform_layers(spec, attention, "gqa", dense, layers);
}

// modeling_qwen3_moe.py
void import_qwen3_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec, false);
  const Integer layers = layer_number(import, "num_hidden_layers");
  config.stated("num_key_value_heads");
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  attention.qk_norm = QkNorm::per_head;
  refuse_qwen_windows(config, layers);
  const MixtureFeedForward mixture = routed_experts(import);
  const DenseFeedForward dense = gated_feed_forward(import, mixture.activation);
  add_layers(spec, attention, "gqa", dense, mixture, sparse_layers(import, layers));
}

// modeling_qwen2_moe.py; queries, keys and values always have a bias.
void import_qwen2_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::qwen2_moe;
  read_common(import, spec, false);
  const Integer layers = layer_number(import, "num_hidden_layers");
  config.stated("num_key_value_heads");
  GroupedAttention attention = heads_of(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  attention.qkv_bias = true;
  attention.rotary = rotary(import, RotaryLayout::half_split);
  config.only("qkv_bias", true);
  refuse_qwen_windows(config, layers);
  MixtureFeedForward mixture = routed_experts(import);
  mixture.shared_width = config.size("shared_expert_intermediate_size");
  mixture.shared_gate = true;
  const DenseFeedForward dense = gated_feed_forward(import, mixture.activation);
  add_layers(spec, attention, "gqa", dense, mixture, sparse_layers(import, layers));
}

}  // namespace llmarch
