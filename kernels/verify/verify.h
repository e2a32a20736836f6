// verify: runs a checkpoint's tensors through our kernels and compares what comes out with what the
// reference implementation said. This file knows what is compared and what counts as
// equal.
#pragma once

#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/reference/executor.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/op_graph.h"

namespace llmarch {

// What the reference gave for one sequence; the layout is that of expected.safetensors.
struct Expected {
  std::vector<std::int64_t> input_ids;     // (tokens)
  std::vector<std::vector<float>> hidden;  // (layers + 1) x (tokens, hidden)
  std::vector<float> logits;               // (tokens, vocabulary)
  std::vector<RoutingTrace> routing;       // one for each mixture layer
};

// Throws FileError when the file is damaged, lacks something, disagrees with the graph's sizes, or
// holds tensors that are not known.
Expected load_expected(const std::filesystem::path& file, const OpGraph& graph);

enum class Compared { floats, choices };

// The largest deviation of one thing that was compared.
struct Deviation {
  Compared compared = Compared::floats;
  std::string what;    // "hidden state into layer 0", "experts of layer 3", "logits"
  double largest = 0;  // absolute; for chosen experts the number of tokens that chose otherwise
  double allowed = 0;
  std::int64_t position = 0;  // of the token where it is largest
  // False for what is not finite: no error, and nothing that a reference should say, is infinite.
  [[nodiscard]] bool holds() const { return std::isfinite(largest) && largest <= allowed; }
};

// One way of running the sequence.
struct VerifiedRun {
  std::string name;                   // "prefill of 24 tokens"
  std::vector<Deviation> deviations;  // in the order in which a forward pass makes them

  // The first that departs: where to look for the fault.
  [[nodiscard]] std::optional<Deviation> first_departure() const;
  [[nodiscard]] double largest_error() const;  // over hidden states, expert weights and logits
};

// What counts as equal. Floats may depart by `absolute`, or by `relative` times the largest of what
// is compared, whichever is more. Of the tokens, in each layer, the share `otherwise` may choose
// other experts.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
  double otherwise = 0;
};

// Runs the next step of one sequence and gives back everything that passed through; a step without
// a past begins the sequence anew.
using RunStep = std::function<Trace(const Workload&, std::span<const std::int64_t> token_ids)>;

// Prefill of all tokens, and prefill of a part with the rest token by token.
std::vector<VerifiedRun> verify(const RunStep& run_step, const Expected& expected,
                                const Tolerance& tolerance);
// With the reference kernels; floats may depart by `tolerance`.
std::vector<VerifiedRun> verify(const OpGraph& graph, const WeightStore& weights,
                                const Expected& expected, double tolerance);

}  // namespace llmarch
