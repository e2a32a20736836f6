// The models of MosaicML, whose configs hold those of attention and of the feed-forward:
// modeling_mpt.py and modeling_dbrx.py of transformers.
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr double kTorchLayerNormEpsilon = 1e-5;

// The object at `key`, or an empty one, whose fields the class fills.
ConfigReader inner_config(ConfigReader& config, std::string_view key) {
  static const json kNone = json::object();
  const json* object = config.optional_object(key);
  return config.inner(object == nullptr ? kNone : *object, std::string(key));
}

void read_mosaic_sizes(Import& import, ArchSpec& spec, std::int64_t vocabulary) {
  ConfigReader& config = import.config;
  import.load.naming = std::nullopt;
  spec.vocabulary = config.size_or("vocab_size", vocabulary, kTypeDefault);
  spec.hidden = config.size_or("d_model", 2048, kTypeDefault);
  spec.context_limit = config.size_or("max_seq_len", 2048, kTypeDefault, kPositions);
  spec.norm = {NormKind::layer, kTorchLayerNormEpsilon, NormPlacement::before, NormOmission::bias};
}

GroupedAttention read_mosaic_heads(Import& import, Integer hidden, std::int64_t heads) {
  GroupedAttention attention;
  attention.query_heads = import.config.size_or("n_heads", heads, kTypeDefault);
  attention.kv_heads = attention.query_heads;
  attention.head_dim = head_dim_of(import.config, hidden, attention.query_heads);
  return attention;
}

void refuse_mpt_variants(ConfigReader& config) {
  config.inert({"emb_pdrop", "learned_pos_emb", "layer_norm_epsilon", "init_device", "verbose",
                "embedding_fraction", "norm_type", "init_config", "tokenizer_name", "fc_type"});
  config.only("no_bias", true);
  config.only("logit_scale", nullptr);
}

void refuse_mpt_attention_variants(ConfigReader& attention) {
  attention.inert(
      {"attn_pdrop", "attn_impl", "alibi_bias_max", "model_type", "attn_uses_sequence_id"});
  attention.only("attn_type", "multihead_attention");
  attention.only("alibi", true);
  attention.off("qk_ln");
  attention.off("prefix_lm");
  attention.only("softmax_scale", nullptr);
}

Router read_dbrx_router(ConfigReader& mixture) {
  Router router;
  // The norm that the weights of the chosen are divided by: the sum, or none.
  constexpr std::string_view kNorm = "moe_normalize_expert_weights";
  router.normalized_weights = !mixture.is_null(kNorm);
  if (!router.normalized_weights) return router;
  static_cast<void>(mixture.real_or(kNorm, 1, kTypeDefault));
  if (mixture.all_read({kNorm})) mixture.only(kNorm, 1);
  return router;
}

}  // namespace

void import_mpt(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  refuse_mpt_variants(config);
  read_mosaic_sizes(import, spec, 50368);
  spec.head = read_head(import, Flag::Absent::on);
  GroupedAttention attention = read_mosaic_heads(import, spec.hidden, 16);
  attention.alibi = Alibi::after_scaling;
  ConfigReader inner = inner_config(config, "attn_config");
  refuse_mpt_attention_variants(inner);
  attention.qkv_clip = inner.optional_real_or("clip_qkv", std::nullopt, "there is none");
  inner.finish_unknowing();
  DenseFeedForward dense;
  dense.width = bounded(
      import, spec.hidden * config.size_or("expansion_ratio", 4, kTypeDefault, Range{1, 1024}),
      "expansion_ratio x d_model");
  dense.activation = Activation::gelu_erf;
  const Integer layers = config.size_or("n_layers", 24, kTypeDefault, kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)));
}

void import_dbrx(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  config.inert({"resid_pdrop", "emb_pdrop"});
  read_mosaic_sizes(import, spec, 32000);
  spec.head = read_head(import, Flag::Absent::off);
  GroupedAttention attention = read_mosaic_heads(import, spec.hidden, 16);
  ConfigReader heads = inner_config(config, "attn_config");
  attention.kv_heads = heads.size_or("kv_n_heads", 1, kTypeDefault);
  attention.qkv_clip = heads.optional_real_or("clip_qkv", std::nullopt, "there is none");
  attention.rotary.emplace();
  attention.rotary->theta = heads.real_or("rope_theta", 10000, kTypeDefault);
  heads.finish_unknowing();
  ConfigReader experts = inner_config(config, "ffn_config");
  MixtureFeedForward mixture;
  mixture.experts = experts.size_or("moe_num_experts", 4, kTypeDefault, kExperts);
  mixture.experts_per_token = experts.size_or("moe_top_k", 1, kTypeDefault, kExperts);
  mixture.expert_width = experts.size_or("ffn_hidden_size", 3584, kTypeDefault);
  if (const json* function = experts.optional_object("ffn_act_fn")) {
    ConfigReader(*function, "ffn_act_fn", import.load, UnknownFields::passed_over)
        .only("name", "silu");
  }
  mixture.router = read_dbrx_router(experts);
  experts.finish_unknowing();
  const Integer layers = config.size_or("n_layers", 24, kTypeDefault, kLayers);
  add_layers(spec, {{"gqa", attention}}, {{"moe", mixture}}, std::vector<LayerParts>(size(layers)));
}

}  // namespace llmarch
