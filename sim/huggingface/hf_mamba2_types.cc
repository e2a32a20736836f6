// Mamba-2 alone, and Falcon-H1, which has it beside attention.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_mamba_whole.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

// --- Mamba-2 alone.

// Fields of the makers' own code. The library's class does not have the choices that they state.
constexpr std::array<std::string_view, 4> kInertOfMambaAlone{
    "norm_before_gate", "residual_in_fp32", "time_step_rank", "time_step_init_scheme"};

Mamba2 read_mamba2(Import& import, Integer hidden, double epsilon) {
  ConfigReader& config = import.config;
  config.inert(kInertOfMamba2);
  config.inert(kInertOfMambaAlone);
  check_step_limit(config);
  config.off("use_bias");
  config.only("rms_norm", true);
  config.only("hidden_act", "silu");
  Mamba2 mamba;
  mamba.heads = config.size_or("num_heads", 128, kTypeDefault);
  mamba.head_dim = config.size_or("head_dim", 64, kTypeDefault);
  mamba.groups = config.size_or("n_groups", 8, kTypeDefault);
  mamba.state_dim = config.size_or("state_size", 128, kTypeDefault);
  mamba.kernel = config.size_or("conv_kernel", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("use_conv_bias", true, kTypeDefault);
  mamba.chunk = read_chunk(config, {"mamba_chunk_size", "chunk_size"});
  mamba.norm_epsilon = epsilon;
  const Integer width = config.size_or("expand", 2, kTypeDefault) * hidden;
  if (mamba.heads * mamba.head_dim != width &&
      config.all_read({"hidden_size", "expand", "num_heads", "head_dim"})) {
    config.refuse(fmt::format("{} heads of {} are not expand x hidden_size = {}",
                              mamba.heads.value(), mamba.head_dim.value(), width.value()),
                  "correct num_heads, head_dim or expand");
  }
  return mamba;
}

// --- Falcon-H1.

constexpr std::array<std::string_view, 2> kOffInFalconH1{"projectors_bias", "mamba_proj_bias"};
constexpr std::array<std::string_view, 1> kInertOfFalconH1{"mlp_expansion_factor"};

Decoder falcon_h1() {
  return {.type = "falcon_h1",
          .naming = CheckpointNaming::falcon_h1,
          .sizes = {128000, 4096, 14336, 32, 32, 8, 8192, 1e-5},
          .null_kv_heads = NullKvHeads::query_heads,
          .qkv_bias = {"attention_bias"},
          .feed_forward = {.bias = {"mlp_bias"}},
          .embedding_multiplier = {"embedding_multiplier"},
          .logit_multiplier = {"lm_head_multiplier"},
          .off = kOffInFalconH1,
          .inert = kInertOfFalconH1};
}

// A factor by its key, and none where it changes nothing.
std::optional<double> read_factor(ConfigReader& config, std::string_view key) {
  const double factor = config.real_or(key, 1, kTypeDefault);
  return factor == 1 ? std::nullopt : std::optional(factor);
}

// A list of so many factors, all 1 where it is absent or null.
std::vector<double> read_factors(ConfigReader& config, std::string_view key, std::size_t count) {
  std::vector<double> factors = config.optional_reals(key);
  if (factors.empty()) return std::vector<double>(count, 1);
  const bool sound = factors.size() == count && std::ranges::all_of(factors, [](double factor) {
                       return factor > kFactor.above && factor <= kFactor.most;
                     });
  if (sound) return factors;
  config.refuse(fmt::format("'{}' does not list {} factors above 0", key, count),
                "it has one for each part that is multiplied");
  return std::vector<double>(count, 1);
}

std::optional<Mamba2Multipliers> read_ssm_multipliers(ConfigReader& config) {
  const std::vector<double> all = read_factors(config, "ssm_multipliers", 5);
  if (std::ranges::count(all, 1.0) == std::ssize(all)) return std::nullopt;
  return Mamba2Multipliers{all[0], all[1], all[2], all[3], all[4]};
}

// mamba_d_ssm, or where that is null mamba_expand x hidden_size.
Integer read_ssm_width(ConfigReader& config, Integer hidden) {
  if (config.is_null("mamba_d_ssm")) {
    return config.size_or("mamba_expand", 2, kTypeDefault) * hidden;
  }
  config.inert({"mamba_expand"});
  return config.size_or("mamba_d_ssm", 1024, kTypeDefault);
}

Mamba2 read_falcon_h1_mamba(Import& import, const ArchSpec& spec) {
  ConfigReader& config = import.config;
  config.inert(kInertOfMamba2);
  check_step_limit(config);
  config.only("hidden_act", "silu");
  config.only("mamba_use_mlp", true);
  config.only("attn_layer_indices", nullptr);
  Mamba2 mamba;
  mamba.heads = config.size_or("mamba_n_heads", 128, kTypeDefault);
  const Integer width = read_ssm_width(config, spec.hidden);
  mamba.head_dim = read_head_width(config, {width, "mamba_d_ssm"}, mamba.heads);
  mamba.groups = config.size_or("mamba_n_groups", 1, kTypeDefault);
  mamba.state_dim = config.size_or("mamba_d_state", 256, kTypeDefault);
  mamba.kernel = config.size_or("mamba_d_conv", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("mamba_conv_bias", true, kTypeDefault);
  mamba.chunk = read_chunk(config, {"mamba_chunk_size", "chunk_size"});
  const bool before_gate = config.flag_or("mamba_norm_before_gate", true, kTypeDefault);
  mamba.multipliers = read_ssm_multipliers(config);
  if (!config.flag_or("mamba_rms_norm", false, kTypeDefault)) return mamba;
  mamba.norm_epsilon = spec.norm.epsilon;
  mamba.norm_groups = mamba.groups;
  mamba.norm_before_gate = before_gate;
  return mamba;
}

}  // namespace

// modeling_falcon_h1.py: Mamba-2 and attention side by side on one norm, then a feed-forward, with
// a factor on whatever enters and leaves them.
void import_falcon_h1(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import_decoder(import, falcon_h1(), spec);
  auto& attention = std::get<GroupedAttention>(spec.attention.front().value);
  auto& mlp = std::get<DenseFeedForward>(spec.feed_forward.front().value);
  attention.key_multiplier = read_factor(config, "key_multiplier");
  const std::vector<double> mlp_factors = read_factors(config, "mlp_multipliers", 2);
  if (mlp_factors[0] != 1) mlp.gate_multiplier = mlp_factors[0];
  spec.attention.push_back({"mamba", read_falcon_h1_mamba(import, spec)});
  SublayerBlock mamba{Reference{"mamba", 1}, {}};
  mamba.input_multiplier = read_factor(config, "ssm_in_multiplier");
  mamba.output_multiplier = read_factor(config, "ssm_out_multiplier");
  SublayerBlock beside{Reference{spec.attention.front().name, 0}, {}};
  beside.input_multiplier = read_factor(config, "attention_in_multiplier");
  beside.output_multiplier = read_factor(config, "attention_out_multiplier");
  SublayerBlock feed{{}, Reference{spec.feed_forward.front().name, 0}};
  if (mlp_factors[1] != 1) feed.output_multiplier = mlp_factors[1];
  spec.layer.front().value = {{}, {}, std::vector<Sublayer>{{{mamba, beside}}, {{feed}}}};
}

// modeling_mamba2.py: every layer is one block with a norm before it, and no position is told from
// another but by the recurrence.
void import_mamba2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::nemotron_h;
  read_mamba_whole(import, {32768, 4096}, Flag::Absent::off, spec);
  const Mamba2 mamba = read_mamba2(import, spec.hidden, spec.norm.epsilon);
  if (mamba.groups > 1) {
    import.load.notes.emplace_back(
        "the norm of the recurrence's output is over its whole width, as transformers computes "
        "it; mamba_ssm divides it into n_groups parts, at the same number of parameters.");
  }
  const Integer layers = config.size_or("num_hidden_layers", 64, kTypeDefault, kLayers);
  add_layers(spec, {{"mamba", mamba}}, {}, mamba_layers(layers));
}

}  // namespace llmarch
