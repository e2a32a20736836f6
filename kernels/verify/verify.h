// verify: runs a checkpoint's tensors through our kernels and compares the results with those of
// the reference implementation. This file knows what is compared and what counts as equal; where
// the results that are compared with come from is known by kernels/verify/expected.h.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/verify/expected.h"

namespace llmarch {

// counts: what ranks sent to each other, beside what is predicted of them.
enum class Compared { floats, choices, counts };

// The largest deviation of one compared quantity.
struct Deviation {
  Compared compared = Compared::floats;
  std::string what;    // "hidden state into layer 0", "experts of layer 3", "logits"
  double largest = 0;  // absolute; for choices the number of tokens that chose otherwise
  double allowed = 0;
  std::int64_t position = 0;  // of the token where it is largest
  // A value that is not finite never holds, since no reference should contain one.
  [[nodiscard]] bool holds() const { return std::isfinite(largest) && largest <= allowed; }
};

// One way of running the sequence.
struct VerifiedRun {
  std::string name;                   // "prefill of 24 tokens"
  std::vector<Deviation> deviations;  // in the order of a forward pass

  // The first deviation that does not hold, from which the search for the fault begins.
  [[nodiscard]] std::optional<Deviation> first_departure() const;
  [[nodiscard]] double largest_error() const;  // over hidden states, expert weights and logits
};

// What counts as equal. Floats may depart by `absolute`, or by `relative` times the largest of the
// compared values, whichever is more. In each layer the share `otherwise` of the tokens may choose
// other experts, or other keys for any of their groups of heads.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
  double otherwise = 0;
};

// Whether a model has layers of the delta rule, which magnify what is rounded: the reference's own
// two forms of it, by step and by chunk, differ by up to 2e-4 after a few layers.
bool magnifies_rounding(const OpGraph& graph);

// By how much floats may depart from the published results of such a model: by 1e-3 where it
// magnifies rounding, by 1e-4 otherwise.
double published_tolerance(const OpGraph& graph);

// Runs the next step of one sequence and returns everything that passed through; a step without a
// past starts the sequence anew.
using RunStep = std::function<Trace(const Workload&, std::span<const std::int64_t> token_ids)>;

// Runs all tokens as one prefill, and then a part as prefill and the rest token by token; in a
// prefill recurrences run in that form.
std::vector<VerifiedRun> verify(const RunStep& run_step, const Expected& expected,
                                const Tolerance& tolerance,
                                RecurrenceForm prefill_form = RecurrenceForm::by_step);
// The same with the reference kernels; floats may depart by `tolerance`.
std::vector<VerifiedRun> verify(const OpGraph& graph, const WeightStore& weights,
                                const Expected& expected, double tolerance,
                                RecurrenceForm prefill_form = RecurrenceForm::by_step);

}  // namespace llmarch
