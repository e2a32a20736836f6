// Layers of Mamba-2 among those of attention: Bamba, Granite 4 and Nemotron-H.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_decoder.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mamba_whole.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_recurrent.h"

namespace llmarch {
namespace {

// configuration_bamba.py, configuration_granitemoehybrid.py. The library's norm is over the whole
// output whatever the groups are, that of other implementations over each group: there is one.
Mixer read_bamba_mamba(Import& import, Integer hidden, const Mixer& /*attention*/) {
  ConfigReader& config = import.config;
  config.inert(kInertOfMamba2);
  check_step_limit(config);
  config.off("mamba_proj_bias");
  config.only("mamba_n_groups", 1);
  config.only("hidden_act", "silu");
  Mamba2 mamba;
  mamba.heads = config.size_or("mamba_n_heads", 128, kTypeDefault);
  const Integer expand = config.size_or("mamba_expand", 2, kTypeDefault);
  mamba.head_dim =
      read_head_width(config, {expand * hidden, "mamba_expand x hidden_size"}, mamba.heads);
  mamba.groups = 1;
  mamba.state_dim = config.size_or("mamba_d_state", 256, kTypeDefault);
  mamba.kernel = config.size_or("mamba_d_conv", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("mamba_conv_bias", true, kTypeDefault);
  mamba.chunk = read_chunk(config, {"mamba_chunk_size", "chunk_size"});
  return mamba;
}

// All layers but those that attn_layer_indices lists.
std::vector<bool> mamba_layers_of_bamba(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  std::vector<bool> mamba(size(layers), true);
  if (config.is_null("attn_layer_indices")) return mamba;
  for (const std::int64_t i : config.indices_or_none("attn_layer_indices", "no attention")) {
    if (i >= 0 && i < layers.value()) mamba[static_cast<std::size_t>(i)] = false;
  }
  return mamba;
}

// All layers where "layer_types" says nothing.
std::vector<bool> mamba_layers_of_granite(Import& import, Integer layers) {
  std::vector<bool> mamba;
  for (const std::string& type : layer_types(import, layers, {"mamba", "attention"})) {
    mamba.push_back(type == "mamba");
  }
  mamba.resize(size(layers), true);
  return mamba;
}

const RecurrentClass kBambaMamba{"mamba", mamba_layers_of_bamba, read_bamba_mamba};
const RecurrentClass kGraniteMamba{"mamba", mamba_layers_of_granite, read_bamba_mamba};

constexpr std::array<std::string_view, 2> kOffInBamba{"attention_bias", "mlp_bias"};

// Half of a head is turned, whatever a config says of it.
Decoder bamba() {
  return {.type = "bamba",
          .naming = CheckpointNaming::bamba,
          .sizes = {128000, 4096, 14336, 32, 32, 8, 262144, 1e-5},
          .null_kv_heads = NullKvHeads::query_heads,
          .rotary = {.partial = 0.5},
          .recurrent = &kBambaMamba,
          .off = kOffInBamba};
}

constexpr MixtureClass kGraniteHybrid{
    .experts = {"num_local_experts", 8},
    .experts_per_token = {"num_experts_per_tok", 2},
    .expert_width = {"intermediate_size", 11008},
    .shared = {.as = SharedClass::Stated::width, .field = {"shared_intermediate_size", 1024}},
    .router = normalized_softmax_router};

// The norm of the recurrence's output has the epsilon of all others.
void fill_epsilon(ArchSpec& spec) {
  for (auto& [name, mixer] : spec.attention) {
    if (auto* mamba = std::get_if<Mamba2>(&mixer)) mamba->norm_epsilon = spec.norm.epsilon;
  }
}

// Granite 4: without experts, the shared feed-forward stands alone.
void read_shared_alone(Import& import, ArchSpec& spec) {
  const Integer width = import.config.size_or("shared_intermediate_size", 1024, kTypeDefault);
  import.config.inert({"num_experts_per_tok", "intermediate_size"});
  for (auto& [name, feed_forward] : spec.feed_forward) {
    std::get<DenseFeedForward>(feed_forward).width = width;
  }
}

// --- Nemotron-H.

constexpr std::array<std::string_view, 13> kInertOfNemotron{"expand",
                                                            "residual_in_fp32",
                                                            "n_shared_experts",
                                                            "moe_shared_expert_overlap",
                                                            "mtp_hybrid_override_pattern",
                                                            "mtp_layers_block_type",
                                                            "rope_theta",
                                                            "partial_rotary_factor",
                                                            "mamba_dt_min",
                                                            "mamba_dt_max",
                                                            "mamba_dt_init_floor",
                                                            "mamba_proj_bias",
                                                            "time_step_rank"};

Mamba2 read_nemotron_mamba(Import& import, double epsilon) {
  ConfigReader& config = import.config;
  config.inert(kInertOfMamba2);
  check_step_limit(config);
  config.only("mamba_hidden_act", "silu");
  config.only("mamba_ssm_cache_dtype", "float32");
  Mamba2 mamba;
  mamba.heads = config.size_or("mamba_num_heads", 128, kTypeDefault);
  mamba.head_dim = config.size_or("mamba_head_dim", 64, kTypeDefault);
  mamba.groups = config.size_or("n_groups", 8, kTypeDefault);
  mamba.state_dim = config.size_or("ssm_state_size", 128, kTypeDefault);
  mamba.kernel = config.size_or("conv_kernel", 4, kTypeDefault, kKernel);
  mamba.convolution_bias = config.flag_or("use_conv_bias", true, kTypeDefault);
  mamba.chunk = read_chunk(config, {"mamba_chunk_size", "chunk_size"});
  mamba.norm_groups = mamba.groups;
  mamba.norm_epsilon = epsilon;
  return mamba;
}

// Not rotated.
GroupedAttention read_nemotron_attention(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 32, kTypeDefault);
  attention.kv_heads = read_kv_heads(config, attention.query_heads, Integer(8));
  // The first files call it "attention_head_dim".
  const bool older = config.contains("attention_head_dim") && !config.contains("head_dim");
  attention.head_dim = config.size_or(older ? "attention_head_dim" : "head_dim", 128, kTypeDefault);
  if (!older) config.only("attention_head_dim", attention.head_dim.value());
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  attention.output_bias = attention.qkv_bias;
  config.only("sliding_window", nullptr);
  return attention;
}

constexpr MixtureClass kNemotronMixture{
    .experts = {"n_routed_experts", 8},
    .experts_too = "num_local_experts",
    .experts_per_token = {"num_experts_per_tok", 2},
    .expert_width = {"moe_intermediate_size", 7688},
    .shared = {.as = SharedClass::Stated::width,
               .field = {"moe_shared_expert_intermediate_size", 7688}},
    .router = glm4_moe_router};

MixtureFeedForward read_nemotron_mixture(Import& import, Activation activation, Integer layers) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture = read_mixture(import, kNemotronMixture, activation, layers);
  mixture.ungated = true;
  mixture.latent_width = config.optional_size_or("moe_latent_size", std::nullopt, kTypeDefault);
  return mixture;
}

// The kinds of layer, in the order of kBlockTypes: each is one block.
enum class BlockType { mamba, attention, mlp, moe };
struct BlockTypeName {
  std::string_view name, older_name;
  char letter;
};
constexpr std::array kBlockTypes{BlockTypeName{"linear_attention", "mamba", 'M'},
                                 BlockTypeName{"full_attention", "attention", '*'},
                                 BlockTypeName{"mlp", "mlp", '-'},
                                 BlockTypeName{"moe", "moe", 'E'}};

template <class Is>
std::optional<BlockType> block_type(const Is& is) {
  const auto found = std::ranges::find_if(kBlockTypes, is);
  if (found == kBlockTypes.end()) return std::nullopt;
  return static_cast<BlockType>(found - kBlockTypes.begin());
}

void refuse_block_type(ConfigReader& config, const std::string& type) {
  config.refuse(fmt::format("layer type {} is not supported", quote_name(type)),
                "supported: M or mamba, * or attention, - or mlp, E or moe");
}

// By names in "layers_block_type", or by letters in "hybrid_override_pattern".
std::vector<BlockType> block_types(Import& import) {
  ConfigReader& config = import.config;
  std::vector<BlockType> types;
  for (const std::string& name : config.optional_texts("layers_block_type")) {
    const auto type = block_type(
        [&](const BlockTypeName& each) { return each.name == name || each.older_name == name; });
    if (!type) {
      refuse_block_type(config, name);
      return {};
    }
    types.push_back(*type);
  }
  const std::optional<std::string> pattern = config.optional_text("hybrid_override_pattern");
  if (!types.empty() || !pattern) return types;
  for (const char letter : *pattern) {
    const auto type = block_type([&](const BlockTypeName& each) { return each.letter == letter; });
    if (!type) {
      refuse_block_type(config, std::string(1, letter));
      return {};
    }
    types.push_back(*type);
  }
  return types;
}

LayerParts parts_of(BlockType type) {
  switch (type) {
    case BlockType::mamba: return {0, std::nullopt};
    case BlockType::attention: return {1, std::nullopt};
    case BlockType::mlp: return {std::nullopt, 0};
    case BlockType::moe: return {std::nullopt, 1};
  }
  throw std::logic_error("parts_of: a type outside the enumeration");
}

}  // namespace

