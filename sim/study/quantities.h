// Quantities: everything that can be asked of a model by name, at one point of a sweep. A sweep's
// columns, a crossover and the expressions of a study are all made of these; nothing else knows
// their names. The figures behind them are made by point_figures.h.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "sim/study/point_figures.h"

namespace llmarch {

// How a figure is to be read, and shown.
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

enum class Needs { nothing, machine };

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
};

// In the order in which they are listed to people.
std::span<const Quantity> quantities();

// None when there is none of that name.
const Quantity* find_quantity(std::string_view name);

// A quantity that needs a machine is only asked for where there is one. Throws Overflow when a
// figure exceeds 64 bits.
QuantityValue evaluate(const Quantity& quantity, const ModelCurves& curves, Integer context,
                       Integer prompt);

double as_double(const QuantityValue& value);

}  // namespace llmarch
