// Quantities: everything that can be asked of a model by name, at one point of a sweep. The columns
// of a sweep, crossovers and the expressions of a study are all made of these; no other file knows
// their names. Their figures are made by point_figures.h.
#pragma once

#include <span>
#include <string_view>

#include "sim/study/quantity.h"

namespace llmarch {

std::string_view name_of(Unit unit);  // "bytes"

// Which of its needs the setting lacks; nothing where it lacks none.
Needs lacking(Needs needs, const PartialSetting& setting);

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
