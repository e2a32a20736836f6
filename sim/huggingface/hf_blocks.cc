#include "sim/huggingface/hf_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace llmarch {
namespace {

using nlohmann::json;

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
  scaling.mscale = rope.real_or_none("mscale", "the rotary tables are not scaled by it");
  scaling.mscale_all_dim = rope.real_or_none("mscale_all_dim", "the softmax is not scaled by it");
  scaling.attention_factor = rope.real_or_none("attention_factor", "it follows from the factor");
  rope.only("truncate", true);
  return scaling;
}

// Older configs call it "type", some write both; none when it is missing or they disagree.
std::optional<std::string> rope_type(ConfigReader& rope) {
  auto older = rope.optional_text("type");
  if (older && !rope.contains("rope_type")) return older;
  if (!rope.all_read({"type"})) return std::nullopt;
  const std::string type = rope.text("rope_type");
  if (type.empty()) return std::nullopt;
  if (!older || *older == type) return type;
  rope.refuse(fmt::format("'rope_type' is '{}' and 'type' is '{}'", type, *older),
              "they name the same thing: keep the right one");
  return std::nullopt;
}

void read_scaling(ConfigReader& rope, Rotary& rotary) {
  const std::optional<std::string> type = rope_type(rope);
  if (type == "llama3") {
    rotary.scaling = llama3_scaling(rope);
  } else if (type == "yarn") {
    rotary.scaling = yarn_scaling(rope);
  } else if (type == "linear") {
    rotary.scaling = LinearScaling{rope.real("factor")};
  } else if (type && type != "default") {
    rope.refuse(fmt::format("rope type {} is not supported", quote_name(*type)),
                "supported: default, linear, llama3, yarn");
  }
  const bool fields_known = rotary.scaling || type == "default";
  fields_known ? rope.finish() : rope.finish_unknowing();
}

// theta may stand beside "rope_parameters", inside, or at both places alike.
double theta_of(ConfigReader& config, ConfigReader& rope) {
  if (!rope.contains("rope_theta")) return config.real("rope_theta");
  const double theta = rope.real("rope_theta");
  if (rope.all_read({"rope_theta"})) config.only("rope_theta", theta);
  return theta;
}

// "rope_scaling" beside "rope_theta", or both in "rope_parameters", as newer configs have them.
template <class Theta>
Rotary rotary_with(Import& import, RotaryLayout layout, const Theta& theta) {
  ConfigReader& config = import.config;
  Rotary rotary;
  rotary.layout = layout;
  config.only("partial_rotary_factor", 1.0);
  if (const json* parameters = config.optional_object("rope_parameters")) {
    ConfigReader rope(*parameters, "rope_parameters", import.load.problems, import.load.filled);
    rotary.theta = theta_of(config, rope);
    rope.only("partial_rotary_factor", 1.0);
    config.only("rope_scaling", nullptr);
    read_scaling(rope, rotary);
    return rotary;
  }
  rotary.theta = theta();
  const json* scaling = config.object_or_none("rope_scaling", "the frequencies are not stretched");
  if (scaling == nullptr) return rotary;
  ConfigReader rope(*scaling, "rope_scaling", import.load.problems, import.load.filled);
  rope.only("rope_theta", rotary.theta);
  read_scaling(rope, rotary);
  return rotary;
}

// The length of the shortest sequence that, repeated, gives `kinds`; none where nothing shorter
// does.
std::optional<std::size_t> period_of(const std::vector<std::size_t>& kinds) {
  for (std::size_t length = 1; 2 * length <= kinds.size(); ++length) {
    if (std::equal(kinds.begin() + static_cast<std::ptrdiff_t>(length), kinds.end(),
                   kinds.begin())) {
      return length;
    }
  }
  return std::nullopt;
}

std::vector<Reference> named(const ArchSpec& spec, std::span<const std::size_t> kinds) {
  std::vector<Reference> layers;
  for (const std::size_t kind : kinds) layers.push_back({spec.layer.at(kind).name, kind});
  return layers;
}

