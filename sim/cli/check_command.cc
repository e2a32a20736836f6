#include <fmt/format.h>

#include "reports/document/format.h"
#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/spec/diagnostics.h"

namespace llmarch::cli {
namespace {

Options check_options() {
  return Options("options: none");
}

// The problems of one file, rendered; empty when there are none.
std::string problems_of(const std::string& file, std::string& report) {
  try {
    const Model model = load_model_file(file);
    report += fmt::format("{}: ok: {}, {} layers, {} parameters\n", printable(file),
                          model.spec.name, layer_count(model.spec).value(),
                          reports::grouped(model.parameters.total.value()));
    return {};
  } catch (const BadInput& bad) {
    return bad.what();
  }
}

ExitStatus run_check(const Arguments& arguments) {
  const Values values = parse_arguments(check_options(), "file", arguments);
  const std::vector<std::string> files = some_values(values, "file", "llmarch check my-model.toml");
  std::string report;
  std::string problems;
  for (const std::string& file : files) problems += problems_of(file, report);
  write_standard_output(report);
  if (!problems.empty()) throw BadInput(problems);
  return ExitStatus::done;
}

}  // namespace

Command check_command() {
  return {"check",
          "every problem of a spec, with its place and remedy",
          "llmarch check FILE...",
          "FILE is a .toml spec, a Hugging Face config.json or its folder. One without problems "
          "gets a line on\n"
          "standard output, problems go to standard error, and then the exit status is 2.\n\n"
          "  llmarch check my-model.toml",
          check_options,
          run_check};
}

}  // namespace llmarch::cli
