// The activations that mixers and feed-forwards apply to each element.
#pragma once

namespace llmarch {

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

}  // namespace llmarch
