#include "sim/spec/hf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <set>

#include "sim/spec/hf_blocks.h"
#include "sim/spec/hf_json.h"
#include "sim/spec/hf_reader.h"
#include "sim/spec/rules.h"

namespace llmarch {
namespace {

// Fields of every model type that say how it was trained, stored or sampled from.
void pass_over_inert_fields(ConfigReader& config) {
  config.inert({"architectures",
                "model_type",
                "bos_token_id",
                "eos_token_id",
                "pad_token_id",
                "torch_dtype",
                "dtype",
                "transformers_version",
                "use_cache",
                "initializer_range",
                "attention_dropout",
                "auto_map",
                "quantization_config",
                "pretraining_tp",
                "output_attentions",
                "output_hidden_states",
                "return_dict",
                "chunk_size_feed_forward",
                "is_encoder_decoder",
                "id2label",
                "label2id",
                "problem_type"});
}

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

// modeling_gpt2.py
void import_gpt2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gpt2;
  refuse_gpt2_variants(config);
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("n_embd");
  spec.context_limit = config.size("n_positions", kPositions);
  spec.learned_positions = spec.context_limit;
  spec.head = head_of(import, true);
  spec.norm = {NormKind::layer, config.real("layer_norm_epsilon", kEpsilon)};

  GroupedAttention attention;
  attention.query_heads = config.size("n_head");
  attention.kv_heads = attention.query_heads;
  attention.head_dim = gpt2_head_width(import, spec.hidden, attention.query_heads);
  attention.qkv_bias = true;
  attention.output_bias = true;
  DenseFeedForward dense;
  dense.width = bounded(import, config.size_or("n_inner", 4 * spec.hidden, "4 n_embd"), "n_inner");
  dense.activation = activation(import, "activation_function");
  dense.bias = true;
  add_uniform_layers(spec, attention, "mha", dense, layer_number(import, "n_layer"));
}

// modeling_llama.py
void import_llama(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec);
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  dense.bias = config.flag_or("mlp_bias", false, kTypeDefault);
  add_uniform_layers(spec, attention, "gqa", dense, layer_number(import, "num_hidden_layers"));
}

// A window that is switched off leaves two fields behind.
void refuse_qwen_windows(ConfigReader& config, Integer layers) {
  config.only("use_sliding_window", false);
  config.inert({"sliding_window", "max_window_layers"});
  const std::vector<std::string> types = config.optional_texts("layer_types");
  for (const std::string& type : types) {
    if (type == "full_attention") continue;
    config.refuse(fmt::format("layer type {} is not supported", quote_name(type)),
                  "supported: full_attention");
    return;
  }
  if (!types.empty() && std::ssize(types) != layers.value() &&
      config.all_read({"num_hidden_layers"})) {
    config.refuse(fmt::format("'layer_types' lists {} layers, and num_hidden_layers = {}",
                              types.size(), layers.value()),
                  "it has one entry for each layer");
  }
}

// modeling_qwen3.py; its library would fill num_key_value_heads with a number of its own.
void import_qwen3(Import& import, ArchSpec& spec) {
  read_common(import, spec);
  const Integer layers = layer_number(import, "num_hidden_layers");
  import.config.stated("num_key_value_heads");
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = import.config.size_or("head_dim", 128, kTypeDefault);
  attention.qk_norm = QkNorm::per_head;
  refuse_qwen_windows(import.config, layers);
  const DenseFeedForward dense = gated_feed_forward(import, activation(import, "hidden_act"));
  add_uniform_layers(spec, attention, "gqa", dense, layers);
}

// Every so-many-th layer is a mixture, unless it is named as dense.
std::vector<bool> qwen3_sparse_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  const std::int64_t every = config.size_or("decoder_sparse_step", 1, kTypeDefault).value();
  const std::vector<std::int64_t> named = config.indices_or_none("mlp_only_layers", kTypeDefault);
  const std::set<std::int64_t> dense(named.begin(), named.end());
  std::vector<bool> sparse;
  for (std::int64_t layer = 0; layer < layers.value(); ++layer) {
    sparse.push_back(!dense.contains(layer) && (layer + 1) % every == 0);
  }
  return sparse;
}

// modeling_qwen3_moe.py
void import_qwen3_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec);
  const Integer layers = layer_number(import, "num_hidden_layers");
  config.inert({"output_router_logits", "router_aux_loss_coef"});
  config.stated("num_key_value_heads");
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = head_width(import, spec.hidden, attention.query_heads);
  attention.qk_norm = QkNorm::per_head;
  refuse_qwen_windows(config, layers);
  MixtureFeedForward mixture;
  mixture.experts = config.size("num_experts", kExperts);
  mixture.experts_per_token = config.size("num_experts_per_tok", kExperts);
  mixture.expert_width = config.size("moe_intermediate_size");
  mixture.activation = activation(import, "hidden_act");
  mixture.router.scoring = Scoring::softmax;
  mixture.router.normalized_weights = config.flag_or("norm_topk_prob", false, kTypeDefault);
  const DenseFeedForward dense = gated_feed_forward(import, mixture.activation);
  add_layers(spec, attention, "gqa", dense, mixture, qwen3_sparse_layers(import, layers));
}

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

