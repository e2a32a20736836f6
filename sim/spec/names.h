// What a file calls the values of each enumeration and the alternatives of each variant of a spec.
// The fields that take them are declared in fields.h.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <variant>

#include "sim/enumerators.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// The names of an enumeration's values, and of a variant's alternatives, as a file writes them.
template <class Type>
struct Names;

// A value that files and options write as a text with a grammar of its own: read(text) gives it, or
// says what is wrong with the text.
template <class Value>
concept SpelledOut = requires(std::string_view text) {
  Names<Value>::read(text);
};

// `names` as an array, if every alternative of the variant has its name; else it does not compile.
template <class Variant, std::size_t count>
consteval auto each_alternative(const std::string_view (&names)[count]) {
  static_assert(count == std::variant_size_v<Variant>, "every alternative has one name");
  return std::to_array(names);
}

template <>
struct Names<NormKind> {
  static constexpr auto values =
      each_named<NormKind>({{"rms", NormKind::rms}, {"layer", NormKind::layer}});
};
template <>
struct Names<NormOmission> {
  static constexpr auto values = each_named<NormOmission>(
      {{"bias", NormOmission::bias}, {"weight_and_bias", NormOmission::weight_and_bias}});
};
template <>
struct Names<Activation> {
  static constexpr auto values =
      each_named<Activation>({{"gelu_tanh", Activation::gelu_tanh},
                              {"gelu_erf", Activation::gelu_erf},
                              {"silu", Activation::silu},
                              {"relu", Activation::relu},
                              {"tanh", Activation::tanh},
                              {"sigmoid", Activation::sigmoid},
                              {"softplus", Activation::softplus},
                              {"quick_gelu", Activation::quick_gelu},
                              {"relu_squared", Activation::relu_squared}});
};
template <>
struct Names<RotaryLayout> {
  static constexpr auto values = each_named<RotaryLayout>(
      {{"half_split", RotaryLayout::half_split}, {"interleaved", RotaryLayout::interleaved}});
};
template <>
struct Names<QkNorm> {
  static constexpr auto values =
      each_named<QkNorm>({{"per_head", QkNorm::per_head},
                          {"whole", QkNorm::whole},
                          {"unweighted_after_rotation", QkNorm::unweighted_after_rotation},
                          {"per_head_after_rotation", QkNorm::per_head_after_rotation},
                          {"layer_per_head", QkNorm::layer_per_head},
                          {"layer_of_each_head", QkNorm::layer_of_each_head}});
};
template <>
struct Names<NormPlacement> {
  static constexpr auto values =
      each_named<NormPlacement>({{"before", NormPlacement::before},
                                 {"after", NormPlacement::after},
                                 {"before_and_after", NormPlacement::before_and_after},
                                 {"after_residual", NormPlacement::after_residual},
                                 {"before_residual", NormPlacement::before_residual}});
};
template <>
struct Names<GroupScore> {
  static constexpr auto values =
      each_named<GroupScore>({{"best", GroupScore::best}, {"best_two", GroupScore::best_two}});
};
template <>
struct Names<Head> {
  static constexpr auto values =
      each_named<Head>({{"tied", Head::tied}, {"separate", Head::separate}, {"none", Head::none}});
};
template <>
struct Names<Scoring> {
  static constexpr auto values = each_named<Scoring>({{"softmax", Scoring::softmax},
                                                      {"sigmoid", Scoring::sigmoid},
                                                      {"sparsemixer", Scoring::sparsemixer},
                                                      {"chosen_softmax", Scoring::chosen_softmax},
                                                      {"root_softplus", Scoring::root_softplus}});
};
template <>
struct Names<GateWidth> {
  static constexpr auto values =
      each_named<GateWidth>({{"element", GateWidth::element}, {"head", GateWidth::head}});
};
template <>
struct Names<GateLimitPlace> {
  static constexpr auto values =
      each_named<GateLimitPlace>({{"before_activation", GateLimitPlace::before_activation},
                                  {"after_activation", GateLimitPlace::after_activation}});
};
template <>
struct Names<Alibi> {
  static constexpr auto values = each_named<Alibi>(
      {{"after_scaling", Alibi::after_scaling}, {"before_scaling", Alibi::before_scaling}});
};
template <>
struct Names<RotaryScaling> {
  static constexpr auto alternatives =
      each_alternative<RotaryScaling>({"llama3", "yarn", "linear", "dynamic", "longrope"});
};
template <>
struct Names<Mixer> {
  static constexpr auto alternatives =
      each_alternative<Mixer>({"grouped", "latent", "short_convolution", "gated_delta_net",
                               "mamba2", "lightning", "kimi_delta", "mamba1", "compressed"});
};
template <>
struct Names<FeedForward> {
  static constexpr auto alternatives = each_alternative<FeedForward>({"dense", "mixture"});
};

// What a file calls one table of a list, and how many of them the list may hold.
template <>
struct Names<Segment> {
  static constexpr std::string_view item = "segment";
  static constexpr std::size_t most = 100'000;
};
template <>
struct Names<Sublayer> {
  static constexpr std::string_view item = "sublayer";
  static constexpr std::size_t most = 64;
};
template <>
struct Names<SublayerBlock> {
  static constexpr std::string_view item = "block";
  static constexpr std::size_t most = 16;
};

// A struct of which a file holds lists.
template <class Struct>
concept ListItem = requires {
  Names<Struct>::item;
};

template <class Enum>
constexpr std::string_view name_of(Enum value) {
  return Names<Enum>::values.at(static_cast<std::size_t>(value)).first;
}

// The value of that name; none where none has it.
template <class Enum>
constexpr std::optional<Enum> value_of_name(std::string_view name) {
  for (const auto& [known, value] : Names<Enum>::values) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace llmarch
