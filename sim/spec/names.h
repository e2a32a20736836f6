// What a file calls the values of each enumeration and the alternatives of each variant of a spec.
// The fields that take them are declared in fields.h.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// The names of an enumeration's values, and of a variant's alternatives, as a file writes them.
template <class Type>
struct Names;

template <>
struct Names<NormKind> {
  static constexpr std::array values{std::pair{std::string_view("rms"), NormKind::rms},
                                     std::pair{std::string_view("layer"), NormKind::layer}};
};
template <>
struct Names<Activation> {
  static constexpr std::array values{
      std::pair{std::string_view("gelu_tanh"), Activation::gelu_tanh},
      std::pair{std::string_view("gelu_erf"), Activation::gelu_erf},
      std::pair{std::string_view("silu"), Activation::silu},
      std::pair{std::string_view("relu"), Activation::relu},
      std::pair{std::string_view("tanh"), Activation::tanh}};
};
template <>
struct Names<RotaryLayout> {
  static constexpr std::array values{
      std::pair{std::string_view("half_split"), RotaryLayout::half_split},
      std::pair{std::string_view("interleaved"), RotaryLayout::interleaved}};
};
template <>
struct Names<QkNorm> {
  static constexpr std::array values{
      std::pair{std::string_view("per_head"), QkNorm::per_head},
      std::pair{std::string_view("whole"), QkNorm::whole},
      std::pair{std::string_view("unweighted_after_rotation"), QkNorm::unweighted_after_rotation}};
};
template <>
struct Names<NormPlacement> {
  static constexpr std::array values{
      std::pair{std::string_view("before"), NormPlacement::before},
      std::pair{std::string_view("after"), NormPlacement::after},
      std::pair{std::string_view("before_and_after"), NormPlacement::before_and_after},
      std::pair{std::string_view("after_residual"), NormPlacement::after_residual}};
};
template <>
struct Names<GroupScore> {
  static constexpr std::array values{std::pair{std::string_view("best"), GroupScore::best},
                                     std::pair{std::string_view("best_two"), GroupScore::best_two}};
};
template <>
struct Names<Head> {
  static constexpr std::array values{std::pair{std::string_view("tied"), Head::tied},
                                     std::pair{std::string_view("separate"), Head::separate}};
};
template <>
struct Names<Scoring> {
  static constexpr std::array values{std::pair{std::string_view("softmax"), Scoring::softmax},
                                     std::pair{std::string_view("sigmoid"), Scoring::sigmoid}};
};
template <>
struct Names<RotaryScaling> {
  static constexpr std::array<std::string_view, 3> alternatives{"llama3", "yarn", "linear"};
};
template <>
struct Names<Mixer> {
  static constexpr std::array<std::string_view, 2> alternatives{"grouped", "latent"};
};
template <>
struct Names<FeedForward> {
  static constexpr std::array<std::string_view, 2> alternatives{"dense", "mixture"};
};

template <class Enum>
constexpr std::string_view name_of(Enum value) {
  for (const auto& [name, candidate] : Names<Enum>::values) {
    if (candidate == value) return name;
  }
  return "?";  // unreachable: Names lists every value, and a test checks it
}

}  // namespace llmarch
