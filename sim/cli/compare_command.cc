#include "reports/compare_json.h"
#include "reports/compare_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

Options compare_options() {
  Options options("options");
  declare_settings(options);
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

ExitStatus run_compare(const Arguments& arguments) {
  const Values values = parse_arguments(compare_options(), "model", arguments);
  const std::vector<std::string> names = positional_values(values, "model");
  if (names.empty()) {
    throw UsageError("no models are given", "llmarch compare deepseek-v3 kimi-k2");
  }
  const Settings settings = settings_of(values);
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values));
  std::vector<Model> models;
  for (const std::string& name : names) models.push_back(catalog.find(name));
  std::vector<const Model*> compared;
  for (const Model& model : models) compared.push_back(&model);
  const Comparison comparison = compare(compared, settings);
  outputs.write({reports::compare_document(comparison, digits_of(values)),
                 reports::compare_json(comparison)});
  return ExitStatus::done;
}

}  // namespace

Command compare_command() {
  return {"compare", "two or more models side by side: structure, parameters, memory, work",
          "llmarch compare MODEL MODEL... [options]",
          "Every figure is predicted from shapes, exactly. Behind each model but the first stands its\n"
          "ratio to the first; where structures differ, the row is marked with ≠.\n\n"
          "  llmarch compare deepseek-v3 kimi-k2\n"
          "  llmarch compare llama-3.2-1b qwen3-0.6b --context 32k --batch 8 --kv fp8\n"
          "  llmarch compare gpt2 ./my-model.toml -o report.md -o report.json",
          compare_options, run_compare};
}

}  // namespace llmarch::cli
