// Fits the coefficients of estimates to measured rows, and says how far estimates are off in the
// rows that were kept to judge by.
#pragma once

#include <string>
#include <vector>

#include "tests/measured/rows.h"

namespace llmarch::measured {

// The value that so large a part of all values, of which there is one at least, does not exceed.
double quantile(std::vector<double> values, double part);

// Both fit to the rows of Part::fit alone.
std::vector<MachineTimes> fit_operations(const std::vector<TimedRow>& rows);
std::vector<EngineTimes> fit_engines(const std::vector<ServedRow>& rows);

// Seconds by the estimate.
double estimated_seconds(const std::vector<MachineTimes>& machines, const TimedRow& row);

// What an estimate gives for a row, over what was measured, and the groups it is shown in.
struct Error {
  double over = 1;
  Part part;
  std::vector<std::pair<std::string, std::string>> groups;  // "machine", "h100_sxm"
  [[nodiscard]] double absolute() const { return over < 1 ? 1 - over : over - 1; }
};

std::vector<Error> operation_errors(const std::vector<TimedRow>& rows,
                                    const std::vector<MachineTimes>& machines);
std::vector<Error> served_errors(const std::vector<ServedRow>& rows,
                                 const std::vector<EngineTimes>& engines);
// The errors of each model's rows by a fit to the rows of the other models.
std::vector<Error> errors_without_model(const std::vector<ServedRow>& rows);

// The errors of first tokens, where the sequence does not wait for others to end.
std::vector<Error> first_errors(const std::vector<ServedRow>& rows,
                                const std::vector<EngineTimes>& engines);

// What engines make of the steps of ranks. A token takes
//   step + sequence m + decode D + link X + exchange N + prefill (P + link X') n / o
// with D, P, n and o as in EngineTimes, all of one rank; X and X', the least time that its links
// are busy in the step and in the prefill; N exchanges in the step; and m sequences on all ranks,
// for each of which the engine itself has something to do.
struct RankTimes {
  std::string engine;
  double decode = 1, prefill = 1, link = 1;
  double exchange = 1e-5, step = 1e-3, sequence = 1e-5;  // seconds
  [[nodiscard]] double token_seconds(const ServedRow& row) const;
};
// Fits to the rows of Part::fit alone.
std::vector<RankTimes> fit_ranks(const std::vector<ServedRow>& rows);
std::vector<Error> rank_errors(const std::vector<ServedRow>& rows,
                               const std::vector<RankTimes>& engines);
std::vector<Error> rank_errors_without_model(const std::vector<ServedRow>& rows);

// Judges by the rows of that part.
Judged judged(const std::vector<Error>& errors, Part part);

}  // namespace llmarch::measured