LatentAttention deepseek_attention(Import& import) {
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
      rotary(import, interleaved ? RotaryLayout::interleaved : RotaryLayout::half_split);
  return attention;
}

Router deepseek_router(ConfigReader& config) {
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  Router router;
  router.scoring = Scoring::sigmoid;
  router.correction_bias = true;
  router.normalized_weights = config.flag_or("norm_topk_prob", true, kTypeDefault);
  router.weight_scale = config.real("routed_scaling_factor");
  const ExpertGroups groups{config.size("n_group", kExperts), config.size("topk_group", kExperts)};
  if (groups.count != 1) {
    router.groups = groups;
  } else if (groups.chosen != 1 && config.all_read({"n_group", "topk_group"})) {
    config.refuse(fmt::format("'topk_group' is {}, and there is one group", groups.chosen.value()),
                  "n_group = 1 means that there are no groups: topk_group must be 1");
  }
  return router;
}

MixtureFeedForward deepseek_mixture(Import& import) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture;
  mixture.experts = config.size("n_routed_experts", kExperts);
  mixture.experts_per_token = config.size("num_experts_per_tok", kExperts);
  mixture.expert_width = config.size("moe_intermediate_size");
  if (const auto shared = config.nullable_size("n_shared_experts", kExperts)) {
    mixture.shared_width =
        bounded(import, *shared * mixture.expert_width, "n_shared_experts x moe_intermediate_size");
  }
  mixture.activation = activation(import, "hidden_act");
  mixture.router = deepseek_router(config);
  return mixture;
}

// modeling_deepseek_v3.py; Kimi K2 is the same architecture under another name. The layers of
// multi-token prediction that a repository may store are not part of the text model.
void import_deepseek_v3(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec);
  config.inert({"ep_size", "num_nextn_predict_layers", "aux_loss_alpha", "seq_aux"});
  config.only("moe_layer_freq", 1);
  const LatentAttention attention = deepseek_attention(import);
  const MixtureFeedForward mixture = deepseek_mixture(import);
  const Integer layers = layer_number(import, "num_hidden_layers");
  const Integer dense_first = config.size("first_k_dense_replace", Range{0, kMostLayers});
  std::vector<bool> sparse;
  for (Integer layer = 0; layer < layers; layer += 1) sparse.push_back(layer >= dense_first);
  const DenseFeedForward dense = gated_feed_forward(import, mixture.activation);
  add_layers(spec, attention, "mla", dense, mixture, sparse);
}

struct ModelType {
  std::string_view name;
  void (*import)(Import&, ArchSpec&);
};

constexpr std::array kModelTypes{ModelType{"gpt2", import_gpt2},
                                 ModelType{"llama", import_llama},
                                 ModelType{"qwen3", import_qwen3},
                                 ModelType{"qwen3_moe", import_qwen3_moe},
                                 ModelType{"deepseek_v3", import_deepseek_v3},
                                 ModelType{"kimi_k2", import_deepseek_v3}};

// None when it is missing or not supported. A near name is named for a slip of the pen, but it is
// another architecture: so the whole list stands before it.
const ModelType* model_type(ConfigReader& config) {
  const std::string name = config.text("model_type");
  std::vector<std::string> known;
  for (const ModelType& type : kModelTypes) {
    if (type.name == name) return &type;
    known.emplace_back(type.name);
  }
  if (!name.empty()) {
    const auto nearest = nearest_name(name, known);
    config.refuse(fmt::format("model type {} is not supported", quote_name(name)),
                  fmt::format("supported: {}{}", fmt::join(known, ", "),
                              nearest ? fmt::format("; the nearest is '{}'", *nearest) : ""));
  }
  config.finish_unknowing();
  return nullptr;
}

void check_rules(const ArchSpec& spec, ConfigLoad& load) {
  for (Problem& problem : broken_rules(spec)) {
    load.problems.push_back({std::nullopt, fmt::format("{}: {}", problem.path, problem.message),
                             std::move(problem.remedy)});
  }
}

}  // namespace

ConfigLoad load_hf_config(std::string_view text, const std::string& name) {
  ConfigLoad load;
  JsonObject config = parse_json_object(text);
  if (config.problem) {
    load.problems.push_back(std::move(*config.problem));
    return load;
  }
  ConfigReader reader(config.value, "the config", load.problems, load.filled);
  const ModelType* type = model_type(reader);
  if (type == nullptr) return load;
  ArchSpec spec;
  spec.name = name;
  spec.title = name;
  spec.source = "config.json";
  Import import{reader, load};
  pass_over_inert_fields(reader);
  type->import(import, spec);
  reader.finish();
  if (load.problems.empty()) check_rules(spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
