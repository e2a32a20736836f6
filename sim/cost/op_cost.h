// The price of one operation in one layer: a rule per operation, closed integer formulas.
#pragma once

#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch {

// The workload, multiplied out once for all operations.
struct RowCounts {
  Workload workload;
  Integer tokens;  // batch x new tokens
  Integer keys;    // batch x positions held after the step
  Integer logits;  // batch x positions whose logits are wanted
  Integer pairs;   // batch x (query, key) pairs of causal attention
};

RowCounts row_counts(const Workload& workload);

// The three matrices of one expert.
Elements elements_per_expert(const OpGraph& graph, const RunExperts& op);

// How many of `experts` are run by at least one of `rows` tokens that choose `chosen` each, under
// uniform routing: E (1 - (1 - k/E)^rows). The one figure that is an expectation and not a count.
double expected_distinct_experts(Integer experts, Integer chosen, Integer rows);

// The weights of that many experts, of `each` elements; exact with one row.
Elements expected_expert_elements(Elements each, Integer experts, Integer chosen, Integer rows);

Work price(const OpGraph& graph, const Block& block, const Op& op, const RowCounts& rows);

}  // namespace llmarch