// The layers in order, as a sequence and its repeats with what is left of it, or as runs of equal
// kinds.
void stack_layers(ArchSpec& spec, const std::vector<std::size_t>& kinds) {
  const std::span<const std::size_t> all(kinds);
  if (const auto period = period_of(kinds)) {
    const std::size_t rest = kinds.size() % *period;
    const auto repeats = static_cast<std::int64_t>(kinds.size() / *period);
    spec.stack.push_back({named(spec, all.first(*period)), repeats});
    if (rest > 0) spec.stack.push_back({named(spec, all.last(rest)), 1});
    return;
  }
  for (const std::size_t kind : kinds) {
    if (spec.stack.empty() || spec.stack.back().layers.front().index != kind) {
      spec.stack.push_back({{Reference{spec.layer.at(kind).name, kind}}, 0});
    }
    spec.stack.back().repeat += 1;
  }
}

// The place of the kind of layer with this feed-forward, which is defined when it is not yet.
std::size_t layer_kind(ArchSpec& spec, const std::string& name, const FeedForward& feed_forward) {
  for (std::size_t i = 0; i < spec.layer.size(); ++i) {
    if (spec.layer[i].name == name) return i;
  }
  const std::size_t index = spec.layer.size();
  spec.feed_forward.push_back({name, feed_forward});
  spec.layer.push_back({name, {Reference{spec.attention.front().name, 0}, Reference{name, index}}});
  return index;
}

// The place of a definition of that name, which is added when it is not there yet.
template <class Value>
Reference defined(std::vector<Named<Value>>& definitions, const std::string& name,
                  const Value& value) {
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (definitions[i].name == name) return {name, i};
  }
  definitions.push_back({name, value});
  return {name, definitions.size() - 1};
}

std::size_t define_kind(ArchSpec& spec, const LayerKind& kind) {
  const Reference attention = defined(spec.attention, kind.attention, kind.mixer);
  const Reference feed_forward =
      defined(spec.feed_forward, kind.feed_forward, kind.feed_forward_value);
  spec.layer.push_back({kind.name, {attention, feed_forward}});
  return spec.layer.size() - 1;
}

}  // namespace

Head head_of(Import& import, bool tied_by_default) {
  const bool tied = import.config.flag_or("tie_word_embeddings", tied_by_default, kTypeDefault);
  return tied ? Head::tied : Head::separate;
}

void read_common(Import& import, ArchSpec& spec, bool tied_by_default) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size("vocab_size");
  spec.hidden = config.size("hidden_size");
  spec.context_limit = config.size("max_position_embeddings", kPositions);
  spec.norm = {NormKind::rms, config.real("rms_norm_eps", kEpsilon), NormPlacement::before};
  spec.head = head_of(import, tied_by_default);
}

Integer layer_number(Import& import, std::string_view key) {
  return import.config.size(key, Range{1, kMostLayers});
}

Activation activation(Import& import, std::string_view key) {
  const std::string name = import.config.text(key);
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "relu") return Activation::relu;
  if (import.config.all_read({key})) {
    import.config.refuse(
        fmt::format("'{}' is {}, an activation that is not supported", key, quote_name(name)),
        "supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, relu");
  }
  return Activation::silu;
}

Activation activation_or(Import& import, std::string_view key, Activation filled) {
  if (import.config.contains(key)) return activation(import, key);
  import.config.fill(key, std::string(name_of(filled)), kTypeDefault);
  return filled;
}

Rotary rotary(Import& import, RotaryLayout layout) {
  return rotary_with(import, layout, [&] { return import.config.real("rope_theta"); });
}

Rotary rotary_or(Import& import, RotaryLayout layout, double theta) {
  return rotary_with(import, layout,
                     [&] { return import.config.real_or("rope_theta", theta, kTypeDefault); });
}

