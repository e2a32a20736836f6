// What a quantity is: its name, its unit, what it depends on and how it is found at a point. All
// quantities and what finds one by its name are in quantities.h.
#pragma once

#include <optional>
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

// times: a machine of one device, on which operations were measured; deployment: a machine and how
// the model is divided over its devices; placement: a machine, and what its host holds.
enum class Needs { nothing, machine, times, deployment, placement };

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

}  // namespace llmarch
