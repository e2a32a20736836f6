// NVIDIA's searched models (Nemotron-NAS, DeciLM): Llama's block, of which a layer may lack
// attention or the feed-forward, and each has sizes of its own. The file that this follows is
// modeling_decilm.py of nvidia/Llama-3_3-Nemotron-Super-49B-v1.
#include <fmt/format.h>

#include "sim/huggingface/hf_layer_kinds.h"
#include "sim/huggingface/hf_model_types.h"
#include "sim/huggingface/hf_parts.h"
#include "sim/huggingface/hf_rotary.h"

namespace llmarch {
namespace {

using nlohmann::json;

constexpr std::string_view kBlocks = "block_configs";

// What one layer has of each kind; nothing where it lacks it.
struct NasLayer {
  std::optional<Integer> kv_heads, width;
  auto operator<=>(const NasLayer&) const = default;
};

// The width as the class makes it: two thirds of a multiple of hidden, up to a multiple of 256.
Integer nas_width(double multiple, Integer hidden) {
  const Integer width = static_cast<std::int64_t>(2 * multiple * hidden.as_double() / 3);
  return (width + 255) / 256 * 256;
}

// A part of a layer, whose other forms are not built; null where the layer does without it.
const json* part_of(ConfigReader& block, std::string_view key) {
  const json* part = block.optional_object(key);
  if (part == nullptr) return nullptr;
  ConfigReader reader = block.inner(*part, fmt::format("{}.{}", kBlocks, key));
  reader.off("replace_with_linear");
  reader.off("sparsify");
  reader.off("unshifted_sink");
  reader.only("num_sink_tokens", nullptr);
  reader.only("window_length", nullptr);
  return read_flag(reader, {"no_op"}) ? nullptr : part;
}

NasLayer read_nas_layer(Import& import, const json& object, Integer heads, Integer hidden) {
  ConfigReader block = import.config.inner(object, std::string(kBlocks));
  NasLayer layer;
  if (const json* part = part_of(block, "attention")) {
    ConfigReader reader = block.inner(*part, "block_configs.attention");
    layer.kv_heads = heads / reader.size("n_heads_in_group", Range{1, heads.value()});
    reader.finish_missing();
  }
  if (const json* part = part_of(block, "ffn")) {
    ConfigReader reader = block.inner(*part, "block_configs.ffn");
    layer.width = nas_width(reader.real("ffn_mult", RealRange{0, 1000}), hidden);
    reader.finish_missing();
  }
  return layer;
}

std::vector<NasLayer> read_nas_layers(Import& import, Integer heads, Integer hidden) {
  ConfigReader& config = import.config;
  const Integer count = config.size("num_hidden_layers", kLayers);
  config.stated(kBlocks);
  const json* blocks = config.optional_array(kBlocks);
  std::vector<NasLayer> layers;
  if (blocks == nullptr) return layers;
  one_for_each_layer(config, kBlocks, blocks->size(), count);
  for (const json& block : *blocks) {
    if (block.is_object()) layers.push_back(read_nas_layer(import, block, heads, hidden));
  }
  if (layers.size() != blocks->size()) {
    config.refuse(fmt::format("an entry of '{}' is no object", kBlocks), "");
  }
  return layers;
}

// The kinds of attention and of feed-forward, named after what they differ in.
struct NasKinds {
  Kinds<Mixer, std::int64_t> attention;
  Kinds<FeedForward, std::int64_t> feed_forward;
};

Reference attention_of(NasKinds& kinds, GroupedAttention attention, Integer kv_heads) {
  attention.kv_heads = kv_heads;
  const std::string name = fmt::format("gqa_{}", kv_heads.value());
  return {name, kinds.attention.place_of(kv_heads.value(), name, [&] { return attention; })};
}

Reference feed_forward_of(NasKinds& kinds, Integer width) {
  DenseFeedForward dense;
  dense.width = width;
  dense.gated = true;
  const std::string name = fmt::format("mlp_{}", width.value());
  return {name, kinds.feed_forward.place_of(width.value(), name, [&] { return dense; })};
}

void add_nas_layers(ArchSpec& spec, const GroupedAttention& attention,
                    const std::vector<NasLayer>& layers) {
  NasKinds kinds;
  Kinds<Layer, NasLayer> layer_kinds;
  std::vector<std::size_t> order;
  for (const NasLayer& parts : layers) {
    const auto make = [&] {
      Layer layer;
      if (parts.kv_heads) layer.attention = attention_of(kinds, attention, *parts.kv_heads);
      if (parts.width) layer.feed_forward = feed_forward_of(kinds, *parts.width);
      return layer;
    };
    const std::string name = fmt::format("kind_{}", layer_kinds.kinds().size() + 1);
    order.push_back(layer_kinds.place_of(parts, name, make));
  }
  spec.attention = kinds.attention.kinds();
  spec.feed_forward = kinds.feed_forward.kinds();
  spec.layer = layer_kinds.kinds();
  for (const std::size_t kind : order) {
    if (spec.stack.empty() || spec.stack.back().layers.front().index != kind) {
      spec.stack.push_back({{Reference{spec.layer.at(kind).name, kind}}, 0});
    }
    spec.stack.back().repeat += 1;
  }
}

}  // namespace

void import_nemotron_nas(Import& import, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = std::nullopt;
  config.only("intermediate_size", nullptr);
  config.only("num_key_value_heads", nullptr);
  config.off("mlp_bias");
  config.only("hidden_act", "silu");
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size("max_position_embeddings", kPositions);
  spec.head = read_head(import, Flag::Absent::off);
  spec.norm = {NormKind::rms, config.real("rms_norm_eps", kEpsilon), NormPlacement::before};
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.head_dim = head_dim_of(config, spec.hidden, attention.query_heads);
  attention.qkv_bias = read_flag(config, {"attention_bias"});
  attention.output_bias = attention.qkv_bias;
  attention.rotary = read_rotary(import, {}, attention.head_dim);
  add_nas_layers(spec, attention, read_nas_layers(import, attention.query_heads, spec.hidden));
}

}  // namespace llmarch
