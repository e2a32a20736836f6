// How a quantity becomes a cell and the axis of a chart, by its unit.
#pragma once

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/quantities.h"

namespace llmarch::reports {

Cell quantity_cell(Unit unit, const QuantityValue& value, Digits digits);

TickFormat ticks_of(Unit unit);

// A quantity's name and unit: "decode_flops, FLOPs". The name alone where it has no unit or the
// name already contains it.
std::string labelled(const Quantity& quantity);

}  // namespace llmarch::reports
