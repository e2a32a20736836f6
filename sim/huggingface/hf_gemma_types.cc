#include "sim/huggingface/hf_gemma_blocks.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

// What all Gemmas share.
void read_gemma(Import& import, ArchSpec& spec) {
  import.load.naming = CheckpointNaming::gemma;
  import.config.inert({"cache_implementation", "hidden_act"});
  spec.norm.placement = NormPlacement::before_and_after;
  spec.scaled_embedding = true;
}

void add_gemma_layers(Import& import, ArchSpec& spec, const GroupedAttention& local,
                      const GroupedAttention& global, std::int64_t every_nth_is_global) {
  const DenseFeedForward dense =
      gated_feed_forward(import, activation(import, "hidden_activation"));
  add_kinds(spec,
            {{"local", "local", local, "mlp", dense}, {"global", "global", global, "mlp", dense}},
            local_and_global(import, every_nth_is_global));
}

}  // namespace

// modeling_gemma2.py
void import_gemma2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec, true);
  read_gemma(import, spec);
  spec.logit_soft_cap = config.nullable_real_or("final_logit_softcapping", 30, kTypeDefault);
  config.stated("num_key_value_heads");
  GroupedAttention global = grouped_attention(import);
  global.head_dim = config.size("head_dim");
  global.query_scalar = config.size("query_pre_attn_scalar");
  global.score_soft_cap = config.nullable_real_or("attn_logit_softcapping", 50, kTypeDefault);
  GroupedAttention local = global;
  local.window = config.size("sliding_window", kPositions);
  add_gemma_layers(import, spec, local, global, 2);
}

// modeling_gemma3.py; published configs leave most of this to their library.
void import_gemma3_text(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", 262208, kTypeDefault);
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size_or("max_position_embeddings", 131072, kTypeDefault, kPositions);
  spec.norm = {NormKind::rms, config.real_or("rms_norm_eps", 1e-6, kTypeDefault, kEpsilon),
               NormPlacement::before_and_after};
  spec.head = head_of(import, true);
  read_gemma(import, spec);
  spec.logit_soft_cap = config.real_or_none("final_logit_softcapping", "no cap");

  GroupedAttention global;
  global.query_heads = config.size_or("num_attention_heads", 8, kTypeDefault);
  global.kv_heads = config.size_or("num_key_value_heads", 4, kTypeDefault);
  global.head_dim = config.size_or("head_dim", 256, kTypeDefault);
  global.qkv_bias = config.flag_or("attention_bias", false, kTypeDefault);
  global.output_bias = global.qkv_bias;
  global.qk_norm = QkNorm::per_head;
  global.query_scalar = config.size_or("query_pre_attn_scalar", 256, kTypeDefault);
  config.only("attn_logit_softcapping", nullptr);
  GroupedAttention local = global;
  local.window = config.size_or("sliding_window", 4096, kTypeDefault, kPositions);
  const LocalAndGlobalRotary rotary = rotaries(import);
  local.rotary = rotary.local;
  global.rotary = rotary.global;
  const Integer pattern = config.size_or("sliding_window_pattern", 6, kTypeDefault);
  add_gemma_layers(import, spec, local, global, pattern.value());
}

}  // namespace llmarch
