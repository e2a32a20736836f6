#include "sim/huggingface/hf_latent.h"

#include <fmt/format.h>

#include "sim/huggingface/hf_layers.h"
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
  if (of.head_dim != LatentClass::HeadDim::overwritten) {
    const bool rotated = of.head_dim == LatentClass::HeadDim::rotated;
    config.only("head_dim", (rotated ? attention.rope_head_dim : whole).value());
  }
  config.only("qk_head_dim", whole.value());
}

std::optional<Integer> read_query_latent(ConfigReader& config, const LatentClass& of) {
  constexpr std::string_view kKey = "q_lora_rank";
  return of.query_latent_dim == 0
             ? config.nullable_size(kKey)
             : config.optional_size_or(kKey, Integer(of.query_latent_dim), kTypeDefault);
}

// The first index_skip_topk_offset layers have an index, and after them one of every
// index_topk_freq layers; the others share.
std::vector<std::string> index_types_by_period(ConfigReader& config, Integer layers) {
  constexpr Range kOffset{0, kMostLayers};
  const Integer period = config.size_or("index_topk_freq", 1, kTypeDefault, kRepeats);
  const Integer offset = config.size_or("index_skip_topk_offset", 2, kTypeDefault, kOffset);
  std::vector<std::string> types;
  for (Integer layer = 0; layer < layers; layer += 1) {
    const Integer after = std::max(layer - offset + 1, Integer(0));
    types.emplace_back(after % period == 0 ? "full" : "shared");
  }
  return types;
}

// "FSSF": a letter for each layer.
std::vector<std::string> index_types_of_pattern(const std::string& pattern) {
  std::vector<std::string> types;
  for (const char letter : pattern) {
    types.emplace_back(letter == 'F' ? "full" : letter == 'S' ? "shared" : std::string(1, letter));
  }
  return types;
}

// Stated layer by layer, by a pattern, or by a period; in this order.
std::vector<std::string> index_types(ConfigReader& config, Integer layers) {
  constexpr std::string_view kTypes = "indexer_types";
  constexpr std::string_view kPattern = "index_topk_pattern";
  std::vector<std::string> types = config.optional_texts(kTypes);
  if (!types.empty()) {
    config.inert({kPattern, "index_topk_freq", "index_skip_topk_offset"});
    one_for_each_layer(config, kTypes, types.size(), layers);
  } else if (config.contains(kPattern) && !config.is_null(kPattern)) {
    config.inert({"index_topk_freq", "index_skip_topk_offset"});
    types = config.is_text(kPattern) ? index_types_of_pattern(config.text(kPattern))
                                     : config.optional_texts(kPattern);
    one_for_each_layer(config, kPattern, types.size(), layers);
  } else {
    types = index_types_by_period(config, layers);
  }
  types.resize(size(layers), "full");
  return types;
}

// Whether each layer takes over the choice of an earlier one.
std::vector<bool> layers_without_index(ConfigReader& config, Integer layers) {
  std::vector<bool> shared;
  for (const std::string& type : index_types(config, layers)) {
    if (type != "full" && type != "shared") {
      config.refuse(fmt::format("indexer type {} is not supported", quote_name(type)),
                    "supported: full, shared");
    }
    shared.push_back(type == "shared");
  }
  if (shared.front()) {
    config.refuse("the first layer has no index, and there is none before it that it could share",
                  "a layer that is 'shared' stands after one that is 'full'");
  }
  return shared;
}

}  // namespace

// DeepseekV32Indexer, GlmMoeDsaIndexer: each layer norm of index keys has an epsilon of its own.
IndexedAttention read_index(Import& import, const IndexClass& of, const LatentAttention& attention,
                            Integer layers) {
  ConfigReader& config = import.config;
  LatentAttention full = attention;
  full.chosen_keys = read_size(config, {"index_topk", of.chosen}, kPositions);
  full.key_index = KeyIndex{read_size(config, {"index_n_heads", of.heads}),
                            read_size(config, {"index_head_dim", of.head_dim}), of.layout, 1e-6};
  config.only("indexer_rope_interleave", of.layout == RotaryLayout::interleaved);
  config.only("rope_interleave", true);
  if (of.layers == IndexClass::Layers::every) {
    return {{full}, std::vector<std::size_t>(size(layers), 0)};
  }
  IndexedAttention indexed{{full, full}, {}};
  indexed.kinds.back().key_index.reset();
  for (const bool shared : layers_without_index(config, layers)) {
    indexed.layers.push_back(shared ? 1 : 0);
  }
  return indexed;
}

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
