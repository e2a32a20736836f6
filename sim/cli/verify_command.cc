#include "kernels/verify.h"

#include <fmt/format.h>

#include "kernels/weights/checkpoint.h"
#include "reports/proof_reports.h"
#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

// What two implementations in float32 may differ by; the golden vectors are published with it.
constexpr double kTolerance = 1e-4;

Options verify_options() {
  Options options("options");
  Outputs::declare(options);
  return options;
}

std::vector<VerifiedRun> verify_folder(const std::filesystem::path& folder) {
  const auto [model, naming] = load_config_file(folder / "config.json");
  const auto checkpoint = SafetensorsCheckpoint::open(folder);
  const WeightStore weights = load_weights(model.graph, checkpoint, naming, model.spec.head);
  const Expected expected = load_expected(folder / "expected.safetensors", model.graph);
  const auto tokens = static_cast<std::int64_t>(expected.input_ids.size());
  if (tokens > model.spec.context_limit.value()) {
    throw FileError(folder / "expected.safetensors",
                    fmt::format("{} tokens are beyond the context limit of {}", tokens,
                                model.spec.context_limit.value()));
  }
  return verify(model.graph, weights, expected, kTolerance);
}

ExitStatus run_verify(const Arguments& arguments) {
  const Values values = parse_arguments(verify_options(), "folder", arguments);
  const std::vector<std::string> folders = positional_values(values, "folder");
  if (folders.size() != 1) {
    throw UsageError(fmt::format("verify takes one folder, and {} are given", folders.size()),
                     "llmarch verify path/to/checkpoint");
  }
  Outputs outputs(values);
  const std::vector<VerifiedRun> runs = verify_folder(folders.front());
  outputs.write({reports::verify_document(folders.front(), runs)});
  for (const VerifiedRun& run : runs) {
    if (run.first_departure()) return ExitStatus::check_failed;
  }
  return ExitStatus::done;
}

}  // namespace

Command verify_command() {
  return {
      "verify",
      "run a checkpoint's tensors and compare with the reference's results",
      "llmarch verify DIR [options]",
      "DIR holds config.json, model.safetensors (or shards with an index) and\n"
      "expected.safetensors: input_ids, hidden_states, logits and, for mixtures, moe_layers,\n"
      "experts and expert_weights. The tokens are run as one prefill, and as a prefill of half of\n"
      "them with the rest one by one; both must agree within 1e-4. Exit status 1 when they do not.",
      verify_options,
      run_verify};
}

}  // namespace llmarch::cli
