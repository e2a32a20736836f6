// What was counted of a step, held to what is predicted of it.
#pragma once

#include <span>
#include <sstream>
#include <string>

#include "kernels/measure/agreement.h"
#include "tests/support/show_work.h"

namespace llmarch {

// The first operation for which other work was counted than is predicted, with the experts that ran
// and the rows that were routed in the place of the expectations; empty where there is none.
inline std::string different_work(const OpGraph& graph, const Workload& workload,
                                  std::span<const Execution::ExpertsRun> experts_run,
                                  const Book& counted, std::span<const RowsRouted> routed = {}) {
  const Book predicted = predict_given(graph, workload, experts_run, routed);
  for (const AgreementLine& line : lay_side_by_side(graph, predicted, counted)) {
    if (line.holds()) continue;
    std::ostringstream text;
    text << line.block << ", " << line.operation << ": predicted ";
    PrintTo(line.predicted, &text);
    text << ", counted ";
    PrintTo(line.counted, &text);
    return text.str();
  }
  return "";
}

}  // namespace llmarch
