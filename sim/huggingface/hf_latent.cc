#include "sim/huggingface/hf_latent.h"

#include "sim/huggingface/hf_rotary.h"

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

}  // namespace

LatentAttention read_latent_attention(Import& import) {
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
      read_rotary(import, {interleaved ? RotaryLayout::interleaved : RotaryLayout::half_split},
                  attention.rope_head_dim);
  return attention;
}

}  // namespace llmarch
