// How a quantity becomes a cell and the axis of a chart, by its unit.
#pragma once

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/quantities.h"

namespace llmarch::reports {

Cell quantity_cell(Unit unit, const QuantityValue& value, Digits digits);

TickFormat ticks_of(Unit unit);

// A sentence that says what a chart of at least one line shows at its end: which line is the lowest
// and which the highest, or from where on one of two is the lower. `what` names the quantity of
// lines that are models: "gemma-3-27b has the least kv_bytes"; it is empty where lines are
// quantities themselves. `unit` is that of the figures.
std::string sentence_of(const Chart& chart, const std::string& what, Unit unit);

// A quantity's name and unit: "decode_flops, FLOPs". The name alone where it has no unit or the
// name already contains it.
std::string labelled(const Quantity& quantity);

// With what it means: "kv_bytes: cache held at the context, for the whole batch".
std::string explained(const Quantity& quantity);

}  // namespace llmarch::reports
