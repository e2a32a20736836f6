#include <fmt/format.h>

#include "sim/huggingface/hf_json.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// Newer configs repeat what follows from other fields.
void refuse_deepseek_contradictions(ConfigReader& config, const LatentAttention& attention) {
  config.inert({"num_key_value_heads", "head_dim", "qk_head_dim"});
  if (config.all_read({"num_attention_heads"})) {
    config.only("num_key_value_heads", attention.query_heads.value());
  }
  if (!config.all_read({"qk_rope_head_dim", "qk_nope_head_dim"})) return;
  config.only("head_dim", attention.rope_head_dim.value());
  config.only("qk_head_dim", (attention.nope_head_dim + attention.rope_head_dim).value());
}

LatentAttention deepseek_attention(Import& import) {
  ConfigReader& config = import.config;
  LatentAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.query_latent_dim = config.nullable_size("q_lora_rank");
  attention.kv_latent_dim = config.size("kv_lora_rank");
  attention.nope_head_dim = config.size("qk_nope_head_dim");
  attention.rope_head_dim = config.size("qk_rope_head_dim");
  attention.value_head_dim = config.size("v_head_dim");
  refuse_deepseek_contradictions(config, attention);
  attention.latent_norm_epsilon = 1e-6;  // modeling_deepseek_v3.py: not the config's rms_norm_eps
  const bool bias = config.flag_or("attention_bias", false, kTypeDefault);
  attention.compression_bias = bias;
  attention.output_bias = bias;
  const bool interleaved = config.flag_or("rope_interleave", true, kTypeDefault);
  attention.rotary =
      rotary(import, interleaved ? RotaryLayout::interleaved : RotaryLayout::half_split);
  return attention;
}

Router deepseek_v3_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  router.normalized_weights = config.flag_or("norm_topk_prob", true, kTypeDefault);
  router.weight_scale = config.real("routed_scaling_factor");
  const ExpertGroups groups{config.size("n_group", kExperts), config.size("topk_group", kExperts),
                            GroupScore::best_two};
  if (groups.count != 1) {
    router.groups = groups;
  } else if (groups.chosen != 1 && config.all_read({"n_group", "topk_group"})) {
    config.refuse(fmt::format("'topk_group' is {}, and there is one group", groups.chosen.value()),
                  "n_group = 1 means that there are no groups: topk_group must be 1");
  }
  return router;
}

// All but the router, in which the versions differ.
MixtureFeedForward deepseek_mixture(Import& import, const Router& router) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture;
  mixture.experts = config.size("n_routed_experts", kExperts);
  mixture.experts_per_token = config.size("num_experts_per_tok", kExperts);
  mixture.expert_width = config.size("moe_intermediate_size");
  if (const auto shared = config.nullable_size("n_shared_experts", kExperts)) {
    mixture.shared_width =
        bounded(import, *shared * mixture.expert_width, "n_shared_experts x moe_intermediate_size");
  }
  mixture.activation = activation(import, "hidden_act");
  mixture.router = router;
  return mixture;
}

// Groups are ranked by their best expert; the weights are scaled, and not normalised.
Router deepseek_v2_router(ConfigReader& config) {
  config.only("scoring_func", "softmax");
  config.only("norm_topk_prob", false);
  Router router;
  router.scoring = Scoring::softmax;
  const double scale = config.real("routed_scaling_factor");
  if (scale != 1) router.weight_scale = scale;
  const std::string method = config.text("topk_method");
  if (method == "greedy") {
    config.inert({"n_group", "topk_group"});
  } else if (method == "group_limited_greedy") {
    router.groups = ExpertGroups{config.size("n_group", kExperts),
                                 config.size("topk_group", kExperts), GroupScore::best};
  } else if (!method.empty()) {
    config.refuse(fmt::format("topk_method {} is not supported", quote_name(method)),
                  "supported: greedy, group_limited_greedy");
  }
  return router;
}

// Which layers are mixtures: all behind the first dense ones.
std::vector<bool> sparse_layers(Import& import) {
  const Integer layers = layer_number(import, "num_hidden_layers");
  const Integer dense_first = import.config.size("first_k_dense_replace", Range{0, kMostLayers});
  std::vector<bool> sparse;
  for (Integer layer = 0; layer < layers; layer += 1) sparse.push_back(layer >= dense_first);
  return sparse;
}

void import_deepseek(Import& import, ArchSpec& spec, const Router& router) {
  ConfigReader& config = import.config;
  read_common(import, spec, false);
  config.inert({"ep_size", "num_nextn_predict_layers", "aux_loss_alpha", "seq_aux"});
  config.only("moe_layer_freq", 1);
  const LatentAttention attention = deepseek_attention(import);
  const MixtureFeedForward mixture = deepseek_mixture(import, router);
  const DenseFeedForward dense = gated_feed_forward(import, mixture.activation);
  add_layers(spec, attention, "mla", dense, mixture, sparse_layers(import));
}

}  // namespace

// modeling_deepseek.py of DeepSeek-V2
void import_deepseek_v2(Import& import, ArchSpec& spec) {
  import_deepseek(import, spec, deepseek_v2_router(import.config));
}

// modeling_deepseek_v3.py; Kimi K2 is the same architecture under another name. The layers of
// multi-token prediction that a repository may store are not part of the text model.
void import_deepseek_v3(Import& import, ArchSpec& spec) {
  import_deepseek(import, spec, deepseek_v3_router(import.config));
}

}  // namespace llmarch
