// LongCat-Flash (arXiv 2509.01322; modeling_longcat_flash.py): a layer has two latent attentions,
// each with a dense feed-forward after it, and one mixture beside the first of these, whose output
// is added after the second. The router chooses among experts and identities.
#include <cmath>

#include "sim/huggingface/hf_latent.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

constexpr LatentClass kLongcatLatent{64, 1536, 512, 128, 64, 128};
constexpr RotaryClass kLongcatRotary{.theta = 10'000'000};

// The class multiplies queries and latents by the root of how much narrower their latent is than
// the residual stream.
LatentAttention read_longcat_attention(Import& import, Integer hidden) {
  ConfigReader& config = import.config;
  config.only("attention_method", "MLA");
  for (const char* key : {"mla_scale_q_lora", "mla_scale_kv_lora"}) config.only(key, true);
  LatentAttention attention = read_latent_attention(import, kLongcatLatent, kLongcatRotary);
  const auto root_of_ratio = [&](Integer width) {
    return std::sqrt(hidden.as_double() / width.as_double());
  };
  attention.latent_multiplier = root_of_ratio(attention.kv_latent_dim);
  if (attention.query_latent_dim) {
    attention.query_multiplier = root_of_ratio(*attention.query_latent_dim);
  } else if (config.all_read({"q_lora_rank"})) {
    config.refuse("'q_lora_rank' is null", "the model type's class computes no such model");
  }
  return attention;
}

Router longcat_router(ConfigReader& config) {
  Router router;
  router.scoring = Scoring::softmax;
  router.correction_bias = true;
  router.bias = read_flag(config, {"router_bias"});
  router.weight_scale = config.real_or("routed_scaling_factor", 6, kTypeDefault);
  config.off("norm_topk_prob");
  return router;
}

constexpr MixtureClass kLongcatMixture{.experts = {"n_routed_experts", 512},
                                       .experts_per_token = {"moe_topk", 12},
                                       .expert_width = {"expert_ffn_hidden_size", 2048},
                                       .router = longcat_router};

MixtureFeedForward read_longcat_mixture(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture = read_mixture(import, kLongcatMixture, Activation::silu, layers);
  constexpr Range kIdentities{0, kExperts.most};
  const Integer identities = config.size_or("zero_expert_num", 256, kTypeDefault, kIdentities);
  config.only("zero_expert_type", "identity");
  if (identities > 0) mixture.identity_experts = identities;
  return mixture;
}

}  // namespace

void import_longcat_flash(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::longcat_flash;
  read_whole(import, {131072, 6144, 131072, 1e-5}, spec);
  config.only("hidden_act", "silu");
  const Integer layers = config.size_or("num_layers", 28, kTypeDefault, kLayers);
  // This field counts attentions, and a layer has two.
  if (config.all_read({"num_layers"})) config.only("num_hidden_layers", (2 * layers).value());
  spec.attention.push_back({"mla", read_longcat_attention(import, spec.hidden)});
  const Integer width = config.size_or("ffn_hidden_size", 12288, kTypeDefault);
  spec.feed_forward.push_back({"mlp", DenseFeedForward{width, Activation::silu, true}});
  spec.feed_forward.push_back({"moe", read_longcat_mixture(import, layers)});
  const SublayerBlock attention{Reference{"mla", 0}, {}};
  const SublayerBlock mlp{{}, Reference{"mlp", 0}};
  SublayerBlock shortcut{{}, Reference{"moe", 1}};
  shortcut.delay = 2;
  const std::vector<Sublayer> sublayers{{{attention}}, {{mlp, shortcut}}, {{attention}}, {{mlp}}};
  spec.layer.push_back({"block", {{}, {}, sublayers}});
  spec.stack.push_back({{Reference{"block", 0}}, layers});
}

}  // namespace llmarch
