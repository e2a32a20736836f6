// The mixers of a layer, which let a position see others: grouped, latent and compressed attention,
// the gated short convolution, gated DeltaNet, Mamba-1 and Mamba-2, lightning attention and Kimi
// delta attention. A mixer of a new kind is an alternative of Mixer.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "sim/one_of.h"
#include "sim/spec/activation.h"
#include "sim/spec/rotary.h"
#include "sim/units.h"

namespace llmarch {

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
// What one gate multiplies: an element of attention's output, or all elements of a head.
enum class GateWidth { element, head };
// ALiBi (arXiv 2108.12409) is added to the scores as they enter the softmax, or twice before they
// are scaled, so that the scale applies to it too. The latter is what transformers' Falcon class
// computes, which adds it to the scores and to the mask.
enum class Alibi { after_scaling, before_scaling };

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

// The index of MiniMax M3 (transformers, modeling_minimax_m3_vl.py). Positions form blocks, and a
// query attends to `blocks` of them: its own, and those with the largest score. Each key/value head
// chooses by an index query of its own, one index key is cached for all of them, and the score of a
// block is the largest product of the query with a key in it. Both are normalised and rotated as
// attention's queries and keys are.
struct BlockIndex {
  Integer head_dim;  // of an index query and an index key
  Integer block;     // positions of a block
  Integer blocks;    // that a query attends to, its own among them
};

// The index of DeepSeek-V3.2 (arXiv 2512.02556, section 2.1; transformers,
// modeling_deepseek_v32.py). Index queries are made of the query's latent, one index key for all of
// them is cached, and the score of a key is the sum of relu(query . key) over the index heads, each
// with a weight that is a projection of the input.
struct KeyIndex {
  Integer heads;
  Integer head_dim;
  RotaryLayout layout = RotaryLayout::half_split;  // the first rope_head_dim elements are rotated
  double key_norm_epsilon = 0;                     // of the layer norm on index keys
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
  // Then those of a query at position p, from 0, are multiplied by ln p / ln this where p is larger
  // (Grok 2.5; SGLang, decode_attention.py, extend_attention.py: xai_temperature_len).
  std::optional<Integer> score_growth_length = {};
  std::optional<Temperature> temperature;
  std::optional<Rotary> rotary;
  std::optional<Integer> value_head_dim = {};  // width of a head's value; absent: head_dim
  // There is no value projection: values are the projected keys, before their norm and rotation.
  bool values_from_keys = false;
  std::optional<double> value_scale = {};  // values are multiplied by it
  bool sinks = false;  // a learned score for each query head enters the softmax, and no value does
  std::optional<Alibi> alibi = {};  // scores fall in proportion to the distance of the key
  std::optional<OutputGate> output_gate = {};
  std::optional<BlockIndex> block_index = {};  // it chooses the keys that a query attends to
  std::optional<double> key_multiplier = {};   // projected keys are multiplied by it
};

// What the scores of a query at `position`, from 0, are multiplied by; see score_growth_length.
double score_growth_at(const std::optional<Integer>& length, double position);

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
  // A query attends to so many keys, which an index chooses: this attention's own, or else the
  // newest index of an earlier layer (GLM-5.2).
  std::optional<Integer> chosen_keys = {};
  std::optional<KeyIndex> key_index = {};
  // Absent: the part of a key that all heads share is not rotated either (Kimi Linear).
  std::optional<Rotary> rotary = {};
  std::optional<double> query_multiplier = {};   // queries are multiplied by it
  std::optional<double> latent_multiplier = {};  // latents are, after their norm
  std::optional<OutputGate> output_gate = {};
};

// The index of compressed attention. It has a compressor of its own for index keys, and scores them
// as KeyIndex does; index queries are made of the query's latent.
struct EntryIndex {
  Integer heads;
  Integer head_dim;  // the last rope_head_dim elements are rotated
  Integer chosen;    // entries that a query attends to, at most
};

// One entry for every `positions` positions. It is a mean of their values, each element by itself,
// with weights that are a softmax over the positions of a gate and a learned bias for each place in
// the group; the mean is normalised, and rotated as the first position of the group is. A query
// attends to the entries of the groups that are complete with its own position.
struct Compression {
  Integer positions;
  // The mean is over the group before, too, which has values and gates of its own for that.
  bool overlapping = false;
  std::optional<EntryIndex> index = {};  // absent: a query attends to every entry
};

