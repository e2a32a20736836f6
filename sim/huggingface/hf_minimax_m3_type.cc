// MiniMax M3: layers whose queries attend to blocks of keys that an index chooses. The makers state
// the index in "sparse_attention_config", transformers' class in fields of its own.
#include <fmt/format.h>

#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

constexpr std::string_view kSparse = "minimax_m3_sparse";

constexpr MixtureClass kMiniMaxM3Mixture{.experts = {"num_local_experts", 128},
                                         .experts_per_token = {"num_experts_per_tok", 4},
                                         .expert_width = {"intermediate_size", 3072},
                                         .router = corrected_sigmoid_router,
                                         .width_again = "moe_intermediate_size"};

// What the class fixes, whether a config says so or not.
void refuse_other_minimax_m3(ConfigReader& config) {
  config.only("attention_output_gate", false);
  config.only("use_gemma_norm", true);
  config.only("use_qk_norm", true);
  config.only("qk_norm_type", "per_head");
  config.only("use_routing_bias", true);
  config.only("scoring_func", "sigmoid");
  config.only("n_shared_experts", 1);
  config.only("swiglu_alpha", 1.702);
  config.inert({"hidden_act", "num_mtp_modules", "mtp_transformer_layers", "use_mtp"});
}

// The makers' object, which may say how an index is made that the class does not compute.
void refuse_other_indices(ConfigReader& index) {
  index.only("use_sparse_attention", true);
  index.only("sparse_init_block", 0);
  index.only("sparse_local_block", 1);
  index.only("sparse_score_type", "max");
}

// The index, and the layers that have it.
struct IndexOfBlocks {
  Integer heads;
  BlockIndex index;
  std::vector<bool> layers;
};

IndexOfBlocks read_makers_index(ConfigReader& sparse, Integer layers) {
  refuse_other_indices(sparse);
  IndexOfBlocks of;
  of.heads = sparse.size("sparse_num_index_heads");
  of.index = {sparse.size("sparse_index_dim"), sparse.size("sparse_block_size", kPositions),
              sparse.size("sparse_topk_blocks", kPositions)};
  of.layers = marks_of_layers(sparse, "sparse_attention_freq", layers);
  // The index has no values on the layers that are marked, which are those with an index.
  const std::vector<bool> without = marks_of_layers(sparse, "sparse_disable_index_value", layers);
  for (std::size_t i = 0; i < std::min(without.size(), of.layers.size()); ++i) {
    if (!of.layers[i] || without[i]) continue;
    sparse.refuse(fmt::format("layer {} has an index with values", i + 1),
                  "an index that only chooses is supported: sparse_disable_index_value = 1");
    break;
  }
  return of;
}

IndexOfBlocks read_class_index(ConfigReader& config) {
  config.only("index_local_blocks", 1);
  return {config.size_or("index_n_heads", 4, kTypeDefault),
          {config.size_or("index_head_dim", 128, kTypeDefault),
           config.size_or("index_block_size", 128, kTypeDefault, kPositions),
           config.size_or("index_topk_blocks", 16, kTypeDefault, kPositions)},
          {}};
}

IndexOfBlocks read_index_of_blocks(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  constexpr std::string_view kObject = "sparse_attention_config";
  const std::vector<std::string> types =
      layer_types(import, layers, {std::string(kSparse), "full_attention"});
  IndexOfBlocks of;
  if (const nlohmann::json* object = config.optional_object(kObject)) {
    ConfigReader sparse = config.inner(*object, std::string(kObject));
    of = read_makers_index(sparse, layers);
    sparse.finish();
  } else {
    of = read_class_index(config);
  }
  if (!types.empty()) {
    of.layers.clear();
    for (const std::string& type : types) of.layers.push_back(type == kSparse);
  }
  of.layers.resize(size(layers), false);
  return of;
}

std::vector<bool> sparse_layers_of_minimax(Import& import, Integer layers) {
  ConfigReader& config = import.config;
  std::vector<bool> marked = marks_of_layers(config, "moe_layer_freq", layers);
  std::vector<bool> named = are_sparse(config, config.optional_texts("mlp_layer_types"));
  if (!named.empty()) one_for_each_layer(config, "mlp_layer_types", named.size(), layers);
  std::vector<bool> sparse = !named.empty() ? named : marked;
  sparse.resize(size(layers), true);
  config.inert({"first_k_dense_replace"});
  return sparse;
}

GroupedAttention read_minimax_m3_attention(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size_or("num_attention_heads", 64, kTypeDefault);
  attention.kv_heads = config.size_or("num_key_value_heads", 4, kTypeDefault);
  attention.head_dim = config.size_or("head_dim", 128, kTypeDefault);
  attention.qk_norm = QkNorm::per_head;
  attention.rotary = read_rotary(import, {.theta = 5000000, .partial = 0.5, .dim = "rotary_dim"},
                                 attention.head_dim);
  return attention;
}

MixtureFeedForward read_minimax_m3_mixture(Import& import, const GateLimit& limit, Integer layers) {
  ConfigReader& config = import.config;
  MixtureFeedForward mixture =
      read_mixture(import, kMiniMaxM3Mixture, Activation::quick_gelu, layers);
  mixture.router.weight_scale = config.real_or("routed_scaling_factor", 2, kTypeDefault);
  mixture.shared_width = config.size_or("shared_intermediate_size", 3072, kTypeDefault);
  mixture.gate_limit = mixture.shared_gate_limit = limit;
  mixture.up_offset = 1;
  return mixture;
}

DenseFeedForward read_minimax_m3_dense(ConfigReader& config, const GateLimit& limit) {
  DenseFeedForward dense{config.size_or("dense_intermediate_size", 12288, kTypeDefault),
                         Activation::quick_gelu, true, false};
  dense.gate_limit = limit;
  dense.up_offset = 1;
  return dense;
}

}  // namespace

// modeling_minimax_m3_vl.py
void import_minimax_m3(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = CheckpointNaming::minimax_m3;
  refuse_other_minimax_m3(config);
  read_whole(import, {200064, 6144, 524288, 1e-6}, spec);
  const Integer layers = config.size_or("num_hidden_layers", 60, kTypeDefault, kLayers);
  const GroupedAttention full = read_minimax_m3_attention(import);
  const IndexOfBlocks index = read_index_of_blocks(import, layers);
  GroupedAttention indexed = full;
  indexed.block_index = index.index;
  if (index.heads != full.kv_heads) {
    config.refuse(fmt::format("there are {} index heads, and {} key/value heads",
                              index.heads.value(), full.kv_heads.value()),
                  "each key/value head chooses by an index head of its own");
  }
  const GateLimit limit{config.real_or("swiglu_limit", 7, kTypeDefault),
                        GateLimitPlace::before_activation};
  const MixtureFeedForward mixture = read_minimax_m3_mixture(import, limit, layers);
  const DenseFeedForward dense = read_minimax_m3_dense(config, limit);
  const std::vector<bool> sparse = sparse_layers_of_minimax(import, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    parts.push_back({index.layers[i] ? 1U : 0U, sparse[i] ? 1U : 0U});
  }
  add_layers(spec, {{"full", full}, {"indexed", indexed}}, {{"dense", dense}, {"moe", mixture}},
             parts);
}

}  // namespace llmarch
