// Layers with a selective scan (Mamba-1): Mamba and Falcon Mamba, and Jamba, which has them among
// layers of attention.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_mamba_whole.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// How the parameters of the scan were drawn, by which code it is run, and what the makers' own code
// calls what the library's class reads under other names.
constexpr std::array<std::string_view, 19> kInertOfScan{
    "time_step_min",           "time_step_max",         "time_step_floor",
    "time_step_scale",         "time_step_init_scheme", "rescale_prenorm_residual",
    "residual_in_fp32",        "fused_add_norm",        "ssm_cfg",
    "pad_vocab_size_multiple", "use_mambapy",           "use_falcon_mambapy",
    "use_associative_scan",    "use_mamba_kernels",     "num_logits_to_keep",
    "logits_to_keep",          "output_router_logits",  "router_aux_loss_coef",
    "conv_kernel_size"};

// A whole number, or "auto": a sixteenth of hidden, rounded up.
Integer read_step_dim(ConfigReader& config, std::string_view key, Integer hidden) {
  if (config.is_text(key)) config.only(key, "auto");
  if (config.contains(key) && !config.is_text(key)) return config.size(key);
  const Integer rank = (hidden + 15) / 16;
  if (!config.contains(key)) {
    config.fill(key, std::to_string(rank.value()), "hidden_size / 16, rounded up");
  }
  return rank;
}

// The names of configs that state the same size twice.
void check_repeated_sizes(ConfigReader& config, Integer hidden, Integer inner) {
  if (!config.all_read({"hidden_size", "expand"})) return;
  config.only("d_model", hidden.value());
  for (const char* key : {"intermediate_size", "d_inner"}) config.only(key, inner.value());
}

Mamba1 read_scan(Import& import, Integer hidden) {
  ConfigReader& config = import.config;
  config.inert(kInertOfScan);
  config.off("use_bias");
  config.only("hidden_act", "silu");
  config.only("rms_norm", true);
  Mamba1 mamba;
  mamba.inner =
      bounded(import, config.size_or("expand", 2, kTypeDefault) * hidden, "expand x hidden_size");
  check_repeated_sizes(config, hidden, mamba.inner);
  mamba.state_dim = config.size_or("state_size", 16, kTypeDefault);
  mamba.step_dim = read_step_dim(config, "time_step_rank", hidden);
  mamba.kernel = config.size_or("conv_kernel", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("use_conv_bias", true, kTypeDefault);
  return mamba;
}

void add_scan_layers(Import& import, ArchSpec& spec, const Mamba1& mamba) {
  ConfigReader& config = import.config;
  const Integer layers = config.size_or("num_hidden_layers", 32, kTypeDefault, kLayers);
  if (config.all_read({"num_hidden_layers"})) config.only("n_layer", layers.value());
  add_layers(spec, {{"mamba", mamba}}, {}, mamba_layers(layers));
}

// --- Jamba.

Mamba1 read_jamba_scan(Import& import, const ArchSpec& spec) {
  ConfigReader& config = import.config;
  config.inert(kInertOfScan);
  config.off("mamba_proj_bias");
  config.only("hidden_act", "silu");
  Mamba1 mamba;
  mamba.inner = bounded(import, config.size_or("mamba_expand", 2, kTypeDefault) * spec.hidden,
                        "mamba_expand x hidden_size");
  mamba.state_dim = config.size_or("mamba_d_state", 16, kTypeDefault);
  mamba.step_dim = read_step_dim(config, "mamba_dt_rank", spec.hidden);
  mamba.kernel = config.size_or("mamba_d_conv", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("mamba_conv_bias", true, kTypeDefault);
  mamba.selection_norm = SelectionNorm{spec.norm.epsilon};
  return mamba;
}

// Not rotated: positions are told apart by the layers of the other kind.
GroupedAttention read_jamba_attention(Import& import, Integer hidden) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 32, kTypeDefault);
  attention.kv_heads = read_kv_heads(config, attention.query_heads, Integer(8));
  attention.head_dim = head_dim_of(config, hidden, attention.query_heads);
  config.only("sliding_window", nullptr);
  return attention;
}

