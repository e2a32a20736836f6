// The names of the places where a run first departs from the reference.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "tests/golden/golden_models.h"

namespace llmarch {

inline std::string out_of_layer(std::size_t layer) {
  return "hidden state out of layer " + std::to_string(layer);
}

// The router's work is compared before its layer's output.
inline testing::Matcher<std::string> routing_of_layer(std::size_t layer) {
  return testing::AnyOf("experts of layer " + std::to_string(layer),
                        "expert weights of layer " + std::to_string(layer));
}

// The choice of keys is compared before all else of its layer.
inline std::string keys_of_layer(std::size_t layer) {
  return "keys of layer " + std::to_string(layer);
}

}  // namespace llmarch
