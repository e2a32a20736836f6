// How the tables of quantities are written, one quantity a line: it is the same at every length, or
// depends on the context or on the prompt.
#pragma once

#include <string_view>

#include "sim/study/quantity.h"

namespace llmarch {

using Figures = PointFigures;
using V = QuantityValue;
using Of = V (*)(Figures&);

// A quantity that is the same at every length.
constexpr Quantity constant(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::never, Needs::nothing, of};
}

constexpr Quantity at_context(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::with_context, Needs::nothing, of};
}

constexpr Quantity at_prompt(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::with_prompt, Needs::nothing, of};
}

}  // namespace llmarch
