// How papers write activations, and feed-forwards that are named after them.
#pragma once

#include <string_view>

#include "sim/spec/activation.h"

namespace llmarch {

std::string_view activation_name(Activation activation);  // "SiLU"
// The name of a feed-forward with that gate (arXiv 2002.05202): "SwiGLU".
std::string_view gated_name(Activation activation);

}  // namespace llmarch
