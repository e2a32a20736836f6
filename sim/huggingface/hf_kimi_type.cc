// Kimi Linear and Kimi K3: Kimi delta attention in most layers, latent attention without positions
// in the others, and DeepSeek-V3's mixtures under names of their own. K3 has fields besides for
// gates, experts in a latent and attention residuals, each of which a config may leave out.
#include <fmt/format.h>

#include <algorithm>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// Latent attention is first among the attentions, a dense feed-forward among the feed-forwards.
constexpr std::size_t kLatent = 0, kDelta = 1;
constexpr std::size_t kDense = 0, kMixture = 1;

// What K3 switches on; Kimi Linear has no such field, or leaves it off.
bool is_on(ConfigReader& config, std::string_view key) {
  return config.contains(key) && !config.is_null(key) && config.flag_or(key, false, "");
}

// Not rotated: the code of the repository refuses a config that rotates.
LatentAttention read_kimi_attention(ConfigReader& config) {
  LatentAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.query_latent_dim = config.nullable_size("q_lora_rank");
  attention.kv_latent_dim = config.size("kv_lora_rank");
  attention.nope_head_dim = config.size("qk_nope_head_dim");
  attention.rope_head_dim = config.size("qk_rope_head_dim");
  attention.value_head_dim = config.size("v_head_dim");
  attention.latent_norm_epsilon = 1e-6;  // not the config's rms_norm_eps
  config.stated("mla_use_nope");
  config.only("mla_use_nope", true);
  if (config.all_read({"num_attention_heads"})) {
    config.only("num_key_value_heads", attention.query_heads.value());
  }
  config.inert({"num_key_value_heads", "rope_theta", "rope_scaling", "head_dim"});
  if (is_on(config, "mla_use_output_gate")) {
    attention.output_gate = OutputGate{};
  }
  return attention;
}

// Which layers have Kimi delta attention; the config counts them from 1.
std::vector<bool> delta_layers(ConfigReader& config, ConfigReader& linear, Integer layers) {
  std::vector<bool> delta(size(layers), false);
  std::vector<bool> stated(size(layers), false);
  const auto mark = [&](std::string_view key, bool is_delta) {
    for (const std::int64_t number : linear.indices_or_none(key, "no such layers")) {
      if (number < 1 || number > layers.value() || stated[static_cast<std::size_t>(number - 1)]) {
        return linear.refuse(
            fmt::format("'{}' lists layer {}, which is none, or is listed before", key, number),
            fmt::format("layers are counted from 1 to {}", layers.value()));
      }
      stated[static_cast<std::size_t>(number - 1)] = true;
      delta[static_cast<std::size_t>(number - 1)] = is_delta;
    }
  };
  mark("kda_layers", true);
  mark("full_attn_layers", false);
  if (!std::ranges::all_of(stated, [](bool each) { return each; }) &&
      config.all_read({"num_hidden_layers"})) {
    linear.refuse("a layer is in neither of 'kda_layers' and 'full_attn_layers'",
                  "list every layer in one of them");
  }
  return delta;
}

// The decays and the output gate are projected through as many columns as a head has.
KimiDeltaAttention read_delta(ConfigReader& linear, double epsilon) {
  KimiDeltaAttention delta;
  delta.heads = linear.size("num_heads");
  delta.head_dim = linear.size("head_dim");
  delta.kernel = linear.size("short_conv_kernel_size", kKernel);
  delta.decay_latent_dim = delta.head_dim;
  delta.gate_latent_dim = delta.head_dim;
  delta.output_norm_epsilon = epsilon;
  if (is_on(linear, "use_full_rank_gate")) {
    delta.gate_latent_dim.reset();
  }
  constexpr std::string_view kBound = "gate_lower_bound";
  if (linear.contains(kBound) && !linear.is_null(kBound)) {
    delta.least_log_decay = linear.real(kBound, kLogDecay);
  }
  linear.inert({kBound});
  return delta;
}

