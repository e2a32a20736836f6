// The plain decoders: model types that are alike but for a few choices, each one row of a table
// that says what its class settles and which fields it reads. A type that fits needs a row in
// hf_decoders.cc and no code; one that does not is a function of its own in hf_model_types.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/huggingface/hf_parts.h"
#include "sim/huggingface/hf_rotary.h"
#include "sim/huggingface/hf_windows.h"

namespace llmarch {

// What the class fills for a size that a config leaves out; 0: the config must state it. An absent
// number of key/value heads may also stand for that of query heads.
inline constexpr std::int64_t kOnlyQueryHeads = -1;
struct ClassSizes {
  std::int64_t vocabulary = 0;
  std::int64_t hidden = 0;
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t query_heads = 0;
  // 0: as many as query heads where it is not stated; kOnlyQueryHeads: always, no field states it.
  std::int64_t kv_heads = 0;
  std::int64_t context = 0;
  double epsilon = 0;
};

// What a class with a number of its own makes of null in num_key_value_heads: some fill in the
// query heads, others fail. A class without a number fills them in.
enum class NullKvHeads { refused, query_heads };

struct NormClass {
  NormKind kind = NormKind::rms;
  std::string_view epsilon = "rms_norm_eps";  // empty: always that of ClassSizes
  NormPlacement placement = NormPlacement::before;
  std::optional<NormOmission> without = {};
};

// Which layers are rotated.
enum class Rotated {
  every_layer,
  by_layer_type,         // every layer, those with a window unscaled or by a theta of their own
  by_no_rope_layers,     // no_rope_layers, no_rope_layer_interval
  if_windowed,           // those with a window; every layer where there is no window at all
  only_windowed,         // those with a window, if any
  unless_theta_is_null,  // every layer; none where rope_parameters state a rope_theta of null
};

struct FeedForwardClass {
  enum class Form { gated, plain } form = Form::gated;
  std::string_view activation = "hidden_act";  // empty: no field states it
  Activation absent = Activation::silu;
  Flag bias = kNever;
};

// A number of the class that multiplies or divides something. 1 changes nothing.
struct MultiplierClass {
  std::string_view key = {};  // empty: the model type has none
  double absent = 1;
  enum class As { factor, divisor } as = As::factor;
};

// How attention and the feed-forward of a layer stand to each other.
struct BlocksClass {
  enum class Form { in_sequence, on_one_norm, on_norms_of_their_own } form = Form::in_sequence;
  Flag parallel = kAlways;  // off: in sequence after all
};

// A field whose only supported value is this, written as in JSON, or a list of nothing else.
struct FixedField {
  std::string_view key, value;
};

struct MixtureClass;
struct IndexClass;
struct LatentClass;
struct RecurrentClass;

struct Decoder {
  std::string_view type;
  std::optional<CheckpointNaming> naming = CheckpointNaming::decoder;  // none: not known
  ClassSizes sizes = {};
  NullKvHeads null_kv_heads = NullKvHeads::refused;
  NormClass norm = {};
  Flag::Absent tied = Flag::Absent::off;

  enum class Attention { grouped, latent } attention = Attention::grouped;
  Flag qkv_bias = kNever;
  std::optional<Flag> output_bias = {};       // none: as queries, keys and values have one
  std::optional<std::int64_t> head_dim = {};  // what an absent one means, if not hidden / heads
  enum class HeadDim { stated, always_derived } head_dim_field = HeadDim::stated;
  std::string_view head_dim_again = {};  // a field that may only say the same
  std::optional<QkNorm> qk_norm = {};
  Flag has_qk_norm = kAlways;
  WindowClass window = {};
  RotaryClass rotary = {};
  Rotated rotated = Rotated::every_layer;
  std::string_view query_scalar = {};  // the field whose root divides the scores
  OptionalReal score_cap = {};
  MultiplierClass score_multiplier = {};  // instead of the root of head_dim, where it has a key
  OptionalReal qkv_clip = {};
  const LatentClass* latent = nullptr;  // what a class fills for latent attention
  const IndexClass* index = nullptr;    // which chooses its keys
  std::optional<OutputGate> output_gate = {};
  const RecurrentClass* recurrent = nullptr;  // in some layers instead of attention

  BlocksClass blocks = {};
  FeedForwardClass feed_forward = {};
  const MixtureClass* mixture = nullptr;  // in some layers instead of the feed-forward

  enum class Embedding { plain, scaled } embedding = Embedding::plain;
  MultiplierClass embedding_multiplier = {};
  MultiplierClass residual_multiplier = {};
  Flag head_bias = kNever;
  MultiplierClass logit_multiplier = {};
  OptionalReal logit_cap = {};
  std::span<const std::string_view> off = {};    // what its class could switch on, and is not built
  std::span<const FixedField> fixed = {};        // what may be stated, and has one value
  std::span<const std::string_view> inert = {};  // fields of the class without an effect here
};

// Every plain decoder, in groups.
std::span<const Decoder> decoders();            // hf_decoders.cc
std::span<const Decoder> parallel_decoders();   // hf_parallel_decoders.cc: parallel or multiplied
std::span<const Decoder> gemma_decoders();      // hf_gemma_decoders.cc
std::span<const Decoder> later_decoders();      // hf_later_decoders.cc: those of 2025 and 2026
std::span<const Decoder> recurrent_decoders();  // hf_recurrent_decoders.cc: layers with a state
std::span<const Decoder> older_decoders();      // hf_older_decoders.cc: by the makers' own code

// The plain decoder of that type; null where there is none.
const Decoder* find_decoder(std::string_view type);
std::vector<std::string> decoder_types();

void import_decoder(Import& import, const Decoder& decoder, ArchSpec& spec);

}  // namespace llmarch