// Attention of DeepSeek-V4 (its report, section 2.3; transformers, modeling_deepseek_v4.py). One
// vector for each position is key and value of all heads. A query attends to the newest of them
// and, where there is compression, to entries that stand for many positions. Since values are
// rotated as the keys that they are, attention's output is rotated back by the query's position. It
// is projected in two steps, group by group of heads into a latent, and from all latents together.
struct CompressedAttention {
  Integer query_heads;
  Integer head_dim;          // of a query, and of what is key and value
  Integer rope_head_dim;     // the last elements of a head, which are rotated
  Integer query_latent_dim;  // width of the compressed query
  Integer window;            // the newest positions that a query attends to, its own among them
  Integer output_groups;
  Integer output_latent_dim;  // of each group
  Rotary rotary;
  std::optional<Compression> compression = {};
};

// The gated short convolution of LFM2 (transformers, modeling_lfm2.py). Three projections of the
// input give two gates b and c and values v, each as wide as the residual stream. The output is the
// projection of c * conv(b * v), where conv is causal and takes each column by itself. A sequence
// keeps the newest kernel - 1 rows of b * v.
struct ShortConvolution {
  Integer kernel;  // positions that conv spans, the newest among them
};

// Gated DeltaNet (arXiv 2412.06464), as transformers' modeling_qwen3_next.py has it. Queries, keys
// and values each go through a causal convolution of every column by itself and through SiLU;
// queries and keys are then brought to length 1. Each value head has a state S of key_head_dim x
// value_head_dim, and value_heads / key_heads of them share a query and a key:
//   S = decay S;  S += key (strength (value - S^T key))^T;  out = S^T query / sqrt(key_head_dim)
// The strength is a sigmoid of a projection of the input and the decay exp(-rate softplus(.)) of
// another, one number each for a head. The output is normalised within each head and gated by SiLU.
// A sequence keeps the states and the newest kernel - 1 rows of each convolution, all in f32.
struct GatedDeltaNet {
  Integer key_heads;
  Integer value_heads;
  Integer key_head_dim;
  Integer value_head_dim;
  Integer kernel;  // positions that a convolution spans, the newest among them
  double output_norm_epsilon = 0;
  bool negative_eigenvalues = false;  // the strength goes up to 2 instead of 1
  std::optional<Integer> chunk = {};  // of tokens, in a prefill by chunks; see chunk_of
};

// A root-mean-square norm of each input of a selective scan, with a weight of its own or, as Falcon
// Mamba has it, without one.
struct SelectionNorm {
  double epsilon = 0;
  bool unweighted = false;
};

// Mamba (arXiv 2312.00752), as transformers' modeling_mamba.py has it. Values x go through a causal
// convolution of every column by itself and through SiLU. From what comes out are made, for all
// columns, a key B and a query C and, through step_dim columns, a step softplus(.) for each column.
// Each column has a state of state_dim elements, which decay each at a learned rate of their own:
//   s = exp(-rate step) s + B (step x);  out = C . s + skip x
// The output is gated by SiLU. A sequence keeps the states and the newest kernel - 1 rows of the
// convolution, in f32.
struct Mamba1 {
  Integer inner;      // columns, each with a state
  Integer state_dim;  // of the state of a column
  Integer step_dim;   // columns from which the steps are projected (time_step_rank)
  Integer kernel;     // positions that the convolution spans, the newest among them
  bool convolution_bias = false;
  std::optional<SelectionNorm> selection_norm = {};  // of step_dim columns, key and query
};

// What the projections of Mamba-2's input are multiplied by (Falcon-H1's ssm_multipliers).
struct Mamba2Multipliers {
  double gate = 1;
  double value = 1;
  double key = 1;
  double query = 1;
  double step = 1;
};

// Mamba-2 (arXiv 2405.21060), as transformers' modeling_mamba2.py has it. Values x, and for each
// group of heads a key B and a query C, go through causal convolutions of every column by itself
// and through SiLU. Each head has a state S of state_dim x head_dim:
//   S = decay S + B (step x)^T;  out = S^T C + skip x
// with a step softplus(.) of a projection of the input, a decay exp(-rate step) and a learned skip,
// one number each for a head. The output is gated by SiLU and normalised, in either order or
// without a norm. A sequence keeps the states and the newest kernel - 1 rows of each convolution,
// in f32.
struct Mamba2 {
  Integer heads;
  Integer head_dim;
  Integer groups;  // each serves heads / groups heads
  Integer state_dim;
  Integer kernel;  // positions that a convolution spans, the newest among them
  bool convolution_bias = false;
  Integer norm_groups = 1;  // parts of the output that are normalised each by itself
  std::optional<double> norm_epsilon = {};  // absent: there is no norm
  bool norm_before_gate = false;            // the output is normalised and then gated
  std::optional<Mamba2Multipliers> multipliers = {};
  std::optional<Integer> chunk = {};  // of tokens, in a prefill by chunks; see chunk_of
};

