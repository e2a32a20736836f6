#include "sim/huggingface/hf_latent.h"

#include "sim/huggingface/hf_mixture.h"

namespace llmarch {
namespace {

// Newer configs repeat what follows from other fields.
void refuse_deepseek_contradictions(ConfigReader& config, const LatentClass& of,
                                    const LatentAttention& attention) {
  config.inert({"num_key_value_heads", "head_dim", "qk_head_dim"});
  if (config.all_read({"num_attention_heads"})) {
    config.only("num_key_value_heads", attention.query_heads.value());
  }
  if (!config.all_read({"qk_rope_head_dim", "qk_nope_head_dim"})) return;
  const Integer whole = attention.nope_head_dim + attention.rope_head_dim;
  const bool rotated = of.head_dim == LatentClass::HeadDim::rotated;
  config.only("head_dim", (rotated ? attention.rope_head_dim : whole).value());
  config.only("qk_head_dim", whole.value());
}

std::optional<Integer> read_query_latent(ConfigReader& config, const LatentClass& of) {
  constexpr std::string_view kKey = "q_lora_rank";
  return of.query_latent_dim == 0
             ? config.nullable_size(kKey)
             : config.optional_size_or(kKey, Integer(of.query_latent_dim), kTypeDefault);
}

}  // namespace

LatentAttention read_latent_attention(Import& import, const LatentClass& of,
                                      const RotaryClass& rotary) {
  ConfigReader& config = import.config;
  LatentAttention attention;
  attention.query_heads = read_size(config, {"num_attention_heads", of.query_heads});
  attention.query_latent_dim = read_query_latent(config, of);
  attention.kv_latent_dim = read_size(config, {"kv_lora_rank", of.kv_latent_dim});
  attention.nope_head_dim = read_size(config, {"qk_nope_head_dim", of.nope_head_dim});
  attention.rope_head_dim = read_size(config, {"qk_rope_head_dim", of.rope_head_dim});
  attention.value_head_dim = read_size(config, {"v_head_dim", of.value_head_dim});
  refuse_deepseek_contradictions(config, of, attention);
  attention.latent_norm_epsilon = 1e-6;  // modeling_deepseek_v3.py: not the config's rms_norm_eps
  const bool bias = config.flag_or("attention_bias", false, kTypeDefault);
  attention.compression_bias = bias;
  attention.output_bias = bias;
  const bool interleaved = config.flag_or("rope_interleave", true, kTypeDefault);
  RotaryClass own = rotary;
  own.layout = interleaved ? RotaryLayout::interleaved : RotaryLayout::half_split;
  if (of.head_dim == LatentClass::HeadDim::whole) {
    const Integer whole = attention.nope_head_dim + attention.rope_head_dim;
    own.whole = attention.rope_head_dim.as_double() / whole.as_double();
  }
  attention.rotary = read_rotary(import, own, attention.rope_head_dim);
  if (own.growth == RotaryClass::Growth::by_position) {
    attention.temperature = read_growth(import, own);
  }
  return attention;
}

}  // namespace llmarch
