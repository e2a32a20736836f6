// ArchSpec: one architecture as plain values, complete and validated. This file knows which facts
// make an architecture; sim/spec/fields.h knows how each is called, bounded and explained,
// sim/spec/rules.h what must hold between them, sim/toml/toml_loader.h how they are read.
//
// Barrier: beyond sim/spec there are no string keys. Names survive only to be shown to people.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/spec/rotary.h"
#include "sim/units.h"

namespace llmarch {

enum class NormKind { rms, layer };
// quick_gelu: x sigmoid(1.702 x). relu_squared: max(x, 0)^2 (arXiv 2109.08668).
enum class Activation {
  gelu_tanh,
  gelu_erf,
  silu,
  relu,
  tanh,
  sigmoid,
  softplus,
  quick_gelu,
  relu_squared
};
// per_head, whole: a norm with a weight over each head, or over the whole projection, before
// rotation. unweighted_after_rotation: each head over its root mean square, after rotation, where
// there is one. per_head_after_rotation: the same with a weight for all heads. layer_per_head: a
// layer norm over each head before rotation, with one weight and bias for all heads.
// layer_of_each_head: the same with a weight for each head, and without a bias.
enum class QkNorm {
  per_head,
  whole,
  unweighted_after_rotation,
  per_head_after_rotation,
  layer_per_head,
  layer_of_each_head
};
// What a norm lacks: a layer norm its bias, or a norm of either kind every parameter.
enum class NormOmission { bias, weight_and_bias };
// Where norms stand around a block f, for the residual stream x:
//   before            x + f(norm(x))
//   after             x + norm(f(x))
//   before_and_after  x + norm(f(norm(x)))
//   after_residual    norm(x + f(x))
//   before_residual   norm(x) + f(norm(x))
enum class NormPlacement { before, after, before_and_after, after_residual, before_residual };
enum class GroupScore { best, best_two };
enum class Head { tied, separate, none };
// sparsemixer (arXiv 2409.12136, as transformers' modeling_phimoe.py runs it): the experts of a
// token are taken one by one, the largest logit first. The weight of each is a softmax over those
// that are left and not far below it; see Router::jitter.
// chosen_softmax: experts are chosen by the router's products themselves, and a softmax over those
// of the chosen makes their weights.
enum class Scoring { softmax, sigmoid, sparsemixer, chosen_softmax };
// What one gate multiplies: an element of attention's output, or all elements of a head.
enum class GateWidth { element, head };
// Where a bound on a gated feed-forward's gate stands: before its activation or after.
enum class GateLimitPlace { before_activation, after_activation };
// ALiBi (arXiv 2108.12409) is added to the scores as they enter the softmax, or before they are
// scaled, so that the scale applies to it too.
enum class Alibi { after_scaling, before_scaling };

struct Norm {
  NormKind kind = NormKind::rms;
  double epsilon = 0;
  NormPlacement placement = NormPlacement::before;
  std::optional<NormOmission> without = {};  // absent: it has a weight, and a layer norm a bias too
  bool operator==(const Norm&) const = default;
};

// A name in a spec, and the place in its list that it resolves to.
struct Reference {
  std::string name;
  std::size_t index = 0;
};

// Attention's output is multiplied by an activation of a projection of attention's input, before
// the output projection (arXiv 2505.06708).
struct OutputGate {
  GateWidth width = GateWidth::element;
  Activation activation = Activation::sigmoid;
};

// Multi-head (kv_heads = query_heads), grouped-query and multi-query attention.
struct GroupedAttention {
  Integer query_heads;
  Integer kv_heads;
  Integer head_dim;
  bool qkv_bias = false;
  bool output_bias = false;
  std::optional<QkNorm> qk_norm;
  bool value_norm = false;  // each value head over its root mean square, before it is cached
  // The attention whose cache this one reads instead of filling its own: that of the nearest layer
  // before with that attention (Gemma 3n). It then has no key and value projections.
  std::optional<Reference> kv_from;
  // Which of the keys up to its own a query attends to: the `window` newest, its own among them; or
  // those of its own chunk, positions k chunk to k chunk + chunk - 1. Never both.
  std::optional<Integer> window;
  std::optional<Integer> chunk;
  std::optional<Integer> query_scalar;  // scores are divided by its root instead of head_dim's
  std::optional<double> score_multiplier = {};  // or they are multiplied by this
  // Queries, keys and values are held within -clip and clip, before they are rotated.
  std::optional<double> qkv_clip = {};
  std::optional<double> score_soft_cap;  // scores s become cap tanh(s / cap)
  std::optional<Temperature> temperature;
  std::optional<Rotary> rotary;
  std::optional<Integer> value_head_dim = {};  // width of a head's value; absent: head_dim
  // There is no value projection: values are the projected keys, before their norm and rotation.
  bool values_from_keys = false;
  std::optional<double> value_scale = {};  // values are multiplied by it
  bool sinks = false;  // a learned score for each query head enters the softmax, and no value does
  std::optional<Alibi> alibi = {};  // scores fall in proportion to the distance of the key
  std::optional<OutputGate> output_gate = {};
};

// The width of a head's value.
inline Integer value_width(const GroupedAttention& attention) {
  return attention.value_head_dim.value_or(attention.head_dim);
}

// Multi-head latent attention, DeepSeek-V2 (arXiv 2405.04434, section 2.1). The cache holds, per
// token, one normalised latent and one rotated key that all heads share.
struct LatentAttention {
  Integer query_heads;
  std::optional<Integer> query_latent_dim;  // absent: queries are projected in one step
  Integer kv_latent_dim;
  Integer nope_head_dim;  // per head, the part of query and key that is not rotated
  Integer rope_head_dim;  // per head, the part that is
  Integer value_head_dim;
  double latent_norm_epsilon = 0;
  bool compression_bias = false;
  bool output_bias = false;
  std::optional<Temperature> temperature = {};
  Rotary rotary;
};

// The gated short convolution of LFM2 (transformers, modeling_lfm2.py). Three projections of the
// input give two gates b and c and values v, each as wide as the residual stream. The output is the
// projection of c * conv(b * v), where conv is causal and takes each column by itself. A sequence
// keeps the newest kernel - 1 rows of b * v.
struct ShortConvolution {
  Integer kernel;  // positions that conv spans, the newest among them
};

using Mixer = std::variant<GroupedAttention, LatentAttention, ShortConvolution>;

// The attention whose cache a kind of mixer reads, by name; null where it fills its own.
template <class Kind>
requires std::same_as<std::remove_const_t<Kind>, GroupedAttention>
auto* kv_from_of(Kind& attention) {
  return attention.kv_from ? &*attention.kv_from : nullptr;
}
inline Reference* kv_from_of(const LatentAttention&) {
  return nullptr;
}
inline Reference* kv_from_of(const ShortConvolution&) {
  return nullptr;
}
inline const Reference* cache_owner(const Mixer& mixer) {
  return std::visit([](const auto& kind) -> const Reference* { return kv_from_of(kind); }, mixer);
}
inline Reference* cache_owner(Mixer& mixer) {
  return std::visit([](auto& kind) -> Reference* { return kv_from_of(kind); }, mixer);
}

// A gated feed-forward act(gate) * up whose gate is held below `limit`, before or after its
// activation, and whose other factor is held within -limit and limit.
struct GateLimit {
  double limit = 0;
  GateLimitPlace place = GateLimitPlace::before_activation;
  bool operator==(const GateLimit&) const = default;
};

// xIELU (arXiv 2411.13010): x a_p x + beta x where x is above 0, else a_n (e^min(x, epsilon) - 1 -
// x) + beta x, with two learned numbers p and n in each layer: a_p = softplus(p), a_n = beta +
// softplus(n).
struct Xielu {
  double beta = 0;
  double epsilon = 0;  // below 0
};

struct DenseFeedForward {
  Integer width;
  Activation activation = Activation::silu;
  bool gated = false;  // act(gate(x)) * up(x) instead of act(up(x))
  bool bias = false;
  // Statistical top-k (Spark Transformer, arXiv 2506.06644): of what enters the activation only
  // what lies above mean + quantile(this) deviations of its row is kept, less that bound.
  std::optional<double> activation_sparsity = {};
  std::optional<GateLimit> gate_limit = {};
  std::optional<double> up_offset = {};  // added to what the activated gate multiplies
  std::optional<Xielu> xielu = {};       // instead of `activation`
};

struct ExpertGroups {
  Integer count;                            // the experts are split into this many groups
  Integer chosen;                           // and only the best of them may be chosen from
  GroupScore score = GroupScore::best_two;  // by their best expert, or the sum of their two best
};

struct Router {
  Scoring scoring = Scoring::softmax;
  bool correction_bias = false;     // added to the scores for the choice, not for the weights
  bool normalized_weights = false;  // the chosen weights are divided by their sum
  std::optional<double> weight_scale;
  std::optional<ExpertGroups> groups;
  // sparsemixer: an expert is far below the largest logit m if (m - s) / max(|s|, m) > 2 jitter.
  std::optional<double> jitter = {};
  bool bias = false;                            // added to the router's products
  std::optional<double> product_soft_cap = {};  // products s become cap tanh(s / cap)
  // The router reads the sublayer's input through a norm of its own, scaled by 1 / the root of
  // hidden, and each expert's weight is multiplied by a learned number (Gemma 4).
  bool own_input = false;
  bool expert_scale = false;
};

struct MixtureFeedForward {
  Integer experts;
  Integer experts_per_token;
  Integer expert_width;
  std::optional<Integer> shared_width;  // all shared experts together, run for every token
  bool shared_gate = false;     // what they give is multiplied by a sigmoid of the token's own
  bool shared_average = false;  // half the sum of routed and shared experts is what comes out
  bool scaled_input = false;    // an expert's weight multiplies what it is given, not what it gives
  Activation activation = Activation::silu;
  Router router;
  bool expert_bias = false;                  // the projections of the experts have a bias
  std::optional<GateLimit> gate_limit = {};  // of the routed experts
  std::optional<GateLimit> shared_gate_limit = {};
  std::optional<double> up_offset = {};  // added to what an activated gate multiplies
};

using FeedForward = std::variant<DenseFeedForward, MixtureFeedForward>;

// Not overloads of is_mixture: an alternative without one would convert to the variant, and the
// call would never end.
constexpr bool has_routed_experts(const DenseFeedForward&) {
  return false;
}
constexpr bool has_routed_experts(const MixtureFeedForward&) {
  return true;
}
inline bool is_mixture(const FeedForward& feed_forward) {
  return std::visit([](const auto& kind) { return has_routed_experts(kind); }, feed_forward);
}

template <class Value>
struct Named {
  std::string name;
  Value value;
};

// One block of a sublayer, f: a mixer or a feed-forward, one of the two.
struct SublayerBlock {
  std::optional<Reference> attention;
  std::optional<Reference> feed_forward;
  // A norm of this block alone, within the sublayer's: before, after, or before_and_after f.
  std::optional<Norm> norm = {};
  // The block reads the input of its own sublayer, and its output is added to the residual stream
  // this many sublayers later (LongCat-Flash's shortcut-connected mixture). Absent: at once.
  std::optional<Integer> delay = {};
};

// Blocks side by side on the residual stream x: x + f_1(n) + f_2(n) + ..., where n is x, or what
// the sublayer's norm makes of it. A norm after the blocks is applied to their sum.
struct Sublayer {
  std::vector<SublayerBlock> blocks;
  std::optional<Norm> norm = {};  // absent: see norm_around
};

// One kind of layer: what happens to the residual stream, one sublayer after the other. Most layers
// are attention and then a feed-forward; `attention` and `feed_forward` say so in short, each for a
// sublayer with that block alone. They and `sublayers` exclude one another; sublayers_of reads
// both.
struct Layer {
  std::optional<Reference> attention;
  std::optional<Reference> feed_forward;
  std::optional<std::vector<Sublayer>> sublayers = {};
};

// `layers` in this order, the whole sequence `repeat` times.
struct Segment {
  std::vector<Reference> layers;
  Integer repeat;
};

// What the makers state. `total` and `active` are as rounded in their text; `exact_total` is an
// integer that the checkpoint or the reference code gives for the text model. Where a repository
// holds more than the text model, `repository_total` = exact total + `beside_text`.
struct Published {
  std::optional<Integer> total;
  std::optional<Integer> active;
  std::optional<Integer> exact_total;
  std::optional<Integer> repository_total;
  std::optional<Integer> beside_text;
  std::string source;
};

// Alternating updates (AltUp: Baykal and others, NeurIPS 2023, as Gemma 3n has it). The residual
// stream is `count` vectors wide; a layer runs on one of them, and what it would do to the others
// is predicted before it and corrected after it.
struct ParallelStreams {
  Integer count;
  Integer active;                          // from 0
  std::optional<double> coefficient_clip;  // bounds the weights that make the corrections
};

// Per-layer embeddings (Gemma 3n): each layer has a table of its own in which the token is looked
// up, and adds what a gate lets through of it. The tables stand side by side in one, and need not
// be resident: a token reads one row.
struct PerLayerEmbedding {
  Integer vocabulary;
  Integer width;  // for each layer
  Activation activation = Activation::gelu_tanh;
  bool scaled_input = false;  // what the gate sees is multiplied by a weight first
};

struct ArchSpec {
  std::string name;
  std::string title;
  std::string source;
  std::optional<Published> published;

