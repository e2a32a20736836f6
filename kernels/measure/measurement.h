// A run at full size as plain values: what was predicted, counted and timed of one model on this
// machine, and the machine's own limits in the same minutes. Every figure of the table is computed
// here; how a run is made is known by measure.h.
#pragma once

#include <optional>
#include <vector>

#include "kernels/measure/holding.h"
#include "kernels/measure/spread.h"
#include "sim/cost/roofline.h"
#include "sim/figures.h"
#include "sim/graph/work_kind.h"
#include "sim/graph/workload.h"
#include "sim/study/model.h"
#include "sim/study/step.h"

namespace llmarch {

// What this machine can do per second with the threads of the run.
struct MachineLimits {
  double read_bandwidth = 0;  // bytes
  double f32_flops = 0;
  double bf16_flops = 0;
  double int8_operations = 0;
};

// The rates where products are computed in that format: f32, bf16 or int8.
Rates rates_of(const MachineLimits& limits, DType arithmetic);

struct KindFigures {
  WorkKind kind;
  Work counted;
  Floor floor;
  double seconds = 0;  // its share of the median
};

// An operation whose counted work differs from the predicted.
struct Difference {
  std::string block, operation;
};

// One step, decode or prefill, of the whole model; a slice's figures are scaled up to it.
struct TimedStep {
  Workload workload;
  Work predicted;
  Work counted;
  // With several tokens, the number of distinct experts is predicted as an expectation, and so are
  // the bytes of their weights. They are shown beside the counted ones but never called exact.
  bool expected_bytes = false;
  std::vector<Difference> differences;
  MachineLimits limits;  // during the repeats (paired_limits.h)
  Rates rates;           // of these limits, for the fastest arithmetic of the run
  Floor floor;           // of the counted work, its states read and written once, at these rates
  Spread seconds;        // of the repeats
  std::vector<KindFigures> kinds;
  double between_seconds = 0;  // outside every operation; adds up with the kinds

  [[nodiscard]] Integer tokens() const { return workload.batch * workload.tokens; }
  [[nodiscard]] Spread tokens_per_second() const { return rate_of(tokens().as_double(), seconds); }
};

// One quantity in both books.
struct Pair {
  Integer predicted;
  Integer counted;
  [[nodiscard]] bool exact() const { return predicted == counted; }
};

struct Measurement {
  std::string model;
  RunSetting run;
  HeldCounts held;
  std::optional<Pair> parameters;         // elements; known once the weights are made
  std::optional<Pair> active_parameters;  // elements, convention A; of a decode step of one token
  std::optional<Pair> cache;              // bytes, at the context
  std::optional<TimedStep> decode;
  std::optional<TimedStep> prefill;

  [[nodiscard]] bool whole() const;
  // Everything was run, and predicted and counted figures are equal to the unit: parameters, active
  // parameters, cache, and the work of every operation, except the weights of experts that several
  // tokens chose.
  [[nodiscard]] bool exact() const;
  // The bandwidth during decode, which it bounds, and the peaks during prefill, which they bound.
  // With only one phase, all are its own. Zeros where nothing was timed.
  [[nodiscard]] MachineLimits limits() const;
};

// A timed figure below its floor. Then one of the two is wrong, or the data was in the processor's
// cache.
bool below_floor(const TimedStep& step);

}  // namespace llmarch
