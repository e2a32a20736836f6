#include <fmt/format.h>

#include <algorithm>

#include "reports/say/model_reports.h"
#include "reports/say/reconciled_report.h"
#include "reports/say/show_json.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

TakenFields show_fields() {
  TakenFields fields = common_fields();
  fields.push_back({setting_field::machine, Arity::one, "",
                    ", with --parallel: whose devices the model is divided among"});
  fields.push_back(parallel_field());
  fields.push_back(place_fields(Arity::one).front());
  return fields;
}

Options show_options() {
  Options options("options");
  options.add_options()("ops", boost::program_options::value<std::string>()->value_name("STEP"),
                        "also the predicted work operation by operation, of decode or prefill");
  declare_setting(options, show_fields());
  declare_changes(options);
  declare_specs(options);
  declare_parts(options);
  declare_figures(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

constexpr auto kPhases =
    each_named<Phase>({{"decode", Phase::decode}, {"prefill", Phase::prefill}});

Phase parse_phase(const std::string& text) {
  return value_named(kPhases, text, fmt::format("unknown step '{}' for --ops", text));
}

// An index alone, as people fetch it with a config, names tensors whose bytes are elsewhere.
bool holds_tensors(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator files(folder, error);
  return std::any_of(begin(files), end(files),
                     [](const auto& entry) { return entry.path().extension() == ".safetensors"; });
}

// What the folder of a checkpoint holds; none where `name` is no folder with tensors, or where it
// is not known what its model type calls them.
std::optional<Reconciled> tensors_in(const std::string& name, const Model& model) {
  const std::filesystem::path folder(name);
  if (!holds_tensors(folder)) return std::nullopt;
  const std::optional<CheckpointNaming> naming = load_config_file(folder).naming;
  if (!naming) return std::nullopt;
  return reconcile(model.graph, SafetensorsCheckpoint::open(folder), *naming, model.spec.head);
}

ExitStatus run_show(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(show_options(), "model", arguments);
  const std::string name = only_value(values, "model", "show",
                                      "llmarch show deepseek-v3; 'llmarch compare' takes several");
  std::optional<Phase> phase;
  if (values.count("ops") > 0) phase = parse_phase(values["ops"].as<std::string>());
  Outputs outputs(values);
  Model model = Catalog(specs_folder(values), kept).find(with_changes({name}, values).back());
  leave_out_parts(values, std::span(&model, 1));
  const Setting asked = laid_over(Setting{}, read_setting(values, show_fields()));
  check_deployment(asked);
  const Setting setting = with_common_weights(asked, {&model});
  std::optional<OperationTable> operations;
  if (phase) operations = operation_table(model, *phase, settled(asked, {&model}));
  const reports::Digits digits = digits_of(values);
  const std::optional<Reconciled> held = tensors_in(name, model);
  const std::vector<FigureKind> figures = figure_kinds(values);
  const auto page = [&] {
    if (!figures.empty()) return drawn(figures, {&model}, setting);
    reports::Document document = reports::show_document(model, setting, operations, digits);
    if (held) reports::add_reconciliation(model, *held, digits, document);
    return document;
  };
  outputs.write(
      {.make_document = page,
       .csv_pieces = in_one_piece([&] { return reports::show_csv(model, setting, operations); }),
       .json_pieces =
           in_one_piece([&] { return reports::show_json(model, setting, operations); })});
  return ExitStatus::done;
}

}  // namespace

Command show_command() {
  return {"show",
          "one model: structure, parameters by component, blocks and their weights",
          "llmarch show MODEL [options]",
          "  llmarch show deepseek-v3\n"
          "  llmarch show gemma-3-27b --figure masks,layers -o gemma.svg\n"
          "  llmarch show qwen3-0.6b --ops decode --context 32k\n"
          "  llmarch show qwen3-32b --ops decode --on 4xh100-sxm --parallel tp=4\n"
          "  llmarch show gpt-oss-120b --place experts=..17=host",
          show_options,
          run_show,
          CommandWords::models};
}

}  // namespace llmarch::cli