  Integer vocabulary;
  Integer hidden;
  Integer context_limit;
  std::optional<Integer> learned_positions;
  std::optional<Integer> position_offset = {};  // rows of that table before position 0's
  bool scaled_embedding = false;                // embeddings are multiplied by the root of hidden
  std::optional<double> embedding_multiplier = {};  // embeddings are multiplied by this
  std::optional<double> residual_multiplier = {};   // what blocks add to the residual stream is
  bool embedding_norm = false;  // embeddings go through a norm of the spec's kind
  // The width of the embedding table, and of what the head reads, where it is not hidden: a
  // projection leads from it into the residual stream and another back (OPT-350M).
  std::optional<Integer> embedding_width = {};
  Head head = Head::separate;
  std::optional<Integer> head_labels;  // rows of a head that sorts texts instead of naming tokens
  bool head_bias = false;
  std::optional<double> logit_multiplier = {};  // logits are multiplied by this
  std::optional<double> logit_soft_cap;         // then logits s become cap tanh(s / cap)
  Norm norm;                   // before the head, and of sublayers that have none of their own
  bool no_final_norm = false;  // the head reads the residual stream without a norm
  bool layer_scale = false;    // a layer's output is multiplied by a constant of its own
  std::optional<ParallelStreams> parallel_streams;
  std::optional<PerLayerEmbedding> per_layer_embedding;
  // Learned augmented residual (LAuReL, arXiv 2411.07501): the rank of a branch beside attention.
  std::optional<Integer> low_rank_residual;