// Lightning attention (arXiv 2401.04658), as transformers' modeling_minimax.py has it. Queries,
// keys and values each go through SiLU. Each head has a state S of head_dim x head_dim:
//   S = decay S + key value^T;  out = S^T query
// The decay of a head is the same at every token and not learned; it depends on the head and on the
// place of the layer (lightning_decay). The output is normalised, over all heads together or in
// parts, and gated by a sigmoid of a projection of the input. A sequence keeps the states, in f32.
struct LightningAttention {
  Integer heads;
  Integer head_dim;
  double output_norm_epsilon = 0;
  std::optional<Integer> chunk = {};  // of tokens, in a prefill by chunks; see chunk_of
  Integer norm_groups = 1;            // parts of the output that are normalised each by itself
  // Nothing goes through SiLU: queries and keys are normalised within each head and rotated, and
  // queries are divided by the root of head_dim. Layer 1 has the slopes that layer 0 has otherwise
  // (Ling 2.5; transformers, modeling_bailing_hybrid.py).
  std::optional<Rotary> rotary = {};
};

// Kimi delta attention (arXiv 2510.26692): the delta rule of gated DeltaNet with a decay for each
// row of a state, which is a projection of the input through decay_latent_dim columns, and with an
// output gate, a sigmoid of a projection through gate_latent_dim columns. Keys are as wide as
// values, and each head has its own.
struct KimiDeltaAttention {
  Integer heads;
  Integer head_dim;
  Integer kernel;  // positions that a convolution spans, the newest among them
  std::optional<Integer> decay_latent_dim;  // absent: the decays are projected in one step
  std::optional<Integer> gate_latent_dim;   // absent: the gate is
  double output_norm_epsilon = 0;
  // The logarithm of a decay is this, below 0, times a sigmoid of rate x instead of -rate
  // softplus(x) (Kimi K3).
  std::optional<double> least_log_decay = {};
  bool negative_eigenvalues = false;  // the strength goes up to 2 instead of 1 (Solar Open 2)
  std::optional<Integer> chunk = {};  // of tokens, in a prefill by chunks; see chunk_of
};

// The recurrences that can run by chunks too. Mamba-1 cannot: its decays differ from column to
// column and within each state, so that no products of matrices come of a chunk.
template <class Kind>
concept ChunkedMixer = OneOf<Kind, GatedDeltaNet, KimiDeltaAttention, Mamba2, LightningAttention>;

// How many tokens the references take together where a spec says nothing: transformers'
// torch_chunk_gated_delta_rule (KDA's own kernels too); configuration_mamba2.py's chunk_size and
// configuration_minimax.py's block_size.
inline constexpr std::int64_t kDeltaRuleChunk = 64;
inline constexpr std::int64_t kStateSpaceChunk = 256;
template <ChunkedMixer Kind>
Integer chunk_of(const Kind& mixer) {
  constexpr bool of_delta_rule = OneOf<Kind, GatedDeltaNet, KimiDeltaAttention>;
  return mixer.chunk.value_or(of_delta_rule ? kDeltaRuleChunk : kStateSpaceChunk);
}

using Mixer =
    std::variant<GroupedAttention, LatentAttention, ShortConvolution, GatedDeltaNet, Mamba2,
                 LightningAttention, KimiDeltaAttention, Mamba1, CompressedAttention>;

// Those that keep a state of a fixed size for each sequence, and no keys.
template <class Kind>
concept StateMixer = OneOf<Kind, ShortConvolution, GatedDeltaNet, Mamba2, LightningAttention,
                           KimiDeltaAttention, Mamba1>;

// The attention whose cache a kind of mixer reads, by name; null where it fills its own.
template <class Kind>
requires std::same_as<std::remove_const_t<Kind>, GroupedAttention>
auto* kv_from_of(Kind& attention) {
  return attention.kv_from ? &*attention.kv_from : nullptr;
}
inline Reference* kv_from_of(const LatentAttention&) {
  return nullptr;
}
inline Reference* kv_from_of(const CompressedAttention&) {
  return nullptr;
}
inline Reference* kv_from_of(const StateMixer auto&) {
  return nullptr;
}
inline const Reference* cache_owner(const Mixer& mixer) {
  return std::visit([](const auto& kind) -> const Reference* { return kv_from_of(kind); }, mixer);
}
inline Reference* cache_owner(Mixer& mixer) {
  return std::visit([](auto& kind) -> Reference* { return kv_from_of(kind); }, mixer);
}

}  // namespace llmarch
