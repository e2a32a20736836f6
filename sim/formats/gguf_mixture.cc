#include "sim/formats/gguf_mixture.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace llmarch {
namespace {

using Part = MixturePart;
using When = MixtureWhen;
using Exception = MixtureException;
using Role = WeightRole;

constexpr std::array kQ2K{Exception{Part::value, When::grouped, ggml::kQ4_K},
                          Exception{Part::value, When::always, ggml::kQ3_K},
                          Exception{Part::down, When::always, ggml::kQ3_K},
                          Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                          Exception{Part::attention_output, When::always, ggml::kQ3_K}};
constexpr std::array kQ2KS{Exception{Part::value, When::grouped, ggml::kQ4_K},
                           Exception{Part::down, When::first_eighth, ggml::kQ4_K}};
constexpr std::array kQ3KS{Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kQ3KM{Exception{Part::value, When::first_two, ggml::kQ5_K},
                           Exception{Part::value, When::always, ggml::kQ4_K},
                           Exception{Part::down, When::first_sixteenth, ggml::kQ5_K},
                           Exception{Part::down, When::always, ggml::kQ4_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                           Exception{Part::attention_output, When::always, ggml::kQ4_K}};
constexpr std::array kQ3KL{Exception{Part::value, When::always, ggml::kQ5_K},
                           Exception{Part::down, When::always, ggml::kQ5_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ3_K},
                           Exception{Part::attention_output, When::always, ggml::kQ5_K}};
constexpr std::array kQ4KS{Exception{Part::value, When::first_four, ggml::kQ5_K},
                           Exception{Part::down, When::first_eighth, ggml::kQ5_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kQ4KM{Exception{Part::value, When::more_bits, ggml::kQ6_K},
                           Exception{Part::down, When::more_bits, ggml::kQ6_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kQ5KM{Exception{Part::value, When::more_bits, ggml::kQ6_K},
                           Exception{Part::down, When::more_bits, ggml::kQ6_K}};
constexpr std::array kIq4{Exception{Part::value, When::grouped, ggml::kQ5_K},
                          Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kIq4Static{
    Exception{Part::value, When::grouped, ggml::kQ5_K},
    Exception{Part::down, When::first_eighth, ggml::kQ5_K},
    Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kQ4_0Matrix{Exception{Part::down, When::first_eighth, ggml::kQ4_1}};
constexpr std::array kQ5_0Matrix{Exception{Part::down, When::first_eighth, ggml::kQ5_1}};
constexpr std::array kIq3S{Exception{Part::value, When::grouped, ggml::kQ4_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kIq3M{Exception{Part::value, When::always, ggml::kQ4_K},
                           Exception{Part::down, When::first_eighth, ggml::kQ4_K},
                           Exception{Part::down, When::eight_experts_more_bits, ggml::kQ4_K},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                           Exception{Part::attention_output, When::always, ggml::kQ4_K}};
constexpr std::array kIq3Xs{Exception{Part::value, When::grouped, ggml::kQ4_K},
                            Exception{Part::key, When::always, ggml::kIq3_Xxs},
                            Exception{Part::query, When::always, ggml::kIq3_Xxs},
                            Exception{Part::gate, When::middle, ggml::kIq3_Xxs},
                            Exception{Part::up, When::middle, ggml::kIq3_Xxs},
                            Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kIq3Xxs{Exception{Part::value, When::grouped, ggml::kQ4_K},
                             Exception{Part::key, When::always, ggml::kIq2_S},
                             Exception{Part::query, When::always, ggml::kIq2_S},
                             Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                             Exception{Part::attention_output, When::always, ggml::kIq3_S}};
constexpr std::array kIq2{Exception{Part::value, When::many_sharers, ggml::kQ4_K},
                          Exception{Part::value, When::always, ggml::kQ2_K},
                          Exception{Part::key, When::eight_experts, ggml::kQ4_K},
                          Exception{Part::down, When::first_eighth, ggml::kQ2_K},
                          Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K}};
constexpr std::array kIq2S{Exception{Part::value, When::many_sharers, ggml::kQ4_K},
                           Exception{Part::value, When::always, ggml::kIq3_S},
                           Exception{Part::key, When::eight_experts, ggml::kQ4_K},
                           Exception{Part::down, When::first_eighth, ggml::kIq3_S},
                           Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                           Exception{Part::attention_output, When::always, ggml::kIq3_S}};
constexpr std::array kIq1{Exception{Part::value, When::many_sharers, ggml::kQ4_K},
                          Exception{Part::value, When::always, ggml::kQ2_K},
                          Exception{Part::key, When::eight_experts, ggml::kQ4_K},
                          Exception{Part::down, When::first_eighth, ggml::kQ2_K},
                          Exception{Part::attention_output, When::eight_experts, ggml::kQ5_K},
                          Exception{Part::attention_output, When::always, ggml::kIq2_Xxs}};

using Exceptions = std::span<const Exception>;

// The head has at least six bits.
constexpr Mixture usual(std::string_view name, const StorageFormat& format,
                        Exceptions exceptions = {}) {
  return {name, format, exceptions, ggml::kQ6_K, format};
}
// The narrowest.
constexpr Mixture narrow(std::string_view name, const StorageFormat& format, Exceptions exceptions,
                         const StorageFormat& embedding) {
  return {name, format, exceptions, ggml::kQ5_K, embedding, false};
}

const std::array kMixtures{usual("q4_0", ggml::kQ4_0),
                           usual("q4_1", ggml::kQ4_1),
                           usual("q5_0", ggml::kQ5_0),
                           usual("q5_1", ggml::kQ5_1),
                           Mixture{"q8_0", ggml::kQ8_0, {}, ggml::kQ8_0, ggml::kQ8_0},
                           usual("q2_k", ggml::kQ2_K, kQ2K),
                           usual("q2_k_s", ggml::kQ2_K, kQ2KS),
                           usual("q3_k_s", ggml::kQ3_K, kQ3KS),
                           usual("q3_k_m", ggml::kQ3_K, kQ3KM),
                           usual("q3_k_l", ggml::kQ3_K, kQ3KL),
                           usual("q4_k_s", ggml::kQ4_K, kQ4KS),
                           usual("q4_k_m", ggml::kQ4_K, kQ4KM),
                           usual("q5_k_s", ggml::kQ5_K),
                           usual("q5_k_m", ggml::kQ5_K, kQ5KM),
                           usual("q6_k", ggml::kQ6_K),
                           usual("iq4_nl", ggml::kIq4_Nl, kIq4),
                           usual("iq4_xs", ggml::kIq4_Xs, kIq4),
                           usual("iq4_nl-static", ggml::kIq4_Nl, kIq4Static),
                           usual("iq4_xs-static", ggml::kIq4_Xs, kIq4Static),
                           usual("q4_0-imatrix", ggml::kQ4_0, kQ4_0Matrix),
                           usual("q5_0-imatrix", ggml::kQ5_0, kQ5_0Matrix),
                           usual("iq3_m", ggml::kIq3_S, kIq3M),
                           usual("iq3_s", ggml::kIq3_S, kIq3S),
                           usual("iq3_xs", ggml::kIq3_S, kIq3Xs),
                           Mixture{"iq3_xxs", ggml::kIq3_Xxs, kIq3Xxs, ggml::kQ5_K, ggml::kIq3_S},
                           narrow("iq2_m", ggml::kIq2_S, kIq2S, ggml::kIq3_S),
                           narrow("iq2_s", ggml::kIq2_Xs, kIq2S, ggml::kIq3_S),
                           narrow("iq2_xs", ggml::kIq2_Xs, kIq2, ggml::kQ2_K),
                           narrow("iq2_xxs", ggml::kIq2_Xxs, kIq2, ggml::kQ2_K),
                           narrow("iq1_m", ggml::kIq1_M, kIq1, ggml::kQ2_K),
                           narrow("iq1_s", ggml::kIq1_S, kIq1, ggml::kQ2_K),
                           Mixture{"tq1_0", ggml::kTq1_0, {}, ggml::kQ6_K, ggml::kQ4_K},
                           Mixture{"tq2_0", ggml::kTq2_0, {}, ggml::kQ6_K, ggml::kQ4_K}};

// The roles that fall under a part; experts and the experts that every token takes as well.
std::optional<Part> part_of_role(Role role) {
  constexpr std::array<std::pair<Role, Part>, 13> kParts{
      {{Role::query, Part::query},
       {Role::key, Part::key},
       {Role::value, Part::value},
       {Role::attention_output, Part::attention_output},
       {Role::gate, Part::gate},
       {Role::expert_gate, Part::gate},
       {Role::shared_gate, Part::gate},
       {Role::up, Part::up},
       {Role::expert_up, Part::up},
       {Role::shared_up, Part::up},
       {Role::down, Part::down},
       {Role::expert_down, Part::down},
       {Role::shared_down, Part::down}}};
  for (const auto& [each, part] : kParts) {
    if (each == role) return part;
  }
  return std::nullopt;
}

// llama.cpp counts the tensors of a part as it comes to them, and layers where there are experts.
struct Counted {
  Integer index, of;
};
Counted counted(Part part, const TensorPlace& place, const ModelShape& model) {
  const bool by_layer = part != Part::value && model.experts > 1;
  if (by_layer) return {place.layer.value_or(0), model.layers};
  return {place.before, part == Part::value ? place.of : model.layers};
}

bool has_more_bits(const Counted& at) {
  return at.index < at.of / 8 || at.index >= 7 * at.of / 8 || (at.index - at.of / 8) % 3 == 2;
}

bool applies(When when, const Counted& at, const ModelShape& model) {
  switch (when) {
    case When::always: return true;
    case When::more_bits: return has_more_bits(at);
    case When::first_eighth: return at.index < at.of / 8;
    case When::first_sixteenth: return at.index < at.of / 16;
    case When::first_two: return at.index < 2;
    case When::first_four: return at.index < 4;
    case When::middle: return at.index >= at.of / 8 && at.index < 7 * at.of / 8;
    case When::grouped: return model.queries_per_key >= 4;
    case When::many_sharers: return model.queries_per_key >= 4 || model.experts >= 4;
    case When::eight_experts: return model.experts == 8;
    case When::eight_experts_more_bits: return model.experts == 8 && has_more_bits(at);
  }
  throw std::logic_error("applies: a condition outside the enumeration");
}

// What llama.cpp takes for the model of 70 B parameters: by its layers.
bool is_seventy_billion(const ModelShape& model) {
  return model.layers == 80 && model.queries_per_key > 1;
}

StorageFormat raised(const StorageFormat& format, Part part, const ModelShape& model) {
  const bool of_values = part == Part::value;
  if ((of_values || part == Part::key) && model.experts == 8) return ggml::kQ8_0;
  const bool narrow = format == ggml::kQ3_K || format == ggml::kQ4_K;
  return of_values && narrow && is_seventy_billion(model) ? ggml::kQ5_K : format;
}

StorageFormat of_matrix(const Mixture& mixture, const TensorPlace& place, const ModelShape& model) {
  const std::optional<Part> part = part_of_role(place.weight.role);
  if (!part) return mixture.format;
  const Counted at = counted(*part, place, model);
  StorageFormat format = mixture.format;
  for (const Exception& exception : mixture.exceptions) {
    if (exception.part != *part || !applies(exception.when, at, model)) continue;
    format = exception.format;
    break;
  }
  return mixture.raises_values ? raised(format, *part, model) : format;
}

Integer block_of(const StorageFormat& format) {
  return format.scales.front().bytes == 0 ? Integer(1) : format.scales.front().columns;
}

// The type of smaller blocks that llama.cpp takes where rows are no whole blocks of `format`.
StorageFormat of_smaller_blocks(const StorageFormat& format) {
  if (format == ggml::kQ4_K) return ggml::kQ5_0;
  if (format == ggml::kQ5_K) return ggml::kQ5_1;
  if (format == ggml::kQ6_K) return ggml::kQ8_0;
  const bool by_q4_0 = format == ggml::kQ2_K || format == ggml::kQ3_K || format == ggml::kTq1_0 ||
                       format == ggml::kTq2_0;
  return by_q4_0 ? ggml::kQ4_0 : ggml::kIq4_Nl;
}

StorageFormat fitting(const StorageFormat& format, Integer columns) {
  if (columns % block_of(format) == 0) return format;
  const StorageFormat smaller = of_smaller_blocks(format);
  return columns % block_of(smaller) == 0 ? smaller : ggml::kF16;
}

// What llama-quantize leaves as it is: f32, or the 16 bits of the file that it reads.
std::optional<StorageFormat> never_quantised(const Weight& weight) {
  if (is_vector(weight.role) || kind_of(weight.role) == WeightKind::taps) return ggml::kF32;
  const Component part = component_of(weight.role);
  if (part == Component::router || part == Component::position_embedding) return ggml::kF32;
  if (weight.role == Role::shared_gate_vector) return ggml::kF32;
  const bool small = part == Component::parallel_streams || part == Component::low_rank_residual ||
                     weight.role == Role::per_layer_projection;
  return small ? std::optional(ggml::kF16) : std::nullopt;
}

}  // namespace

std::span<const Mixture> gguf_mixtures() {
  return kMixtures;
}

StorageFormat format_in(const Mixture& mixture, const TensorPlace& place, const ModelShape& model) {
  const Weight& weight = place.weight;
  if (const auto kept = never_quantised(weight)) return *kept;
  const bool table = kind_of(weight.role) == WeightKind::table;
  const bool is_head = weight.role == Role::head || (table && model.tied);
  if (is_head && weight.columns % block_of(mixture.format) != 0)
    return fitting(ggml::kQ8_0, weight.columns);
  const StorageFormat wanted = is_head ? mixture.head
                               : table ? mixture.embedding
                                       : of_matrix(mixture, place, model);
  return fitting(wanted, weight.columns);
}

StorageFormat format_in_pure(const StorageFormat& format, const Weight& weight) {
  const auto kept = never_quantised(weight);
  return kept ? *kept : fitting(format, weight.columns);
}

}  // namespace llmarch
