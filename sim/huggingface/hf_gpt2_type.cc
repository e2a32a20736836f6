#include <fmt/format.h>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {
namespace {

Integer gpt2_head_width(Import& import, Integer hidden, Integer heads) {
  if (hidden % heads != 0 && import.config.all_read({"n_embd", "n_head"})) {
    import.config.refuse(
        fmt::format("n_head = {} does not divide n_embd = {}", heads.value(), hidden.value()),
        "a head is n_embd / n_head wide");
  }
  return hidden / heads;
}

void refuse_gpt2_variants(ConfigReader& config) {
  config.inert({"attn_pdrop", "embd_pdrop", "resid_pdrop", "summary_activation",
                "summary_first_dropout", "summary_proj_to_labels", "summary_type",
                "summary_use_proj", "task_specific_params", "n_ctx", "output_past",
                "reorder_and_upcast_attn"});
  config.only("scale_attn_weights", true);
  config.only("scale_attn_by_inverse_layer_idx", false);
  config.only("add_cross_attention", false);
}

// What both read alike; `activation` is what an absent one means.
void import_gpt2_like(Import& import, ArchSpec& spec, Activation absent, const Flag& multi_query) {
  ConfigReader& config = import.config;
  refuse_gpt2_variants(config);
  spec.vocabulary = config.size_or("vocab_size", 50257, kTypeDefault);
  spec.hidden = config.size_or("n_embd", 768, kTypeDefault);
  spec.context_limit = config.size_or("n_positions", 1024, kTypeDefault, kPositions);
  spec.learned_positions = spec.context_limit;
  spec.head = read_head(import, Flag::Absent::on);
  spec.norm = {NormKind::layer, config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon),
               NormPlacement::before};

  GroupedAttention attention;
  attention.query_heads = config.size_or("n_head", 12, kTypeDefault);
  attention.kv_heads = read_flag(config, multi_query) ? Integer(1) : attention.query_heads;
  attention.head_dim = gpt2_head_width(import, spec.hidden, attention.query_heads);
  attention.qkv_bias = true;
  attention.output_bias = true;
  DenseFeedForward dense;
  dense.width = read_inner_width(import, "n_inner", spec.hidden);
  dense.activation = activation_or(import, "activation_function", absent);
  dense.bias = true;
  const Integer layers = config.size_or("n_layer", 12, kTypeDefault, kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

}  // namespace

// modeling_gpt2.py
void import_gpt2(Import& import, ArchSpec& spec) {
  import.load.naming = CheckpointNaming::gpt2;
  import_gpt2_like(import, spec, Activation::gelu_tanh, kNever);
}

// modeling_gpt_bigcode.py: GPT-2 with one key/value head for all.
void import_gpt_bigcode(Import& import, ArchSpec& spec) {
  import.load.naming = CheckpointNaming::gpt_bigcode;
  import.config.inert({"attention_softmax_in_fp32", "scale_attention_softmax_in_fp32",
                       "inference_runner", "validate_runner_input", "pre_allocate_kv_cache",
                       "max_sequence_length", "max_batch_size", "pad_key_length"});
  import_gpt2_like(import, spec, Activation::gelu_tanh, {"multi_query", Flag::Absent::on});
}

}  // namespace llmarch