// A single expert's weight is not normalised.
Router kimi_router(ConfigReader& config) {
  config.stated("moe_router_activation_func");
  config.only("moe_router_activation_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  config.only("use_grouped_topk", true);
  config.only("num_expert_group", 1);
  config.only("topk_group", 1);
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  router.normalized_weights = config.flag_or("moe_renormalize", true, kTypeDefault) &&
                              config.size("num_experts_per_token", kExperts) > 1;
  const double scale = config.real_or("routed_scaling_factor", 1, kTypeDefault);
  if (scale != 1) router.weight_scale = scale;
  return router;
}

// The function of all feed-forwards: one by its name, or SiTU with two numbers.
struct KimiActivation {
  Activation activation = Activation::silu;
  std::optional<Situ> situ;
};
KimiActivation read_kimi_activation(Import& import) {
  ConfigReader& config = import.config;
  const bool situ = config.is_text("hidden_act") && config.text("hidden_act") == "situ";
  constexpr std::string_view kGate = "activation_situ_beta";
  constexpr std::string_view kUp = "activation_situ_linear_beta";
  if (situ) return {Activation::silu, Situ{config.real(kGate), config.real(kUp)}};
  config.inert({kGate, kUp});
  return {activation(import, "hidden_act"), std::nullopt};
}

// Absent and null say that there is none.
std::optional<Integer> optional_size(ConfigReader& config, std::string_view key) {
  return config.contains(key) ? config.optional_size_or(key, std::nullopt, "") : std::nullopt;
}

MixtureFeedForward with_latent(ConfigReader& config, MixtureFeedForward mixture) {
  mixture.latent_width = optional_size(config, "routed_expert_hidden_size");
  const bool normalized = is_on(config, "latent_moe_use_norm");
  mixture.latent_norm = mixture.latent_width && normalized;
  return mixture;
}

constexpr MixtureClass kKimiMixture{
    .experts = {"num_experts"},
    .experts_per_token = {"num_experts_per_token"},
    .shared = {.as = SharedClass::Stated::count, .field = {"num_shared_experts"}},
    .router = kimi_router,
    .layers = SparseLayers::after_the_first,
    .frequency = "moe_layer_freq"};

void read_kimi_sizes(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("hidden_size");
  spec.context_limit =
      under_either_name(config, "model_max_length", "max_position_embeddings",
                        [&](std::string_view key) { return config.size(key, kPositions).value(); });
  spec.norm.epsilon = config.real("rms_norm_eps", kEpsilon);
  spec.head = read_head(import, Flag::Absent::off);
}

}  // namespace

// modeling_kimi.py of moonshotai/Kimi-Linear-48B-A3B-Instruct; of K3, transformers'
// modular_kimi_k3.py.
void import_kimi_linear(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::kimi_linear;
  read_kimi_sizes(import, spec);
  const Integer layers = config.size("num_hidden_layers", kLayers);
  const nlohmann::json* stated = config.optional_object("linear_attn_config");
  if (stated == nullptr) {
    return config.refuse("'linear_attn_config' is missing",
                         "it says which layers have Kimi delta attention");
  }
  ConfigReader linear = config.inner(*stated, "linear_attn_config");
  const std::vector<bool> delta = delta_layers(config, linear, layers);
  const KimiDeltaAttention mixer = read_delta(linear, spec.norm.epsilon);
  linear.finish();
  const LatentAttention attention = read_kimi_attention(config);
  spec.residual_block = optional_size(config, "attn_res_block_size");
  if (spec.residual_block) import.load.naming = CheckpointNaming::kimi_k3;
  const KimiActivation act = read_kimi_activation(import);
  DenseFeedForward dense{config.size("intermediate_size"), act.activation};
  dense.gated = true;
  dense.situ = act.situ;
  MixtureFeedForward mixture =
      with_latent(config, read_mixture(import, kKimiMixture, act.activation, layers));
  mixture.situ = act.situ;
  const std::vector<bool> sparse = sparse_layers(import, kKimiMixture, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    parts.push_back({delta[i] ? kDelta : kLatent, sparse[i] ? kMixture : kDense});
  }
  add_layers(spec, {{"mla", attention}, {"kda", mixer}}, {{"mlp", dense}, {"moe", mixture}}, parts);
}

}  // namespace llmarch
