// What the lists of faults share.
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "tests/golden/departures.h"
#include "tests/golden/field_faults.h"

namespace llmarch {

using Faults = std::vector<FieldFault>;

template <class Kind, class Value>
Kind& kind_at(std::vector<Named<Value>>& all, std::size_t index) {
  return std::get<Kind>(all.at(index).value);
}

inline Activation another(Activation activation) {
  return activation == Activation::gelu_tanh ? Activation::gelu_erf : Activation::gelu_tanh;
}

// An index within attention, or a router after it, may be the first to show its fault.
inline testing::Matcher<std::string> after_attention_of(std::size_t layer) {
  return testing::AnyOf(out_of_layer(layer), keys_of_layer(layer), routing_of_layer(layer));
}

// The faults of one kind of mixer or feed-forward of the spec, which `layer` is the first to run.
void add_mixer_faults(Faults& faults, const ArchSpec& spec, std::size_t mixer, std::size_t layer);
void add_feed_forward_faults(Faults& faults, const ArchSpec& spec, std::size_t feed_forward,
                             std::size_t layer);

// The faults of the spec's norm, and of those that the sublayers and blocks of one kind of layer
// have for themselves.
void add_norm_faults(Faults& faults, const ArchSpec& spec);
void add_layer_norm_faults(Faults& faults, const ArchSpec& spec, std::size_t kind,
                           std::size_t layer);

}  // namespace llmarch
