// Fits the coefficients of estimates to measured rows, and says how far estimates are off in the
// rows that were kept to judge by.
#pragma once

#include <string>
#include <vector>

#include "tests/measured/rows.h"

namespace llmarch::measured {

// Of the rows of Part::fit alone.
std::vector<MachineTimes> fit_operations(const std::vector<TimedRow>& rows);
std::vector<EngineTimes> fit_engines(const std::vector<ServedRow>& rows);

// Seconds by the estimate.
double estimated_seconds(const std::vector<MachineTimes>& machines, const TimedRow& row);

// What an estimate gives for a row, over what was measured. `group`s are what errors are shown by.
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
// Of rows to judge by, each by a fit that leaves its model out; of those alone whose engine is
// left.
std::vector<Error> errors_without_model(const std::vector<ServedRow>& rows);

// The errors of first tokens, where the sequence does not wait for others to end.
std::vector<Error> first_errors(const std::vector<ServedRow>& rows,
                                const std::vector<EngineTimes>& engines);

// Of the rows of that part.
Judged judged(const std::vector<Error>& errors, Part part);

}  // namespace llmarch::measured
