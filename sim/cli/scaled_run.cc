#include "sim/cli/scaled_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/measure/agreement.h"
#include "reports/say/proof_reports.h"
#include "sim/cli/measure_options.h"
#include "sim/spec/scaled.h"

namespace llmarch::cli {
namespace {

// The reference kernels are loops that count: contexts beyond this take minutes.
constexpr std::int64_t kLongestContext = 4096;
constexpr std::int64_t kLargestBatch = 64;

constexpr std::int64_t kScaledContext = 9;
constexpr std::int64_t kScaledPrompt = 8;

Integer bounded(const std::string& option, Integer value, std::int64_t most) {
  if (value > most) {
    throw UsageError(fmt::format("--{} {} is more than the counting kernels should be asked for",
                                 option, value.value()),
                     fmt::format("at most {}", most));
  }
  return value;
}

void check_positions(const ArchSpec& small, Integer wanted) {
  if (!small.learned_positions || wanted <= *small.learned_positions) return;
  throw UsageError(fmt::format("{} positions, and the scaled-down instance has learned only {}",
                               wanted.value(), small.learned_positions->value()),
                   "ask for a shorter context or prompt");
}

void refuse_full_size_options(const Values& values) {
  for (const char* option : {"weights", "kv", "threads", "memory", "repeat", "checkpoint"}) {
    if (values.count(option) == 0) continue;
    throw UsageError(fmt::format("--{} has no meaning with --scaled", option),
                     "leave one of the two out");
  }
}

}  // namespace

ExitStatus scaled_run(const Values& values, const Model& model, Outputs& outputs) {
  refuse_full_size_options(values);
  const Integer context =
      bounded("context", tokens_or(values, "context", kScaledContext), kLongestContext);
  const Integer prompt =
      bounded("prompt", tokens_or(values, "prompt", kScaledPrompt), kLongestContext);
  const Integer batch = bounded("batch", tokens_or(values, "batch", 1), kLargestBatch);
  const auto seed = static_cast<std::uint64_t>(tokens_or(values, "seed", 1).value());
  const ArchSpec small = scale_down(model.spec);
  check_positions(small, std::max(context, prompt));
  const OpGraph graph = lower(small);
  const std::vector<Agreement> agreements{check_agreement(graph, decode(context, batch), seed),
                                          check_agreement(graph, prefill(prompt, batch), seed)};
  outputs.write({reports::agreement_document(model.spec.name, agreements)});
  for (const Agreement& agreement : agreements) {
    if (!agreement.holds()) return ExitStatus::check_failed;
  }
  return ExitStatus::done;
}

}  // namespace llmarch::cli