Router jamba_router(ConfigReader&) {
  return {};
}

constexpr MixtureClass kJambaMixture{.experts = {"num_experts", 16},
                                     .experts_per_token = {"num_experts_per_tok", 2},
                                     .expert_width = {"intermediate_size", 14336},
                                     .router = jamba_router};

// A layer in each so many, the first of them at the offset.
struct Periodic {
  std::string_view period_key, offset_key;
  std::int64_t period, offset;
};
constexpr Periodic kAttentionLayers{"attn_layer_period", "attn_layer_offset", 8, 4};
constexpr Periodic kExpertLayers{"expert_layer_period", "expert_layer_offset", 2, 1};

std::vector<bool> periodic_layers(ConfigReader& config, const Periodic& of, Integer layers) {
  const Integer period = config.size_or(of.period_key, of.period, kTypeDefault, kRepeats);
  constexpr Range kOffset{0, kRepeats.most};
  const Integer offset = config.size_or(of.offset_key, of.offset, kTypeDefault, kOffset);
  if (offset >= period && config.all_read({of.period_key, of.offset_key})) {
    config.refuse(fmt::format("{} = {} is not below {} = {}", of.offset_key, offset.value(),
                              of.period_key, period.value()),
                  "no layer would be of that kind");
  }
  std::vector<bool> chosen;
  for (Integer layer = 0; layer < layers; layer += 1) chosen.push_back(layer % period == offset);
  return chosen;
}

// A mixture of one expert is a dense feed-forward.
std::vector<bool> mixture_layers(ConfigReader& config, Integer layers) {
  const Integer experts = config.size_or("num_experts", 16, kTypeDefault);
  if (experts > 1) return periodic_layers(config, kExpertLayers, layers);
  config.inert({"expert_layer_period", "expert_layer_offset", "num_experts_per_tok"});
  return std::vector<bool>(static_cast<std::size_t>(layers.value()), false);
}

}  // namespace

// modeling_mamba.py: every layer is one block with a norm before it.
void import_mamba(Import& import, ArchSpec& spec) {
  import.load.naming = CheckpointNaming::mamba;
  read_mamba_whole(import, {50280, 768}, Flag::Absent::on, spec);
  add_scan_layers(import, spec, read_scan(import, spec.hidden));
}

// modeling_falcon_mamba.py: the same, with norms without weights in the scan's selection.
void import_falcon_mamba(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::mamba;
  read_mamba_whole(import, {50280, 768}, Flag::Absent::on, spec);
  Mamba1 mamba = read_scan(import, spec.hidden);
  const double epsilon = config.real_or("mixer_rms_eps", 1e-6, kTypeDefault, kEpsilon);
  mamba.selection_norm = SelectionNorm{epsilon, true};
  add_scan_layers(import, spec, mamba);
}

// modeling_jamba.py
void import_jamba(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::jamba;
  read_whole(import, {65536, 4096, 262144, 1e-6}, spec);
  const Integer layers = config.size_or("num_hidden_layers", 32, kTypeDefault, kLayers);
  const std::vector<bool> attends = periodic_layers(config, kAttentionLayers, layers);
  const std::vector<bool> mixes = mixture_layers(config, layers);
  const Integer width = config.size_or("intermediate_size", 14336, kTypeDefault);
  const DenseFeedForward mlp{.width = width, .activation = Activation::silu, .gated = true};
  std::vector<Named<FeedForward>> feeds{{"mlp", mlp}};
  if (std::ranges::count(mixes, true) > 0) {
    feeds.push_back({"moe", read_mixture(import, kJambaMixture, Activation::silu, layers)});
  }
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < attends.size(); ++i) {
    parts.push_back({attends[i] ? 1U : 0U, mixes[i] ? 1U : 0U});
  }
  add_layers(spec,
             {{"mamba", read_jamba_scan(import, spec)},
              {"gqa", read_jamba_attention(import, spec.hidden)}},
             feeds, parts);
}

}  // namespace llmarch
