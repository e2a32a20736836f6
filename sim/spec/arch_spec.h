// ArchSpec: one architecture as plain values, complete and validated. This file knows which facts
// make an architecture; sim/spec/fields.h knows how each is called, bounded and explained,
// sim/spec/rules.h what must hold between them, sim/spec/toml_loader.h how they are read.
//
// Barrier: beyond sim/spec there are no string keys. Names survive only to be shown to people.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/units.h"

namespace llmarch {

enum class NormKind { rms, layer };
enum class Activation { gelu_tanh, gelu_erf, silu, relu, tanh };
enum class RotaryLayout { half_split, interleaved };
// per_head, whole: a norm with a weight over each head, or over the whole projection, before
// rotation. unweighted_after_rotation: each head over its root mean square, after rotation, where
// there is one.
enum class QkNorm { per_head, whole, unweighted_after_rotation };
// Where norms stand around a block f, for the residual stream x:
//   before            x + f(norm(x))
//   after             x + norm(f(x))
//   before_and_after  x + norm(f(norm(x)))
//   after_residual    norm(x + f(x))
enum class NormPlacement { before, after, before_and_after, after_residual };
enum class GroupScore { best, best_two };
enum class Head { tied, separate };
enum class Scoring { softmax, sigmoid };

struct Norm {
  NormKind kind = NormKind::rms;
  double epsilon = 0;
  NormPlacement placement = NormPlacement::before;
};

// Llama 3's stretch of the rotary frequencies: long waves are slowed by `factor`, short ones kept,
// those between blended. Source: transformers, modeling_rope_utils, "llama3".
struct Llama3Scaling {
  double factor = 0;
  double low_frequency_factor = 0;
  double high_frequency_factor = 0;
  Integer original_context;
};

// YaRN (arXiv 2309.00071) as transformers and DeepSeek apply it. With both mscales the rotary
// tables are multiplied by m(mscale) / m(mscale_all_dim) and latent attention's softmax scale by
// m(mscale_all_dim) squared, m(s) = 0.1 s ln(factor) + 1; without them the tables by m(1). An
// attention_factor takes the place of whatever the tables would be multiplied by.
struct YarnScaling {
  double factor = 0;
  Integer original_context;
  double beta_fast = 0;
  double beta_slow = 0;
  std::optional<double> mscale;
  std::optional<double> mscale_all_dim;
  std::optional<double> attention_factor;
};

// Every frequency is slowed by `factor`.
struct LinearScaling {
  double factor = 0;
};

using RotaryScaling = std::variant<Llama3Scaling, YarnScaling, LinearScaling>;

struct Rotary {
  double theta = 0;
  RotaryLayout layout = RotaryLayout::half_split;
  std::optional<RotaryScaling> scaling;
};

// Queries grow with their position p, by 1 + strength ln(floor((p + 1) / floor) + 1): Llama 4's
// temperature tuning (transformers, modeling_llama4.py).
struct Temperature {
  double strength = 0;
  Integer floor;
};

// A name in a spec, and the place in its list that it resolves to.
struct Reference {
  std::string name;
  std::size_t index = 0;
};

// Multi-head (kv_heads = query_heads), grouped-query and multi-query attention.
struct GroupedAttention {
  Integer query_heads;
  Integer kv_heads;
  Integer head_dim;
  bool qkv_bias = false;
  bool output_bias = false;
  std::optional<QkNorm> qk_norm;
  bool value_norm = false;  // each head's value over its root mean square, without a weight
  // The attention whose keys and values are used: those of the last layer of that kind before this
  // one. There are then none of its own: no projections, nothing in the cache.
  std::optional<Reference> kv_from;
  // Which keys a query meets besides those of causality: the `window` newest, itself among them; or
  // those of its own chunk, positions k chunk to k chunk + chunk - 1. Never both.
  std::optional<Integer> window;
  std::optional<Integer> chunk;
  std::optional<Integer> query_scalar;   // scores are divided by its root instead of head_dim's
  std::optional<double> score_soft_cap;  // scores s become cap tanh(s / cap)
  std::optional<Temperature> temperature;
  std::optional<Rotary> rotary;
  std::optional<Integer> rotated_dim;  // of each head's elements the first so many; absent: all
};

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
  Rotary rotary;
};

using Mixer = std::variant<GroupedAttention, LatentAttention>;

struct DenseFeedForward {
  Integer width;
  Activation activation = Activation::silu;
  bool gated = false;  // act(gate(x)) * up(x) instead of act(up(x))
  bool bias = false;
  // The share of the gate's elements that is to be 0: those below mean + deviation z(sparsity), z
  // the normal quantile; the others are lowered by it (Gemma 3n's gaussian top-k).
  std::optional<double> sparsity = std::nullopt;
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
};

struct MixtureFeedForward {
  Integer experts;
  Integer experts_per_token;
  Integer expert_width;
  std::optional<Integer> shared_width;  // all shared experts together, run for every token
  bool shared_gate = false;   // what they give is multiplied by a sigmoid of the token's own
  bool scaled_input = false;  // an expert's weight multiplies what it is given, not what it gives
  Activation activation = Activation::silu;
  Router router;
};

using FeedForward = std::variant<DenseFeedForward, MixtureFeedForward>;

template <class Value>
struct Named {
  std::string name;
  Value value;
};

// One kind of layer: attention and then a feed-forward on the residual stream.
struct Layer {
  Reference attention;
  Reference feed_forward;
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

// The residual stream stands `count` times (AltUp, arXiv 2301.13310, as Gemma 3n has it): each
// layer predicts all streams from all, computes on the active one, and corrects the others by what
// it found. A token's coefficients come from a router over the active stream.
struct ParallelStreams {
  Integer count;
  Integer active;                          // which one is computed on, from 0
  std::optional<double> coefficient_clip;  // correction weights are held within this
  bool output_scale = false;  // a weight per column on what the per-layer embedding is gated by
};

// A second embedding table gives each layer a small vector of its own for each token, which joins
// the residual at the layer's end through a gate (Gemma 3n). A token beyond the table has row 0.
struct PerLayerEmbedding {
  Integer vocabulary;
  Integer width;
  Activation activation = Activation::gelu_tanh;
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
  bool scaled_embedding = false;  // embeddings are multiplied by the root of hidden
  Head head = Head::separate;
  std::optional<double> logit_soft_cap;  // logits s become cap tanh(s / cap)
  Norm norm;
  // A low-rank map of the block's input, normalised, with that input itself, beside the residual
  // after attention; their sum is divided by the root of 2 (LAuReL, arXiv 2411.07501).
  std::optional<Integer> low_rank_residual;
  std::optional<ParallelStreams> streams;
  std::optional<PerLayerEmbedding> per_layer_embedding;

  std::vector<Named<Mixer>> attention;
  std::vector<Named<FeedForward>> feed_forward;
  std::vector<Named<Layer>> layer;
  std::vector<Segment> stack;
};

// The kind of every layer in order, as indices into `spec.layer`.
std::vector<std::size_t> layer_sequence(const ArchSpec& spec);

// The number of layers: the sum over the stack.
Integer layer_count(const ArchSpec& spec);

// Whose keys and values a layer meets that has none of its own: for each such kind of layer, the
// kind of the last layer before it whose attention is the one named. None where the kind has its
// own, where no such layer stands before, or where its layers would not agree.
std::vector<std::optional<std::size_t>> kv_sources(const ArchSpec& spec);

}  // namespace llmarch
