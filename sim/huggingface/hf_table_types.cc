// Model types of 2022 whose positions come from a learned table (OPT) or from ALiBi (BLOOM).
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {
namespace {

constexpr double kTorchEpsilon = 1e-5;  // torch's LayerNorm, which no field of OPT's states
constexpr std::int64_t kOptOffset = 2;  // OPTLearnedPositionalEmbedding

void refuse_opt_variants(ConfigReader& config) {
  config.inert(
      {"activation_dropout", "dropout", "layerdrop", "init_std", "_remove_final_layer_norm"});
  config.only("layer_norm_elementwise_affine", true);
}

void read_opt_embedding(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", 50272, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 768, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 2048, kTypeDefault, kPositions);
  spec.learned_positions = spec.context_limit + kOptOffset;
  spec.position_offset = kOptOffset;
  const auto width =
      config.optional_size_or("word_embed_proj_dim", std::nullopt, "as wide as hidden_size");
  if (width && *width != spec.hidden) spec.embedding_width = width;
}

GroupedAttention multi_head(Import& import, Integer hidden, std::string_view heads,
                            std::int64_t absent) {
  GroupedAttention attention;
  attention.query_heads = import.config.size_or(heads, absent, kTypeDefault);
  attention.kv_heads = attention.query_heads;
  attention.head_dim = head_dim_of(import.config, hidden, attention.query_heads);
  attention.qkv_bias = true;
  attention.output_bias = true;
  return attention;
}

void refuse_bloom_variants(ConfigReader& config) {
  config.inert({"attention_softmax_in_fp32", "bias_dropout_fusion", "masked_softmax_fusion",
                "offset_alibi", "skip_bias_add", "skip_bias_add_qkv", "slow_but_exact",
                "unk_token_id", "gradient_checkpointing"});
  config.only("n_inner", nullptr);
}

}  // namespace

// modeling_opt.py: OPT-350M norms each sum behind its block and has no norm before the head.
void import_opt(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::opt;
  refuse_opt_variants(config);
  read_opt_embedding(import, spec);
  const bool before = read_flag(config, {"do_layer_norm_before", Flag::Absent::on});
  spec.norm = {NormKind::layer, kTorchEpsilon,
               before ? NormPlacement::before : NormPlacement::after_residual};
  spec.no_final_norm = !before || read_flag(config, {"_remove_final_layer_norm"});
  spec.head = read_head(import, Flag::Absent::on);
  const bool bias = read_flag(config, {"enable_bias", Flag::Absent::on});
  GroupedAttention attention = multi_head(import, spec.hidden, "num_attention_heads", 12);
  attention.qkv_bias = attention.output_bias = bias;
  DenseFeedForward dense;
  dense.width = config.size_or("ffn_dim", 3072, kTypeDefault);
  dense.activation = activation_or(import, "activation_function", Activation::relu);
  dense.bias = bias;
  const Integer layers = config.size_or("num_hidden_layers", 12, kTypeDefault, kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

// modeling_bloom.py
void import_bloom(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::bloom;
  refuse_bloom_variants(config);
  spec.vocabulary = config.size_or("vocab_size", 250880, kTypeDefault);
  spec.hidden = size_under_either_name(config, "hidden_size", "n_embed", 64, kSize);
  spec.context_limit = config.size_or(
      "seq_length", 2048, "what BLOOM was trained with; no field limits it", kPositions);
  const bool of_norm = read_flag(config, {"apply_residual_connection_post_layernorm"});
  spec.norm = {NormKind::layer, config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon),
               of_norm ? NormPlacement::before_residual : NormPlacement::before};
  spec.embedding_norm = true;
  spec.head = read_head(import, Flag::Absent::on);
  const std::string_view heads = config.contains("n_head") ? "n_head" : "num_attention_heads";
  GroupedAttention attention = multi_head(import, spec.hidden, heads, 8);
  config.only(heads == "n_head" ? "num_attention_heads" : "n_head", attention.query_heads.value());
  attention.alibi = Alibi::after_scaling;
  DenseFeedForward dense;
  dense.width = bounded(import, 4 * spec.hidden, "4 x hidden_size");
  dense.activation = Activation::gelu_tanh;
  dense.bias = true;
  const Integer layers = size_under_either_name(config, "n_layer", "num_hidden_layers", 2, kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

}  // namespace llmarch
