// The disagreements in an agreement, as text: empty where everything agrees.
#pragma once

#include <sstream>
#include <string>

#include "kernels/measure/agreement.h"
#include "tests/support/show_work.h"

namespace llmarch {

inline std::string disagreement(const AgreementLine& line) {
  std::ostringstream text;
  text << "\n  " << line.block << ", " << line.operation << "\n    predicted ";
  PrintTo(line.predicted, &text);
  text << "\n    counted   ";
  PrintTo(line.counted, &text);
  return text.str();
}

// Every line that does not hold, including the total and the sums.
inline std::string disagreements(const Agreement& agreement) {
  if (agreement.holds()) return "";
  std::string text = agreement.step;
  for (const AgreementLine& line : agreement.lines) {
    if (!line.holds()) text += disagreement(line);
  }
  if (!agreement.total.holds()) text += disagreement(agreement.total);
  const auto sums = [&](const char* what, Elements predicted, Elements counted) {
    if (predicted == counted) return;
    text += std::string("\n  ") + what + ": predicted " + std::to_string(predicted.value()) +
            ", counted " + std::to_string(counted.value());
  };
  sums("parameters", agreement.predicted_parameters, agreement.counted_parameters);
  sums("cache", agreement.predicted_cache, agreement.counted_cache);
  sums("active", agreement.predicted_active.value_or(Elements()),
       agreement.counted_active.value_or(Elements()));
  return text;
}

}  // namespace llmarch