  std::vector<Named<Mixer>> attention;
  std::vector<Named<FeedForward>> feed_forward;
  std::vector<Named<Layer>> layer;
  std::vector<Segment> stack;
};

// The kind of every layer in order, as indices into `spec.layer`.
std::vector<std::size_t> layer_sequence(const ArchSpec& spec);

// The number of layers: the sum over the stack.
Integer layer_count(const ArchSpec& spec);

// The sublayers of a kind of layer in order, however they are written.
std::vector<Sublayer> sublayers_of(const Layer& layer);

// The norm around all blocks of a sublayer: its own, or else the spec's. None where the sublayer
// has no norm but its blocks have some.
std::optional<Norm> norm_around(const ArchSpec& spec, const Sublayer& sublayer);

// Whether there is a norm before (after) the blocks. One after the residual is neither.
bool stands_before(const std::optional<Norm>& norm);
bool stands_after(const std::optional<Norm>& norm);
bool stands_after_residual(const std::optional<Norm>& norm);

// The mixers and the feed-forwards of a kind of layer in order, as indices into `spec.attention`
// and `spec.feed_forward`.
std::vector<std::size_t> mixers_of(const Layer& layer);
std::vector<std::size_t> feed_forwards_of(const Layer& layer);

// Whether a kind of layer has a mixer (feed-forward) of which `property` holds.
template <class Property>
bool has_mixer(const ArchSpec& spec, const Layer& layer, const Property& property) {
  return std::ranges::any_of(mixers_of(layer), [&](std::size_t mixer) {
    return property(spec.attention.at(mixer).value);
  });
}
template <class Property>
bool has_feed_forward(const ArchSpec& spec, const Layer& layer, const Property& property) {
  return std::ranges::any_of(feed_forwards_of(layer), [&](std::size_t feed_forward) {
    return property(spec.feed_forward.at(feed_forward).value);
  });
}

// The attention whose cache this mixer reads instead of filling one: an index into
// `spec.attention`. None where it has a cache of its own.
std::optional<std::size_t> shared_attention(const Mixer& mixer);

// A mixer that reads another's cache, in a layer of the stack.
struct CacheSharing {
  std::size_t layer;                 // its place in the stack
  std::size_t mixer;                 // index into spec.attention
  std::optional<std::size_t> owner;  // the place of the nearest layer, up to this one, that has
                                     // the attention it names; none where there is no such layer
};

// Every sharing of caches, in the order of the stack.
std::vector<CacheSharing> shared_caches(const ArchSpec& spec);

}  // namespace llmarch
