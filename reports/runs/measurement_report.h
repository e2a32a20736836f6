// A run at full size as a document: predicted, counted and timed side by side, then the time by
// kind of operation, then warnings and conventions. The figures are made by kernels/measure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/measure/measurement.h"
#include "reports/document/document.h"
#include "reports/say/cells.h"

namespace llmarch::reports {

// The circumstances of the run.
struct RunContext {
  std::string processor;        // "AMD EPYC 9575F"
  Integer of_threads;           // the most that the process may run at a time
  std::string instruction_set;  // "avx512_bf16"
  std::string compiler;         // "GCC 12.2.0"
  std::string build_type;       // "Release"
  std::optional<double> load;   // mean number of running processes before the run
  std::string weights_from;     // "synthetic weights", "the weights of ./checkpoint"
};

// partial: the run was interrupted before all of it was timed.
enum class Completeness { complete, partial };

// `warnings` are shown below the figures that they put in doubt.
Document measurement_document(const Measurement& measurement, const RunContext& context,
                              Completeness completeness, const std::vector<std::string>& warnings,
                              Digits digits);

// Warnings that follow from the figures themselves: repeats that vary too much, a time below its
// floor, a count that differs from the predicted one.
std::vector<std::string> measurement_warnings(const Measurement& measurement);

// "2 of 61 layers, 64 of 256 experts held"; "the whole model is held".
std::string held_phrase(const HeldCounts& held);

}  // namespace llmarch::reports