std::optional<Rotary> rotary_of_layer_type(Import& import, RotaryLayout layout,
                                           const std::string& type) {
  ConfigReader& config = import.config;
  const json* all = config.optional_object("rope_parameters");
  if (all == nullptr || !all->contains(type)) return std::nullopt;
  const std::string where = "rope_parameters." + type;
  if (!all->at(type).is_object()) {
    config.refuse(fmt::format("'{}' is no object", where), "it holds rope_type and rope_theta");
    return std::nullopt;
  }
  ConfigReader rope(all->at(type), where, import.load.problems, import.load.filled);
  Rotary rotary;
  rotary.layout = layout;
  rotary.theta = rope.real("rope_theta");
  rope.only("partial_rotary_factor", 1.0);
  read_scaling(rope, rotary);
  return rotary;
}

GroupedAttention heads_of(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention;
  attention.query_heads = config.size("num_attention_heads");
  attention.kv_heads = config.size_or("num_key_value_heads", attention.query_heads,
                                      "num_attention_heads: multi-head attention");
  return attention;
}

GroupedAttention grouped_attention(Import& import) {
  ConfigReader& config = import.config;
  GroupedAttention attention = heads_of(import);
  attention.qkv_bias = config.flag_or("attention_bias", false, kTypeDefault);
  attention.output_bias = attention.qkv_bias;
  attention.rotary = rotary(import, RotaryLayout::half_split);
  return attention;
}

Integer head_width(Import& import, Integer hidden, Integer heads) {
  ConfigReader& config = import.config;
  const std::size_t filled_before = import.load.filled.size();
  const Integer width =
      config.size_or("head_dim", hidden / heads, "hidden_size / num_attention_heads");
  const bool filled = import.load.filled.size() > filled_before;
  if (filled && hidden % heads != 0 && config.all_read({"hidden_size", "num_attention_heads"})) {
    config.refuse(fmt::format("num_attention_heads = {} does not divide hidden_size = {}",
                              heads.value(), hidden.value()),
                  "state 'head_dim', or correct one of the two");
  }
  return width;
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

DenseFeedForward gated_feed_forward(Import& import, Activation activation) {
  DenseFeedForward dense;
  dense.width = import.config.size("intermediate_size");
  dense.activation = activation;
  dense.gated = true;
  return dense;
}

Integer bounded(Import& import, Integer value, std::string_view formula) {
  if (value > kSize.most) {
    import.config.refuse(
        fmt::format("{} = {}, and may be at most {}", formula, value.value(), kSize.most),
        "check the sizes");
  }
  return value;
}

void add_uniform_layers(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                        const DenseFeedForward& dense, Integer layers) {
  spec.attention.push_back({mixer_name, mixer});
  spec.feed_forward.push_back({"mlp", dense});
  spec.layer.push_back({"block", {Reference{mixer_name, 0}, Reference{"mlp", 0}}});
  spec.stack.push_back({{Reference{"block", 0}}, layers});
}

void add_kinds(ArchSpec& spec, const std::vector<LayerKind>& kinds,
               const std::vector<std::size_t>& sequence) {
  std::vector<std::optional<std::size_t>> places(kinds.size());
  std::vector<std::size_t> order;
  for (const std::size_t kind : sequence) {
    if (!places.at(kind)) places[kind] = define_kind(spec, kinds[kind]);
    order.push_back(*places[kind]);
  }
  stack_layers(spec, order);
}

void add_layers(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                const DenseFeedForward& dense, const MixtureFeedForward& mixture,
                const std::vector<bool>& sparse) {
  spec.attention.push_back({mixer_name, mixer});
  std::vector<std::size_t> kinds;
  for (const bool is_sparse : sparse) {
    kinds.push_back(is_sparse ? layer_kind(spec, "moe", mixture)
                              : layer_kind(spec, "dense", dense));
  }
  stack_layers(spec, kinds);
}

}  // namespace llmarch