// modeling_bamba.py
void import_bamba(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import_decoder(import, bamba(), spec);
  fill_epsilon(spec);
  for (const auto& [name, mixer] : spec.attention) {
    const auto* attention = std::get_if<GroupedAttention>(&mixer);
    if (attention == nullptr) continue;
    config.only("attn_rotary_emb", (attention->head_dim / 2).value());
  }
  config.inert({"attn_rotary_emb"});
}

// modeling_granitemoehybrid.py
void import_granitemoehybrid(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  Decoder granite = *find_decoder("granitemoe");
  granite.naming = CheckpointNaming::granite_hybrid;
  granite.recurrent = &kGraniteMamba;
  constexpr Range kExpertsOrNone{0, kExperts.most};
  const Integer experts = config.size_or("num_local_experts", 8, kTypeDefault, kExpertsOrNone);
  granite.mixture = experts == 0 ? nullptr : &kGraniteHybrid;
  import_decoder(import, granite, spec);
  fill_epsilon(spec);
  if (experts == 0) read_shared_alone(import, spec);
  const std::optional<std::string> positions = config.optional_text("position_embedding_type");
  if (positions && *positions != "nope") config.only("position_embedding_type", "rope");
  if (positions == "rope") return;
  for (auto& [name, mixer] : spec.attention) {
    if (auto* attention = std::get_if<GroupedAttention>(&mixer)) attention->rotary.reset();
  }
}

