#include "reports/say/list_json.h"
#include "reports/say/model_reports.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/studies.h"

namespace llmarch::cli {
namespace {

Options list_options() {
  Options options("options");
  declare_specs(options);
  Outputs::declare(options);
  return options;
}

ExitStatus run_list(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(list_options(), "argument", arguments);
  if (!positional_values(values, "argument").empty()) {
    throw UsageError("list takes no arguments", "'llmarch show MODEL' shows one model");
  }
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values), kept);
  std::vector<Model> models;
  for (const auto& [name, entry] : catalog.entries()) models.push_back(catalog.find(name));
  std::vector<reports::ListedModel> listed;
  auto entry = catalog.entries().begin();
  for (const Model& model : models) listed.push_back({&model, (entry++)->second.origin});
  const std::vector<Hardware> hardware = built_in_hardware();
  const std::vector<Study> studies = built_in_studies(catalog);
  outputs.write(
      {.make_document = [&] { return reports::list_document(listed, hardware, studies); },
       .csv_pieces = in_one_piece([&] { return reports::list_csv(listed, hardware, studies); }),
       .json_pieces = in_one_piece([&] { return reports::list_json(listed, hardware, studies); }),
       .no_picture = "a list has no picture: 'llmarch show MODEL -o FILE.svg' draws one model"});
  return ExitStatus::done;
}

}  // namespace

Command list_command() {
  return {
      "list",
      "the models, the hardware and the studies that are known",
      "llmarch list [options]",
      "One line for each model, the built-in ones and those of --specs; one for each machine that\n"
      "--on takes; and one for each study that report takes.",
      list_options,
      run_list,
      CommandWords::none};
}

}  // namespace llmarch::cli
