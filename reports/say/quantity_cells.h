// How a quantity becomes a cell and the axis of a chart, by its unit.
#pragma once

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/quantities.h"

namespace llmarch::reports {

Cell quantity_cell(Unit unit, const QuantityValue& value, Digits digits);

TickFormat ticks_of(Unit unit);

// "kv_bytes, bytes"; the name alone where there is no unit to say.
std::string labelled(const Quantity& quantity);

}  // namespace llmarch::reports