// modeling_nemotron_h.py: every layer is one block with a norm before it.
void import_nemotron_h(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::nemotron_h;
  config.inert(kInertOfNemotron);
  for (const char* key : {"use_bias", "mlp_bias"}) config.off(key);
  spec.vocabulary = config.size_or("vocab_size", 131072, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", 4096, kTypeDefault);
  spec.context_limit = config.size_or("max_position_embeddings", 4096, kTypeDefault, kPositions);
  spec.norm.epsilon = config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon);
  for (const char* key : {"norm_eps", "rms_norm_eps"}) {
    if (config.all_read({"layer_norm_epsilon"})) config.only(key, spec.norm.epsilon);
  }
  spec.head = read_head(import, Flag::Absent::off);
  const std::vector<BlockType> types = block_types(import);
  if (types.empty()) {
    return config.refuse("the types of the layers are not stated",
                         "state 'layers_block_type' or 'hybrid_override_pattern'");
  }
  config.only("num_hidden_layers", std::ssize(types));
  const Mamba2 mamba = read_nemotron_mamba(import, spec.norm.epsilon);
  const GroupedAttention attention = read_nemotron_attention(import);
  const Activation activation = activation_or(import, "mlp_hidden_act", Activation::relu_squared);
  const DenseFeedForward mlp{config.size_or("intermediate_size", 21504, kTypeDefault), activation};
  const MixtureFeedForward mixture = read_nemotron_mixture(import, activation, std::ssize(types));
  std::vector<LayerParts> parts;
  std::ranges::transform(types, std::back_inserter(parts), parts_of);
  add_layers(spec, {{"mamba", mamba}, {"gqa", attention}}, {{"mlp", mlp}, {"moe", mixture}}, parts);
}

}  // namespace llmarch
