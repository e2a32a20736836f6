#include <array>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

using nlohmann::json;

// One norm before both blocks, one before each, or blocks in sequence.
struct FalconForm {
  bool grouped = false;  // "new_decoder_architecture": queries are grouped, blocks are parallel
  Arrangement arrangement = Arrangement::parallel_on_one_norm;
};

FalconForm read_falcon_form(ConfigReader& config) {
  constexpr std::string_view kNorms = "num_ln_in_parallel_attn";
  const bool grouped = read_flag(config, {"new_decoder_architecture"});
  const bool parallel = read_flag(config, {"parallel_attn", Flag::Absent::on});
  if (!grouped) {
    if (!config.is_null(kNorms)) config.only(kNorms, 1);
    return {false, parallel ? Arrangement::parallel_on_one_norm : Arrangement::in_sequence};
  }
  if (!parallel) {
    config.refuse("'new_decoder_architecture' is true and 'parallel_attn' false",
                  "the class has no such decoder: correct one of the two");
  }
  const Integer norms =
      config.is_null(kNorms) ? Integer(2) : config.size_or(kNorms, 2, kTypeDefault, Range{1, 2});
  return {true,
          norms == 1 ? Arrangement::parallel_on_one_norm : Arrangement::parallel_on_own_norms};
}

// One head for all queries, unless queries are grouped or each has its own.
Integer read_falcon_kv_heads(ConfigReader& config, const FalconForm& form, Integer query_heads) {
  constexpr std::string_view kKey = "num_kv_heads";
  const bool one_for_all = read_flag(config, {"multi_query", Flag::Absent::on});
  if (form.grouped) {
    return config.is_null(kKey) ? query_heads
                                : config.size_or(kKey, query_heads, "num_attention_heads");
  }
  if (one_for_all) {
    config.inert({kKey});
    return 1;
  }
  if (!config.is_null(kKey)) config.only(kKey, query_heads.value());
  return query_heads;
}

struct FormerName {
  std::string_view former, key;
};
constexpr std::array kFormerNames{
    FormerName{"n_embed", "hidden_size"}, FormerName{"n_layer", "num_hidden_layers"},
    FormerName{"n_head", "num_attention_heads"}, FormerName{"n_head_kv", "num_kv_heads"}};

// The names of the first version of the class, which may only repeat what the later ones state:
// alone they would be read there, and the fields be filled here.
void refuse_former_names(ConfigReader& config) {
  for (const auto& [former, key] : kFormerNames) {
    const bool repeats = config.contains(former) && config.contains(key) && !config.is_null(key);
    config.only(former, repeats ? json(config.size(key, kLayers).value()) : json());
  }
}

// Rotation, or ALiBi. The class rounds what ALiBi adds to bf16, also where it computes in f32,
// which is not followed here: it matters where slopes are no powers of two, and beyond 256
// positions.
void read_falcon_positions(Import& import, GroupedAttention& attention) {
  if (!read_flag(import.config, {"alibi"})) {
    attention.rotary = read_rotary(import, {}, attention.head_dim);
    return;
  }
  attention.alibi = Alibi::before_scaling;
  import.config.inert({"rope_theta", "rope_scaling", "rope_parameters"});
}

DenseFeedForward read_falcon_feed_forward(Import& import, Integer hidden) {
  constexpr std::string_view kWidth = "ffn_hidden_size";
  DenseFeedForward dense;
  dense.width = read_inner_width(import, kWidth, hidden);
  import.config.only("ff_factor", 4);  // of the makers' own code
  dense.activation = activation_or(import, "activation", Activation::gelu_erf);
  return dense;
}

}  // namespace

// configuration_falcon.py, modeling_falcon.py
void import_falcon(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  config.off("apply_residual_connection_post_layernorm");
  refuse_former_names(config);
  spec.vocabulary = config.size_or("vocab_size", 65024, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 4544, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 2048, kTypeDefault, kPositions);
  spec.head = read_head(import, Flag::Absent::on);
  spec.norm = {NormKind::layer, config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon),
               NormPlacement::before};
  const FalconForm form = read_falcon_form(config);
  const bool two_norms = form.arrangement == Arrangement::parallel_on_own_norms;
  import.load.naming = two_norms ? CheckpointNaming::falcon_two_norms : CheckpointNaming::falcon;
  const Integer layers = config.size_or("num_hidden_layers", 32, kTypeDefault, kLayers);
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 71, kTypeDefault);
  attention.kv_heads = read_falcon_kv_heads(config, form, attention.query_heads);
  attention.head_dim = head_dim_of(config, spec.hidden, attention.query_heads);
  attention.qkv_bias = read_flag(config, {"bias"});
  attention.output_bias = attention.qkv_bias;
  read_falcon_positions(import, attention);
  DenseFeedForward dense = read_falcon_feed_forward(import, spec.hidden);
  dense.bias = attention.qkv_bias;
  add_layers(spec, {{attention.kv_heads == 1 ? "mqa" : "gqa", attention}}, {{"mlp", dense}},
             std::vector<LayerParts>(size(layers)), form.arrangement);
}

}  // namespace llmarch
