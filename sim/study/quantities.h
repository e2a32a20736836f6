// Quantities: everything that can be asked of a model by name, at one point of a sweep. The columns
// of a sweep, crossovers and the expressions of a study are all made of these; no other file knows
// their names. Their figures are made by point_figures.h.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "sim/study/point_figures.h"

namespace llmarch {

// The unit of a figure, from which reports know how to show it.
enum class Unit {
  number,
  parameters,
  tokens,
  bytes,
  flops,
  calls,
  flops_per_byte,
  seconds,
  tokens_per_second,
};

std::string_view name_of(Unit unit);  // "bytes"

// times: a machine of one device, on which operations were measured; deployment: a machine and how
// the model is divided over its devices.
enum class Needs { nothing, machine, times, deployment };

// Which of its needs the setting lacks; nothing where it lacks none.
Needs lacking(Needs needs, const PartialSetting& setting);

// Which length a quantity depends on. No quantity depends on both.
enum class Varies { never, with_context, with_prompt };

// Whole numbers are exact; ratios and times are not.
using QuantityValue = std::variant<Integer, double>;

struct Quantity {
  std::string_view name;     // "kv_bytes"
  std::string_view meaning;  // "KV cache at the context, for the whole batch"
  Unit unit = Unit::number;
  Varies varies = Varies::never;
  Needs needs = Needs::nothing;
  QuantityValue (*of)(PointFigures& figures) = nullptr;
  std::optional<Component> component = {};  // of which these are the parameters
};

// In the order in which help lists them.
std::span<const Quantity> quantities();

// Null when no quantity has that name.
const Quantity* find_quantity(std::string_view name);
// The name of the quantity that is a component's parameters; empty where none is.
std::string_view quantity_of(Component component);

// Not to be called for a quantity that lacks something. Throws Overflow when a
// figure exceeds 64 bits.
QuantityValue evaluate(const Quantity& quantity, const ModelCurves& curves, Integer context,
                       Integer prompt);

double as_double(const QuantityValue& value);

}  // namespace llmarch
