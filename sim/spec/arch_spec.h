// ArchSpec: one architecture as plain values, complete and validated. This file and those of its
// mixers and feed-forwards know which facts make an architecture; sim/spec/fields.h knows how each
// is called, bounded and explained, sim/spec/rules.h what must hold between them,
// sim/toml/toml_loader.h how they are read.
//
// Barrier: beyond sim/spec there are no string keys. Names survive only to be shown to people.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sim/spec/feed_forward.h"
#include "sim/spec/mixer.h"
#include "sim/units.h"

namespace llmarch {

enum class NormKind { rms, layer };
// What a norm lacks: a layer norm its bias, or a norm of either kind every parameter.
enum class NormOmission { bias, weight_and_bias };
// Where norms stand around a block f, for the residual stream x:
//   before            x + f(norm(x))
//   after             x + norm(f(x))
//   before_and_after  x + norm(f(norm(x)))
//   after_residual    norm(x + f(x))
//   before_residual   norm(x) + f(norm(x))
enum class NormPlacement { before, after, before_and_after, after_residual, before_residual };
enum class Head { tied, separate, none };

struct Norm {
  NormKind kind = NormKind::rms;
  double epsilon = 0;
  NormPlacement placement = NormPlacement::before;
  std::optional<NormOmission> without = {};  // absent: it has a weight, and a layer norm a bias too
  bool operator==(const Norm&) const = default;
};

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
  std::optional<double> input_multiplier = {};   // the block's input is multiplied by it
  std::optional<double> output_multiplier = {};  // its output is, before a norm that follows it
};

// Blocks side by side on the residual stream x: x + f_1(n) + f_2(n) + ..., where n is x, or what
// the sublayer's norm makes of it. A norm after the blocks is applied to their sum.
struct Sublayer {
  std::vector<SublayerBlock> blocks;
  std::optional<Norm> norm = {};  // absent: see norm_around
  // What is added is a x + b f, with factors of this sublayer: a of the residual stream and b of
  // the blocks (MiniMax-01). Absent: 1.
  std::optional<double> stream_multiplier = {};
  std::optional<double> branch_multiplier = {};
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
// holds more than the text model, `repository_total` = exact total + what ArchSpec::beside names +
// `beside_text`, which is all else.
struct Published {
  std::optional<Integer> total;
  std::optional<Integer> active;
  std::optional<Integer> exact_total;
  std::optional<Integer> repository_total;
  std::optional<Integer> beside_text;
  std::string source;
};

// A prediction layer that is not one more of the last kind: the sublayers that it consists of.
struct PredictionLayer {
  Reference attention;
  Reference feed_forward;
  bool own_head = false;       // each has a head of its own, instead of the model's
  bool no_final_norm = false;  // its output goes to the head without a norm
};

// What a repository holds beside the text model. It takes memory where it is loaded; no operation
// of the text model reads it.
struct Beside {
  std::optional<Integer> vision_tower;  // parameters
  std::optional<Integer> projector;     // parameters that lead from the tower into the text model
  // Layers that predict tokens further ahead (DeepSeek-V3, arXiv 2412.19437, section 2.2): each is
  // one more layer of the last kind, or what prediction_layer says, a projection of two vectors as
  // wide as the stream into one, and three norms. They share the embedding and the head with the
  // model.
  std::optional<Integer> prediction_layers;
  std::optional<PredictionLayer> prediction_layer = {};
  std::optional<Integer> adapter = {};  // parameters of a low-rank adapter that is not merged
};

// Alternating updates (AltUp: Baykal and others, NeurIPS 2023, as Gemma 3n has it). The residual
// stream is `count` vectors wide; a layer runs on one of them, and what it would do to the others
// is predicted before it and corrected after it.
struct ParallelStreams {
  Integer count;
  Integer active;                          // from 0
  std::optional<double> coefficient_clip;  // bounds the weights that make the corrections
};

// Manifold-constrained hyper-connections (mHC, arXiv 2512.24880, as DeepSeek-V4 has them). The
// residual stream is `count` vectors x_i wide. A sublayer f reads a sum of them, with weights a_i,
// and each becomes x_j = b_j f + sum over i of c_ij x_i. All weights are made of the vectors
// themselves; the matrix c is brought to rows and columns that add up to 1 by dividing by their
// sums, `iterations` times.
struct HyperConnections {
  Integer count;
  Integer iterations;
  double epsilon = 0;  // added to the weights a and c, and to the sums
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
  std::optional<std::vector<std::string>> also = {};  // names of others of this very architecture
  std::string source;
  std::optional<Published> published;
  std::optional<Beside> beside = {};

  Integer vocabulary;
  Integer hidden;
  Integer context_limit;
  std::optional<Integer> learned_positions;
  std::optional<Integer> position_offset = {};  // rows of that table before position 0's
  bool scaled_embedding = false;                // embeddings are multiplied by the root of hidden
  std::optional<double> embedding_multiplier = {};  // embeddings are multiplied by this
  std::optional<double> residual_multiplier = {};   // what blocks add to the residual stream is
  bool embedding_norm = false;  // embeddings go through a norm of the spec's kind
  std::optional<NormOmission> embedding_norm_without = {};  // what that one does not have
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
  std::optional<HyperConnections> hyper_connections = {};
  // Attention residuals (Kimi K3). Every so many layers the residual stream is put aside and begins
  // anew with the output of the mixer. Each sublayer reads a mean of what was put aside and the
  // stream as it is, with weights that are a softmax of products with a learned query; so does the
  // head.
  std::optional<Integer> residual_block = {};
  std::optional<PerLayerEmbedding> per_layer_embedding;
  // Learned augmented residual (LAuReL, arXiv 2411.07501): the rank of a branch beside attention.
  std::optional<Integer> low_rank_residual;

  std::vector<Named<Mixer>> attention;
  std::vector<Named<FeedForward>> feed_forward;
  std::vector<Named<Layer>> layer;
  std::vector<Segment> stack;
};

// What ArchSpec::also holds; empty where it is left out.
std::vector<std::string> other_names(const ArchSpec& spec);

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
