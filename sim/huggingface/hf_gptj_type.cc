#include <fmt/format.h>

#include <array>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"

namespace llmarch {
namespace {

Integer equal_heads(Import& import, Integer hidden, Integer heads, std::string_view heads_key) {
  if (hidden % heads != 0 && import.config.all_read({heads_key})) {
    import.config.refuse(fmt::format("{} = {} does not divide the hidden width of {}", heads_key,
                                     heads.value(), hidden.value()),
                         "a head is as wide as the one over the other");
  }
  return hidden / heads;
}

constexpr std::array<std::string_view, 6> kSummaryFields{
    "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
    "summary_type",       "summary_use_proj",      "gradient_checkpointing"};

// The kind of each layer, "global" or "local": named one by one, or as sequences with their
// numbers.
std::vector<std::string> expanded(Import& import, const nlohmann::json& types) {
  std::vector<std::string> layers;
  const auto refuse = [&] {
    import.config.refuse("'attention_types' is no list of sequences of names with their numbers",
                         R"(it looks like [[["global", "local"], 12]])");
    return std::vector<std::string>{};
  };
  for (const auto& item : types) {
    const bool sound = item.is_array() && item.size() == 2 && item[0].is_array() &&
                       item[1].is_number_integer() && item[1] >= 0 && item[1] <= kMostLayers;
    if (!sound) return refuse();
    if (item[0].empty()) continue;  // however often it is repeated
    for (std::int64_t round = 0; round < item[1].get<std::int64_t>(); ++round) {
      for (const auto& name : item[0]) {
        if (!name.is_string() || std::ssize(layers) >= kMostLayers) return refuse();
        layers.push_back(name.get<std::string>());
      }
    }
  }
  return layers;
}

std::vector<std::string> read_attention_layers(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  constexpr std::string_view kTypes = "attention_types";
  constexpr std::string_view kLayerNames = "attention_layers";
  if (config.is_null(kTypes)) {
    config.refuse("'attention_types' is null", "its class needs the list, or no such field");
  }
  const nlohmann::json* stated = config.optional_array(kTypes);
  const auto filled = nlohmann::json::parse(R"([[["global", "local"], 12]])");
  if (stated == nullptr) config.fill(kTypes, filled.dump(), kTypeDefault);
  std::vector<std::string> kinds = expanded(import, stated == nullptr ? filled : *stated);
  const std::vector<std::string> again = config.optional_texts(kLayerNames);
  if (!again.empty() && again != kinds && config.all_read({kTypes, kLayerNames})) {
    config.refuse("'attention_layers' is not what 'attention_types' expands to",
                  "they name the same thing: keep the right one");
  }
  one_for_each_layer(config, kTypes, kinds.size(), layers);
  kinds.resize(size(layers), "global");
  return kinds;
}

// By layer: 0 for one that attends to every key, 1 for one with a window.
std::vector<LayerParts> parts_by_name(Import& import, const std::vector<std::string>& kinds) {
  std::vector<LayerParts> parts;
  for (const std::string& kind : kinds) {
    if (kind != "global" && kind != "local") {
      import.config.refuse(fmt::format("attention type {} is not supported", quote_name(kind)),
                           "supported: global, local");
      return std::vector<LayerParts>(kinds.size());
    }
    parts.push_back({kind == "local" ? 1U : 0U, 0});
  }
  return parts;
}

}  // namespace

// configuration_gptj.py, modeling_gptj.py: both blocks on one norm, and biases in the feed-forward
// and the head alone.
void import_gptj(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gptj;
  config.inert(kSummaryFields);
  config.inert({"n_ctx", "rotary", "tokenizer_class"});
  config.only("scale_attn_weights", true);
  spec.vocabulary = config.size_or("vocab_size", 50400, kTypeDefault);
  spec.hidden = config.size_or("n_embd", 4096, kTypeDefault);
  spec.context_limit = config.size_or("n_positions", 2048, kTypeDefault, kPositions);
  spec.head = read_head(import, Flag::Absent::off);
  spec.head_bias = true;
  spec.norm = {NormKind::layer, config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon),
               NormPlacement::before};
  GroupedAttention attention;
  attention.query_heads = config.size_or("n_head", 16, kTypeDefault);
  attention.kv_heads = attention.query_heads;
  attention.head_dim = equal_heads(import, spec.hidden, attention.query_heads, "n_head");
  Rotary rotary{10000, RotaryLayout::interleaved, std::nullopt};
  const Integer turned = config.size_or("rotary_dim", 64, kTypeDefault);
  if (turned != attention.head_dim) rotary.dim = turned;
  attention.rotary = rotary;
  DenseFeedForward dense;
  dense.width = read_inner_width(import, "n_inner", spec.hidden);
  dense.activation = activation_or(import, "activation_function", Activation::gelu_tanh);
  dense.bias = true;
  const Integer layers = config.size_or("n_layer", 28, kTypeDefault, kLayers);
  add_layers(spec, {{"mha", attention}}, {{"mlp", dense}}, std::vector<LayerParts>(size(layers)),
             Arrangement::parallel_on_one_norm);
}

// configuration_gpt_neo.py, modeling_gpt_neo.py: scores are not scaled, and every other layer has a
// window.
void import_gpt_neo(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::gpt_neo;
  config.inert(kSummaryFields);
  config.inert({"embed_dropout", "resid_dropout", "classifier_dropout"});
  spec.vocabulary = config.size_or("vocab_size", 50257, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 2048, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 2048, kTypeDefault, kPositions);
  spec.learned_positions = spec.context_limit;
  spec.head = read_head(import, Flag::Absent::on);
  spec.norm = {NormKind::layer, config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon),
               NormPlacement::before};
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_heads", 16, kTypeDefault);
  attention.kv_heads = attention.query_heads;
  attention.head_dim = equal_heads(import, spec.hidden, attention.query_heads, "num_heads");
  attention.output_bias = true;
  attention.score_multiplier = 1;
  GroupedAttention local = attention;
  local.window = config.size_or("window_size", 256, kTypeDefault, kPositions);
  DenseFeedForward dense;
  dense.width = read_inner_width(import, "intermediate_size", spec.hidden);
  dense.activation = activation_or(import, "activation_function", Activation::gelu_tanh);
  dense.bias = true;
  const Integer layers = config.size_or("num_layers", 24, kTypeDefault, kLayers);
  const std::vector<std::string> kinds = read_attention_layers(import, layers);
  add_layers(spec, {{"global", attention}, {"local", local}}, {{"mlp", dense}},
             parts_by_name(import, kinds));
}

}  // namespace llmarch
