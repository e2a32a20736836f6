// The cost rules: the price of each operation in one layer, in closed integer formulas.
#pragma once

#include "sim/cost/price.h"

namespace llmarch {

Price price(const OpGraph& graph, const Block& block, const Op& op);

// The same, added to what is there.
void add_price(const OpGraph& graph, const Block& block, const Op& op, Price& sum);

}  // namespace llmarch
