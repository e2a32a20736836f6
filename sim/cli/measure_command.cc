#include <fmt/format.h>

#include "reports/proof_reports.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/spec/scaled.h"
#include "sim/study/agreement.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

// The reference kernels are loops that count: contexts beyond this take minutes.
constexpr std::int64_t kLongestContext = 4096;
constexpr std::int64_t kLargestBatch = 64;

Options measure_options() {
  Options options("options");
  const auto text = [](const char* value) {
    return po::value<std::string>()->value_name("N")->default_value(value);
  };
  options.add_options()("scaled", "on an instance that is scaled down and keeps its structure")(
      "context,c", text("9"), "keys that the decoded token attends")(
      "prompt,p", text("8"), "tokens of the prefill")("batch,b", text("1"), "sequences at a time")(
      "seed", text("1"), "of the synthetic weights and tokens");
  declare_specs(options);
  Outputs::declare(options);
  return options;
}

Integer bounded(const Values& values, const std::string& option, std::int64_t most) {
  const Integer value = parse_tokens(option, values[option].as<std::string>());
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

ExitStatus run_measure(const Arguments& arguments) {
  const Values values = parse_arguments(measure_options(), "model", arguments);
  const std::vector<std::string> names = positional_values(values, "model");
  if (names.size() != 1) {
    throw UsageError(fmt::format("measure takes one model, and {} are given", names.size()),
                     "llmarch measure deepseek-v3 --scaled");
  }
  if (values.count("scaled") == 0) {
    throw UsageError("runs at full size are not built yet",
                     "add --scaled: the same structure, small enough to count every operation");
  }
  const Integer context = bounded(values, "context", kLongestContext);
  const Integer prompt = bounded(values, "prompt", kLongestContext);
  const Integer batch = bounded(values, "batch", kLargestBatch);
  const auto seed =
      static_cast<std::uint64_t>(parse_tokens("seed", values["seed"].as<std::string>()).value());
  Outputs outputs(values);
  const Model model = Catalog(specs_folder(values)).find(names.front());
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

}  // namespace

Command measure_command() {
  return {
      "measure",
      "run a model and count: predicted beside counted, operation by operation",
      "llmarch measure MODEL --scaled [options]",
      "Runs an instance of the architecture that is scaled down and keeps its structure, on\n"
      "synthetic weights, with kernels that count their own arithmetic and what they open. Exit\n"
      "status 1 when a predicted figure is not the counted one.\n\n"
      "  llmarch measure deepseek-v3 --scaled\n"
      "  llmarch measure qwen3-30b-a3b --scaled --batch 3 --context 20",
      measure_options,
      run_measure};
}

}  // namespace llmarch::cli
