#include "sim/spec/hf_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/spec/hf_reader.h"
#include "sim/spec/rules.h"

namespace llmarch {
namespace {

using nlohmann::json;

struct Import {
  ConfigReader& config;
  ConfigLoad& load;
};

// Fields of every model type that say how it was trained, stored or sampled from.
void pass_over_inert_fields(ConfigReader& config) {
  config.inert({"architectures", "model_type", "bos_token_id", "eos_token_id", "pad_token_id",
                "torch_dtype", "dtype", "transformers_version", "use_cache", "initializer_range",
                "attention_dropout", "auto_map", "quantization_config", "pretraining_tp",
                "output_attentions", "output_hidden_states", "return_dict",
                "chunk_size_feed_forward", "is_encoder_decoder", "id2label", "label2id",
                "problem_type"});
}

Activation activation(Import& import, std::string_view key) {
  const std::string name = import.config.text(key);
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "relu") return Activation::relu;
  if (!name.empty()) {
    import.config.refuse(fmt::format("'{}' is '{}', an activation that is not supported", key, name),
                         "supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, relu");
  }
  return Activation::silu;
}

RotaryScaling llama3_scaling(ConfigReader& rope) {
  Llama3Scaling scaling;
  scaling.factor = rope.real("factor");
  scaling.low_frequency_factor = rope.real("low_freq_factor");
  scaling.high_frequency_factor = rope.real("high_freq_factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  return scaling;
}

RotaryScaling yarn_scaling(ConfigReader& rope) {
  YarnScaling scaling;
  scaling.factor = rope.real("factor");
  scaling.original_context = rope.size("original_max_position_embeddings", kPositions);
  scaling.beta_fast = rope.real_or("beta_fast", 32, "transformers' default");
  scaling.beta_slow = rope.real_or("beta_slow", 1, "transformers' default");
  scaling.mscale = rope.optional_real("mscale");
  scaling.mscale_all_dim = rope.optional_real("mscale_all_dim");
  scaling.attention_factor = rope.optional_real("attention_factor");
  rope.only("truncate", true);
  return scaling;
}

// "rope_scaling" beside "rope_theta", or both in "rope_parameters", as newer configs have them.
Rotary rotary(Import& import, RotaryLayout layout) {
  ConfigReader& config = import.config;
  Rotary rotary;
  rotary.layout = layout;
  config.only("partial_rotary_factor", 1.0);
  const json* parameters = config.object("rope_parameters");
  const json* scaling = config.object("rope_scaling");
  if (parameters == nullptr) rotary.theta = config.real("rope_theta");
  const json* rope_object = parameters != nullptr ? parameters : scaling;
  if (rope_object == nullptr) return rotary;

  ConfigReader rope(*rope_object, parameters != nullptr ? "rope_parameters" : "rope_scaling",
                    import.load.problems, import.load.filled);
  if (parameters != nullptr) {
    rotary.theta = rope.optional_real("rope_theta").value_or(0);
    if (rotary.theta == 0) rotary.theta = config.real("rope_theta");
  }
  // Older configs call the type "type".
  const std::string older = rope.optional_text("type").value_or("default");
  const std::string type = rope.optional_text("rope_type").value_or(older);
  if (type == "llama3") {
    rotary.scaling = llama3_scaling(rope);
  } else if (type == "yarn") {
    rotary.scaling = yarn_scaling(rope);
  } else if (type != "default") {
    rope.refuse(fmt::format("rope type '{}' is not supported", type),
                "supported: default, llama3, yarn");
    return rotary;
  }
  rope.refuse_unknown_fields();
  return rotary;
}

// The layers in order, as runs of equal kinds.
void stack_layers(ArchSpec& spec, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (spec.stack.empty() || spec.stack.back().layers.front().name != name) {
      std::size_t index = 0;
      while (spec.layer.at(index).name != name) ++index;
      spec.stack.push_back({{Reference{name, index}}, 0});
    }
    spec.stack.back().repeat += 1;
  }
}

// A number of layers that can be listed; what is larger is refused by the rules on the stack.
std::vector<std::string> repeated(const std::string& name, Integer layers) {
  return {static_cast<std::size_t>(std::min<std::int64_t>(layers.value(), 200'000)), name};
}

void read_common(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size("max_position_embeddings", kPositions);
  spec.norm = {NormKind::rms, config.real("rms_norm_eps")};
  const bool tied = config.flag_or("tie_word_embeddings", false, "this model type's default");
  spec.head = tied ? Head::tied : Head::separate;
}

// Query and key/value heads as most decoders call them.
GroupedAttention grouped_attention(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.kv_heads = config.size_or("num_key_value_heads", attention.query_heads,
                                      "num_attention_heads: multi-head attention");
  attention.qkv_bias = config.flag_or("attention_bias", false, "this model type's default");
  attention.output_bias = attention.qkv_bias;
  attention.rotary = rotary(import, RotaryLayout::half_split);
  return attention;
}

void add_dense_layer(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                     const DenseFeedForward& dense) {
  spec.attention.push_back({mixer_name, mixer});
  spec.feed_forward.push_back({"mlp", dense});
  spec.layer.push_back({"block", {Reference{mixer_name, 0}, Reference{"mlp", 0}}});
}

DenseFeedForward gated_feed_forward(Import& import) {
  DenseFeedForward dense;
  dense.width = import.config.size("intermediate_size");
  dense.activation = activation(import, "hidden_act");
  dense.gated = true;
  return dense;
}

// modeling_gpt2.py
void import_gpt2(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gpt2;
  config.inert({"attn_pdrop", "embd_pdrop", "resid_pdrop", "summary_activation",
                "summary_first_dropout", "summary_proj_to_labels", "summary_type",
                "summary_use_proj", "task_specific_params", "n_ctx", "reorder_and_upcast_attn"});
  config.only("scale_attn_weights", true);
  config.only("scale_attn_by_inverse_layer_idx", false);
  config.only("add_cross_attention", false);
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("n_embd");
  spec.context_limit = config.size("n_positions", kPositions);
  spec.learned_positions = spec.context_limit;
  const bool tied = config.flag_or("tie_word_embeddings", true, "this model type's default");
  spec.head = tied ? Head::tied : Head::separate;
  spec.norm = {NormKind::layer, config.real("layer_norm_epsilon")};

  GroupedAttention attention;
  attention.query_heads = config.size("n_head");
  attention.kv_heads = attention.query_heads;
  if (spec.hidden % attention.query_heads != 0) {
    config.refuse(fmt::format("{} heads do not divide n_embd = {}", attention.query_heads.value(),
                              spec.hidden.value()),
                  "a head is n_embd / n_head wide");
  }
  attention.head_dim = spec.hidden / attention.query_heads;
  attention.qkv_bias = true;
  attention.output_bias = true;
  DenseFeedForward dense;
  dense.width = config.size_or("n_inner", 4 * spec.hidden, "4 n_embd");
  dense.activation = activation(import, "activation_function");
  dense.bias = true;
  add_dense_layer(spec, attention, "mha", dense);
  stack_layers(spec, repeated("block", config.size("n_layer")));
}

// modeling_llama.py
void import_llama(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec);
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = config.size_or("head_dim", spec.hidden / attention.query_heads,
                                      "hidden_size / num_attention_heads");
  DenseFeedForward dense = gated_feed_forward(import);
  dense.bias = config.flag_or("mlp_bias", false, "this model type's default");
  add_dense_layer(spec, attention, "gqa", dense);
  stack_layers(spec, repeated("block", config.size("num_hidden_layers")));
}

// A window that is switched off leaves two fields behind.
void refuse_qwen_windows(ConfigReader& config) {
  config.only("use_sliding_window", false);
  config.inert({"sliding_window", "max_window_layers"});
  for (const std::string& type : config.texts("layer_types")) {
    if (type == "full_attention") continue;
    config.refuse(fmt::format("layer type '{}' is not supported", type),
                  "supported: full_attention");
    return;
  }
}

GroupedAttention qwen3_attention(Import& import) {
  GroupedAttention attention = grouped_attention(import);
  attention.head_dim = import.config.size_or("head_dim", 128, "this model type's default");
  attention.qk_norm = QkNorm::per_head;
  refuse_qwen_windows(import.config);
  return attention;
}

// modeling_qwen3.py
void import_qwen3(Import& import, ArchSpec& spec) {
  read_common(import, spec);
  add_dense_layer(spec, qwen3_attention(import), "gqa", gated_feed_forward(import));
  stack_layers(spec, repeated("block", import.config.size("num_hidden_layers")));
}

// Which layers are dense and which are mixtures, only those that occur.
void add_layers(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                const DenseFeedForward& dense, const MixtureFeedForward& mixture,
                const std::vector<bool>& sparse) {
  spec.attention.push_back({mixer_name, mixer});
  std::vector<std::string> names;
  for (const bool is_sparse : sparse) {
    names.emplace_back(is_sparse ? "moe" : "dense");
    if (std::find_if(spec.layer.begin(), spec.layer.end(), [&](const auto& layer) {
          return layer.name == names.back();
        }) != spec.layer.end()) {
      continue;
    }
    const Reference feed_forward{names.back(), spec.feed_forward.size()};
    spec.feed_forward.push_back({names.back(), is_sparse ? FeedForward(mixture) : dense});
    spec.layer.push_back({names.back(), {Reference{mixer_name, 0}, feed_forward}});
  }
  stack_layers(spec, names);
}

// modeling_qwen3_moe.py
void import_qwen3_moe(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  read_common(import, spec);
  config.inert({"output_router_logits", "router_aux_loss_coef"});
  const GroupedAttention attention = qwen3_attention(import);
  MixtureFeedForward mixture;
  mixture.experts = config.size("num_experts");
  mixture.experts_per_token = config.size("num_experts_per_tok");
  mixture.expert_width = config.size("moe_intermediate_size");
  mixture.activation = activation(import, "hidden_act");
  mixture.router.scoring = Scoring::softmax;
  mixture.router.normalized_weights =
      config.flag_or("norm_topk_prob", false, "this model type's default");

  const Integer every = config.size_or("decoder_sparse_step", 1, "this model type's default");
  const std::vector<std::int64_t> dense_layers = config.indices("mlp_only_layers");
  std::vector<bool> sparse;
  for (const std::string& unused : repeated("", config.size("num_hidden_layers"))) {
    static_cast<void>(unused);
    const auto layer = static_cast<std::int64_t>(sparse.size());
    const bool named_dense =
        std::find(dense_layers.begin(), dense_layers.end(), layer) != dense_layers.end();
    sparse.push_back(!named_dense && (layer + 1) % every.value() == 0);
  }
  add_layers(spec, attention, "gqa", gated_feed_forward(import), mixture, sparse);
}

LatentAttention deepseek_attention(Import& import) {
  ConfigReader& config = import.config;
  LatentAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  config.only("num_key_value_heads", attention.query_heads.value());
  attention.query_latent_dim = config.optional_size("q_lora_rank");
  attention.kv_latent_dim = config.size("kv_lora_rank");
  attention.nope_head_dim = config.size("qk_nope_head_dim");
  attention.rope_head_dim = config.size("qk_rope_head_dim");
  attention.value_head_dim = config.size("v_head_dim");
  // Newer configs repeat what follows from these.
  config.only("head_dim", attention.rope_head_dim.value());
  config.only("qk_head_dim", (attention.nope_head_dim + attention.rope_head_dim).value());
  attention.latent_norm_epsilon = 1e-6;  // modeling_deepseek_v3.py: not the config's rms_norm_eps
  const bool bias = config.flag_or("attention_bias", false, "this model type's default");
  attention.compression_bias = bias;
  attention.output_bias = bias;
  const bool interleaved = config.optional_flag("rope_interleave").value_or(true);
  attention.rotary =
      rotary(import, interleaved ? RotaryLayout::interleaved : RotaryLayout::half_split);
  return attention;
}

MixtureFeedForward deepseek_mixture(Import& import) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture;
  mixture.experts = config.size("n_routed_experts");
  mixture.experts_per_token = config.size("num_experts_per_tok");
  mixture.expert_width = config.size("moe_intermediate_size");
  if (const auto shared = config.optional_size("n_shared_experts")) {
    mixture.shared_width = *shared * mixture.expert_width;
  }
  mixture.activation = activation(import, "hidden_act");
  config.only("scoring_func", "sigmoid");
  config.only("topk_method", "noaux_tc");
  mixture.router.scoring = Scoring::sigmoid;
  mixture.router.correction_bias = true;
  mixture.router.normalized_weights =
      config.flag_or("norm_topk_prob", true, "this model type's default");
  mixture.router.weight_scale = config.real("routed_scaling_factor");
  const ExpertGroups groups{config.size_or("n_group", 1, "no groups"),
                            config.size_or("topk_group", 1, "no groups")};
  if (groups.count != 1) mixture.router.groups = groups;
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
  const Integer layers = config.size("num_hidden_layers");
  const Integer dense_first = config.size("first_k_dense_replace", Range{0, kSize.most});
  std::vector<bool> sparse;
  for (const std::string& unused : repeated("", layers)) {
    static_cast<void>(unused);
    sparse.push_back(std::ssize(sparse) >= dense_first.value());
  }
  add_layers(spec, attention, "mla", gated_feed_forward(import), mixture, sparse);
}

struct ModelType {
  std::string_view name;
  void (*import)(Import&, ArchSpec&);
};

constexpr std::array kModelTypes{
    ModelType{"gpt2", import_gpt2},           ModelType{"llama", import_llama},
    ModelType{"qwen3", import_qwen3},         ModelType{"qwen3_moe", import_qwen3_moe},
    ModelType{"deepseek_v3", import_deepseek_v3}, ModelType{"kimi_k2", import_deepseek_v3}};

const ModelType* model_type(ConfigReader& config) {
  const std::string name = config.text("model_type");
  std::vector<std::string> known;
  for (const ModelType& type : kModelTypes) {
    if (type.name == name) return &type;
    known.emplace_back(type.name);
  }
  if (!name.empty()) {
    config.refuse(fmt::format("model type '{}' is not supported", name), suggest(name, known));
  }
  return nullptr;
}

void check_rules(const ArchSpec& spec, ConfigLoad& load) {
  for (Problem& problem : broken_rules(spec)) {
    load.problems.push_back({std::nullopt,
                             fmt::format("{}: {}", problem.path, problem.message),
                             std::move(problem.remedy)});
  }
}

}  // namespace

ConfigLoad load_hf_config(std::string_view text, const std::string& name) {
  ConfigLoad load;
  const json config = json::parse(text, nullptr, false);
  if (!config.is_object()) {
    load.problems.push_back({std::nullopt, "this is not a JSON object",
                             "a Hugging Face config.json is expected"});
    return load;
  }
  ConfigReader reader(config, "the config", load.problems, load.filled);
  const ModelType* type = model_type(reader);
  if (type == nullptr) return load;
  ArchSpec spec;
  spec.name = name;
  spec.title = name;
  spec.source = "config.json";
  Import import{reader, load};
  pass_over_inert_fields(reader);
  type->import(import, spec);
  reader.refuse_unknown_fields();
  if (load.problems.empty()) check_rules(spec, load);
  if (load.problems.empty()) load.spec = std::move(spec);
  return load;
}

}  // namespace llmarch
