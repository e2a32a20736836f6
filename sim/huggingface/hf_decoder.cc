#include "sim/huggingface/hf_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "sim/huggingface/hf_latent.h"
#include "sim/huggingface/hf_layers.h"
#include "sim/huggingface/hf_mixture.h"
#include "sim/huggingface/hf_recurrent.h"
#include "sim/huggingface/hf_windows.h"

namespace llmarch {
namespace {

double read_epsilon(ConfigReader& config, const Decoder& decoder) {
  const std::string_view key = decoder.norm.epsilon;
  const double absent = decoder.sizes.epsilon;
  if (key.empty()) return absent;
  return absent > 0 ? config.real_or(key, absent, kTypeDefault, kEpsilon)
                    : config.real(key, kEpsilon);
}

void read_sizes(Import& import, const Decoder& decoder, ArchSpec& spec) {
  ConfigReader& config = import.config;
  const ClassSizes& sizes = decoder.sizes;
  spec.vocabulary = read_size(config, {"vocab_size", sizes.vocabulary});
  spec.hidden = read_size(config, {"hidden_size", sizes.hidden});
  spec.context_limit = read_size(config, {"max_position_embeddings", sizes.context}, kPositions);
  spec.norm.kind = decoder.norm.kind;
  spec.norm.placement = decoder.norm.placement;
  spec.norm.without = decoder.norm.without;
  spec.norm.epsilon = read_epsilon(config, decoder);
}

// None where it is 1.
std::optional<double> read_multiplier(ConfigReader& config, const MultiplierClass& of) {
  if (of.key.empty()) return std::nullopt;
  constexpr RealRange kDivisor{1 / kFactor.most, kFactor.most};
  const bool divides = of.as == MultiplierClass::As::divisor;
  const double stated =
      config.real_or(of.key, of.absent, kTypeDefault, divides ? kDivisor : kFactor);
  const double factor = divides ? 1 / stated : stated;
  return factor == 1 ? std::nullopt : std::optional(factor);
}

std::optional<Integer> filled(std::optional<std::int64_t> number) {
  return number ? std::optional(Integer(*number)) : std::nullopt;
}

Integer kv_heads_of(ConfigReader& config, const Decoder& decoder, Integer query_heads) {
  const std::int64_t number = decoder.sizes.kv_heads;
  if (number == kOnlyQueryHeads) return query_heads;
  if (number == 0) return read_kv_heads(config, query_heads, std::nullopt);
  switch (decoder.null_kv_heads) {
    case NullKvHeads::query_heads: return read_kv_heads(config, query_heads, Integer(number));
    case NullKvHeads::refused: break;
  }
  return config.size_or(kKvHeads, number, kTypeDefault);
}

Integer head_dim_of(ConfigReader& config, const Decoder& decoder, Integer hidden, Integer heads) {
  switch (decoder.head_dim_field) {
    case Decoder::HeadDim::stated:
      return read_head_dim(config, hidden, heads, filled(decoder.head_dim));
    case Decoder::HeadDim::always_derived: break;
  }
  const Integer width = head_dim_of(config, hidden, heads);
  if (config.all_read({"hidden_size", "num_attention_heads"})) {
    config.only("head_dim", width.value());
  }
  return width;
}

GroupedAttention read_attention(Import& import, const Decoder& decoder, Integer hidden) {
  ConfigReader& config = import.config;
  const ClassSizes& sizes = decoder.sizes;
  GroupedAttention attention;
  attention.query_heads = read_size(config, {"num_attention_heads", sizes.query_heads});
  attention.kv_heads = kv_heads_of(config, decoder, attention.query_heads);
  attention.head_dim = head_dim_of(config, decoder, hidden, attention.query_heads);
  if (!decoder.head_dim_again.empty() && !config.is_null(decoder.head_dim_again)) {
    config.only(decoder.head_dim_again, attention.head_dim.value());
  }
  attention.qkv_bias = read_flag(config, decoder.qkv_bias);
  attention.output_bias =
      decoder.output_bias ? read_flag(config, *decoder.output_bias) : attention.qkv_bias;
  if (decoder.qk_norm && read_flag(config, decoder.has_qk_norm))
    attention.qk_norm = decoder.qk_norm;
  if (!decoder.query_scalar.empty()) {
    attention.query_scalar = config.size_or(decoder.query_scalar, 256, kTypeDefault);
  }
  attention.score_soft_cap = read_optional(config, decoder.score_cap);
  if (!decoder.score_multiplier.key.empty()) {
    attention.score_multiplier = read_multiplier(config, decoder.score_multiplier).value_or(1);
  }
  attention.qkv_clip = read_optional(config, decoder.qkv_clip);
  if (decoder.rotary.growth == RotaryClass::Growth::by_position) {
    attention.temperature = read_growth(import, decoder.rotary);
  }
  attention.output_gate = decoder.output_gate;
  return attention;
}

DenseFeedForward read_feed_forward(Import& import, const Decoder& decoder, Activation activation) {
  DenseFeedForward dense;
  dense.width = read_size(import.config, {"intermediate_size", decoder.sizes.width});
  dense.activation = activation;
  dense.gated = decoder.feed_forward.form == FeedForwardClass::Form::gated;
  dense.bias = read_flag(import.config, decoder.feed_forward.bias);
  return dense;
}

// The kinds of feed-forward, and which of them each layer has.
struct FeedForwards {
  std::vector<Named<FeedForward>> kinds;
  std::vector<std::size_t> layers;
};

FeedForwards read_feed_forwards(Import& import, const Decoder& decoder, Integer layers) {
  const FeedForwardClass& of = decoder.feed_forward;
  const Activation activation =
      of.activation.empty() ? of.absent : activation_or(import, of.activation, of.absent);
  FeedForwards all;
  all.layers.assign(size(layers), 0);
  if (decoder.mixture == nullptr) {
    all.kinds.push_back({"mlp", read_feed_forward(import, decoder, activation)});
    return all;
  }
  all.kinds.push_back({"moe", read_mixture(import, *decoder.mixture, activation, layers)});
  if (decoder.mixture->layers == SparseLayers::every_layer) return all;
  all.kinds.push_back({"dense", read_feed_forward(import, decoder, activation)});
  const std::vector<bool> sparse = sparse_layers(import, *decoder.mixture, layers);
  for (std::size_t i = 0; i < sparse.size(); ++i) all.layers[i] = sparse[i] ? 0 : 1;
  return all;
}

bool differ(const std::vector<bool>& layers) {
  return std::find(layers.begin(), layers.end(), !layers.front()) != layers.end();
}

// The name of a layer's attention, after what distinguishes it from that of other layers.
std::string attention_name(const std::vector<bool>& windowed, const std::vector<bool>& rotated,
                           std::size_t layer) {
  std::string name;
  if (differ(windowed)) name = windowed[layer] ? "local" : "global";
  if (differ(rotated)) {
    name += std::string(name.empty() ? "" : "_") + (rotated[layer] ? "rope" : "nope");
  }
  return name.empty() ? "gqa" : name;
}

// Whether "rope_parameters" say that nothing is rotated.
bool states_null_theta(ConfigReader& config) {
  const nlohmann::json* parameters = config.optional_object("rope_parameters");
  return parameters != nullptr && parameters->contains("rope_theta") &&
         parameters->at("rope_theta").is_null();
}

LocalAndGlobalRotary read_rotaries(Import& import, const Decoder& decoder, Integer head_dim) {
  if (decoder.rotated == Rotated::unless_theta_is_null && states_null_theta(import.config)) {
    return {};
  }
  if (decoder.rotated == Rotated::by_layer_type) {
    return read_local_and_global_rotary(import, decoder.rotary, head_dim);
  }
  const Rotary rotary = read_rotary(import, decoder.rotary, head_dim);
  return {rotary, rotary};
}

std::vector<bool> rotated_layers(Import& import, Rotated rotated, std::optional<Integer> window,
                                 const std::vector<bool>& windowed) {
  switch (rotated) {
    case Rotated::every_layer:
    case Rotated::by_layer_type: return std::vector<bool>(windowed.size(), true);
    case Rotated::by_no_rope_layers: return rotating_layers(import, std::ssize(windowed));
    case Rotated::only_windowed: return windowed;
    case Rotated::unless_theta_is_null:
      return std::vector<bool>(windowed.size(), !states_null_theta(import.config));
    case Rotated::if_windowed: return window ? windowed : std::vector<bool>(windowed.size(), true);
  }
  throw std::logic_error("rotated_layers: a rule outside the enumeration");
}

// The kinds of attention, and which of them each layer has.
struct Attentions {
  std::vector<Named<Mixer>> kinds;
  std::vector<std::size_t> layers;
};

Attentions read_grouped(Import& import, const Decoder& decoder, Integer hidden, Integer layers) {
  const GroupedAttention attention = read_attention(import, decoder, hidden);
  const std::optional<Integer> window = read_window(import, decoder.window);
  const std::vector<bool> windowed = windowed_layers(import, decoder.window, layers, window);
  const std::vector<bool> rotated = rotated_layers(import, decoder.rotated, window, windowed);
  const LocalAndGlobalRotary rotary = read_rotaries(import, decoder, attention.head_dim);
  std::map<std::pair<bool, bool>, std::size_t> places;
  Attentions all;
  for (std::size_t i = 0; i < size(layers); ++i) {
    const auto [place, is_new] = places.try_emplace({windowed[i], rotated[i]}, all.kinds.size());
    all.layers.push_back(place->second);
    if (!is_new) continue;
    GroupedAttention kind = attention;
    if (windowed[i]) kind.window = window;
    if (rotated[i]) kind.rotary = windowed[i] ? rotary.local : rotary.global;
    all.kinds.push_back({attention_name(windowed, rotated, i), kind});
  }
  return all;
}

const LatentClass& latent_class_of(const Decoder& decoder) {
  static constexpr LatentClass kStated;
  return decoder.latent == nullptr ? kStated : *decoder.latent;
}

Attentions read_latent(Import& import, const Decoder& decoder, Integer layers) {
  const LatentAttention attention =
      read_latent_attention(import, latent_class_of(decoder), decoder.rotary);
  if (decoder.index == nullptr) {
    return {{{"mla", attention}}, std::vector<std::size_t>(size(layers), 0)};
  }
  const IndexedAttention indexed = read_index(import, *decoder.index, attention, layers);
  Attentions all{{{"mla", indexed.kinds.front()}}, indexed.layers};
  if (indexed.kinds.size() > 1) all.kinds.push_back({"mla_shared_index", indexed.kinds.back()});
  return all;
}

Attentions read_attention_of(Import& import, const Decoder& decoder, Integer hidden,
                             Integer layers) {
  switch (decoder.attention) {
    case Decoder::Attention::grouped: return read_grouped(import, decoder, hidden, layers);
    case Decoder::Attention::latent: return read_latent(import, decoder, layers);
  }
  throw std::logic_error("read_attention_of: a kind outside the enumeration");
}

Attentions read_attentions(Import& import, const Decoder& decoder, Integer hidden, Integer layers) {
  Attentions all = read_attention_of(import, decoder, hidden, layers);
  if (decoder.recurrent == nullptr) return all;
  const std::vector<bool> recurrent = decoder.recurrent->layers(import, layers);
  const Mixer mixer = decoder.recurrent->read(import, hidden, all.kinds.front().value);
  for (std::size_t i = 0; i < recurrent.size(); ++i) {
    if (recurrent[i]) all.layers[i] = all.kinds.size();
  }
  all.kinds.push_back({std::string(decoder.recurrent->name), mixer});
  return all;
}

Arrangement read_arrangement(Import& import, const Decoder& decoder) {
  const BlocksClass& of = decoder.blocks;
  if (of.form == BlocksClass::Form::in_sequence) return Arrangement::in_sequence;
  if (!read_flag(import.config, of.parallel)) return Arrangement::in_sequence;
  return of.form == BlocksClass::Form::on_one_norm ? Arrangement::parallel_on_one_norm
                                                   : Arrangement::parallel_on_own_norms;
}

void add_decoder_layers(Import& import, const Decoder& decoder, ArchSpec& spec) {
  const Integer layers =
      read_size(import.config, {"num_hidden_layers", decoder.sizes.layers}, kLayers);
  const Attentions attentions = read_attentions(import, decoder, spec.hidden, layers);
  const FeedForwards feed_forwards = read_feed_forwards(import, decoder, layers);
  std::vector<LayerParts> parts;
  for (std::size_t i = 0; i < size(layers); ++i) {
    parts.push_back({attentions.layers[i], feed_forwards.layers[i]});
  }
  add_layers(spec, attentions.kinds, feed_forwards.kinds, parts, read_arrangement(import, decoder));
}

constexpr auto kDecoderGroups = {decoders,       gemma_decoders,     parallel_decoders,
                                 later_decoders, recurrent_decoders, older_decoders};

}  // namespace

const Decoder* find_decoder(std::string_view type) {
  for (const auto group : kDecoderGroups) {
    for (const Decoder& decoder : group()) {
      if (decoder.type == type) return &decoder;
    }
  }
  return nullptr;
}

std::vector<std::string> decoder_types() {
  std::vector<std::string> types;
  for (const auto group : kDecoderGroups) {
    for (const Decoder& decoder : group()) types.emplace_back(decoder.type);
  }
  return types;
}

void import_decoder(Import& import, const Decoder& decoder, ArchSpec& spec) {
  ConfigReader& config = import.config;
  import.load.naming = decoder.naming;
  config.inert(decoder.inert);
  for (const std::string_view key : decoder.off) config.off(key);
  for (const auto& [key, value] : decoder.fixed) config.only(key, nlohmann::json::parse(value));
  read_sizes(import, decoder, spec);
  spec.head = read_head(import, decoder.tied);
  spec.scaled_embedding = decoder.embedding == Decoder::Embedding::scaled;
  spec.embedding_multiplier = read_multiplier(config, decoder.embedding_multiplier);
  spec.residual_multiplier = read_multiplier(config, decoder.residual_multiplier);
  spec.head_bias = read_flag(config, decoder.head_bias);
  spec.logit_multiplier = read_multiplier(config, decoder.logit_multiplier);
  spec.logit_soft_cap = read_optional(config, decoder.logit_cap);
  add_decoder_layers(import, decoder, spec);
}

}  // namespace llmarch
