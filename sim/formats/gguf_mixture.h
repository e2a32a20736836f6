// The mixtures of llama.cpp: which type each tensor of a GGUF file gets when llama-quantize is
// asked for Q4_K_M and the like. Most tensors get the mixture's own type, and a few that lose more
// by it, or in some of the layers, another one. The rules are those of llama.cpp of 2026-11
// (src/llama-quant.cpp, llama_tensor_get_type_impl), as they are for models that store queries,
// keys and values apart. The importance matrix decides about some tensors: i-quants are made with
// one unless the name ends in "-static", and q4_0 and q5_0 without one unless it ends in
// "-imatrix".
#pragma once

#include <span>
#include <string_view>

#include "sim/formats/storage_formats.h"
#include "sim/formats/tensor_place.h"

namespace llmarch {

// The tensors that the rules tell apart.
enum class MixturePart { query, key, value, attention_output, gate, up, down };

// In which layers or models an exception applies; n is the number of layers.
enum class MixtureWhen {
  always,
  more_bits,        // the first and the last n/8 layers, and every third between them
  first_eighth,     // layers before n/8
  first_sixteenth,  // layers before n/16
  first_two,
  first_four,
  middle,         // from n/8 up to 7n/8
  grouped,        // at least 4 query heads share a key head
  many_sharers,   // that, or at least 4 experts
  eight_experts,  // exactly 8, as Mixtral has
  eight_experts_more_bits,
};

struct MixtureException {
  MixturePart part;
  MixtureWhen when;
  StorageFormat format;
};

struct Mixture {
  std::string_view name;
  StorageFormat format;                          // of all matrices but the exceptions
  std::span<const MixtureException> exceptions;  // the first that applies
  StorageFormat head;
  StorageFormat embedding;  // where it is not the head too
  // Large models with grouped queries, and mixtures of eight experts, store values with more bits;
  // not those of the narrowest mixtures.
  bool raises_values = true;
};

std::span<const Mixture> gguf_mixtures();

// Norms, biases, routers, convolutions and tables of positions stay in f32. A matrix whose rows are
// no whole blocks gets the nearest type of smaller blocks.
StorageFormat format_in(const Mixture& mixture, const TensorPlace& place, const ModelShape& model);

// A file of one type, but for what is never quantised: llama-quantize --pure.
StorageFormat format_in_pure(const StorageFormat& format, const Weight& weight);

}  // namespace llmarch
