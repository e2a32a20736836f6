// Agreement: the predicted book beside the counted one, operation by operation. Both are made from
// one graph, independently of each other; where they differ, one of the two is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/reference/executor.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch {

struct AgreementLine {
  std::string block;
  std::string operation;
  Integer layers;
  Work predicted;
  Work counted;
  // The predicted weights are those of the experts that were counted, so their equality proves the
  // size of an expert and not the number of experts.
  bool given_experts = false;
  [[nodiscard]] bool holds() const { return predicted == counted; }
};

// How many experts ran. For one token the prediction is exact; for more it is an expectation under
// uniform routing, so the experts' line is compared with the price of the number that really ran.
struct ExpertCount {
  std::string block;
  double expected = 0;  // over all layers of the block
  Integer counted;
};

struct Agreement {
  std::string step;  // "decode of 1 token at context 9, batch 2"
  std::vector<AgreementLine> lines;
  AgreementLine total;
  std::vector<ExpertCount> experts;
  Elements predicted_parameters, counted_parameters;
  Elements predicted_cache, counted_cache;  // held after the step
  // Only for a step with one token, which touches exactly the active parameters.
  std::optional<Elements> predicted_active, counted_active;

  [[nodiscard]] bool holds() const;
};

// Whether a token may choose what has no weights, or weights of another rank, so that how many
// experts it runs is predicted as an expectation.
bool expects_runs(const Op& op);
// Whether the weights of experts that the operation reads are an expectation: also where several
// tokens choose, for the number of distinct experts among their choices.
bool expects_experts(const Op& op, const Workload& workload);

// How many rows an operation sends to other ranks by the experts that they choose, and how many
// come to it, in all layers of its block.
struct RowsRouted {
  std::size_t block;
  std::size_t node;
  Integer leaving, arriving;
};

// Those of one of the ranks that ran a step, from the choices that all of them made; `graphs` are
// those of the ranks.
std::vector<RowsRouted> rows_routed(std::span<const OpGraph> graphs,
                                    std::span<const Execution> executions, std::size_t rank);

// What `workload` costs if these experts run and these rows are routed, in the place of the
// expectations.
Book predict_given(const OpGraph& graph, const Workload& workload,
                   std::span<const Execution::ExpertsRun> experts_run,
                   std::span<const RowsRouted> routed = {});

// Every operation of either book, those of the predicted one first. An operation that is in only
// one of them has no work on the other side.
std::vector<AgreementLine> lay_side_by_side(const OpGraph& graph, const Book& predicted,
                                            const Book& counted);

// Runs `workload` on synthetic weights with counted arithmetic, after a prefill of its past, and
// predicts the same. Deterministic in `seed`.
Agreement check_agreement(const OpGraph& graph, const Workload& workload, std::uint64_t seed);

}  // namespace llmarch
