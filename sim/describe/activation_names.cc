#include "sim/describe/activation_names.h"

#include <stdexcept>

namespace llmarch {

std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GELU";
    case Activation::silu: return "SiLU";
    case Activation::relu: return "ReLU";
    case Activation::tanh: return "tanh";
    case Activation::sigmoid: return "sigmoid";
    case Activation::softplus: return "softplus";
    case Activation::quick_gelu: return "quick GELU";
    case Activation::relu_squared: return "ReLU²";
  }
  throw std::logic_error("activation_name: an activation outside the enumeration");
}

std::string_view gated_name(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GeGLU";
    case Activation::silu: return "SwiGLU";
    case Activation::relu: return "ReGLU";
    case Activation::tanh: return "gated tanh";
    case Activation::sigmoid: return "GLU";
    case Activation::softplus: return "gated softplus";
    case Activation::quick_gelu: return "quick GeGLU";
    case Activation::relu_squared: return "gated ReLU²";
  }
  throw std::logic_error("gated_name: an activation outside the enumeration");
}

}  // namespace llmarch
