#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "reports/say/compare_json.h"
#include "reports/say/compare_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/skew_option.h"
#include "sim/graph/shard.h"

namespace llmarch::cli {
namespace {

TakenFields compare_fields() {
  TakenFields fields = common_fields();
  fields.push_back({setting_field::prompt, Arity::one, "", " (as long as the context)"});
  std::ranges::copy(draft_fields(), std::back_inserter(fields));
  TakenField machines = machine_field();
  machines.arity = Arity::list;
  machines.remark += "; with commas, several side by side";
  fields.push_back(machines);
  fields.push_back(parallel_field());
  std::ranges::copy(place_fields(Arity::one), std::back_inserter(fields));
  return fields;
}

Options compare_options() {
  Options options("options");
  options.add_options()("only", boost::program_options::value<std::string>()->value_name("PARTS"),
                        fmt::format("parts of the table, with commas: {}",
                                    fmt::join(names_in(reports::kSections), ", "))
                            .c_str());
  declare_skew(options);
  options.add_options()("estimate",
                        "also what steps are estimated to take on the hardware, by what such "
                        "operations were measured to take, with the spread");
  declare_setting(options, compare_fields());
  declare_changes(options);
  declare_specs(options);
  declare_parts(options);
  declare_figures(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

reports::Section section_named(const std::string& text) {
  return value_named(reports::kSections, text, fmt::format("unknown part '{}' for --only", text));
}

// All but the estimate, unless they are named.
std::set<reports::Section> sections_of(const Values& values) {
  std::set<reports::Section> sections;
  if (values.count("estimate") > 0) sections.insert(reports::Section::estimate);
  if (values.count("only") == 0) {
    for (const auto& [name, section] : reports::kSections) {
      if (section != reports::Section::estimate) sections.insert(section);
    }
    return sections;
  }
  std::istringstream parts(values["only"].as<std::string>());
  for (std::string part; std::getline(parts, part, ',');) sections.insert(section_named(part));
  if (sections.empty()) section_named("");
  return sections;
}

// Refuses parts that would say nothing in this setting. All parts together leave such out.
void check_parts(const Values& values, const std::set<reports::Section>& sections,
                 const Setting& setting) {
  if (sections.contains(reports::Section::estimate)) need_machine("an estimate", setting);
  if (values.count("skew") > 0) need_machine("a skew", setting);
  const bool names_ranks = values.count("only") > 0 && sections.contains(reports::Section::ranks);
  if (!names_ranks || setting.parallel) return;
  throw UsageError("ranks need a deployment", "add --on 8xh100-sxm --parallel tp=8");
}

// The machines of settings that differ in nothing else; empty where --on is not given.
std::vector<Machine> machines_of(const std::vector<Setting>& settings) {
  std::vector<Machine> machines;
  for (const Setting& setting : settings) {
    if (setting.machine != nullptr) machines.push_back(setting.machine);
  }
  return machines;
}

Comparison compared_in(const std::vector<const Model*>& models, const Setting& setting,
                       const ComparedOn& on) {
  try {
    return compare(models, setting, on);
  } catch (const CannotShard&) {
    throw;
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("--skew: {}", error.what()),
                     "give a number for each expert of a layer");
  }
}

ExitStatus run_compare(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(compare_options(), "model", arguments);
  const std::vector<std::string> names =
      with_changes(some_values(values, "model", "llmarch compare deepseek-v3 kimi-k2"), values);
  const std::vector<Setting> settings = read_settings(values, compare_fields());
  const Setting& setting = settings.front();
  for (const Setting& each : settings) {
    check_deployment(each);
    check_placement_on_machine(each);
  }
  const std::set<reports::Section> sections = sections_of(values);
  check_parts(values, sections, setting);
  Outputs outputs(values);
  const Catalog catalog(specs_folder(values), kept);
  std::vector<Model> models = find_models(catalog, names);
  leave_out_parts(values, models);
  std::vector<const Model*> compared;
  for (const Model& model : models) compared.push_back(&model);
  if (setting.draft) need_prediction_layers(compared);
  const Comparison comparison =
      compared_in(compared, settled(setting, compared), {machines_of(settings), skew_of(values)});
  const reports::Digits digits = digits_of(values);
  const std::vector<FigureKind> figures = figure_kinds(values);
  const auto page = [&] {
    return figures.empty() ? reports::compare_document(comparison, sections, digits)
                           : drawn(figures, compared, comparison.setting);
  };
  outputs.write({.make_document = page,
                 .csv_pieces = in_one_piece([&] { return reports::compare_csv(comparison); }),
                 .json_pieces = in_one_piece([&] { return reports::compare_json(comparison); })});
  return ExitStatus::done;
}

}  // namespace

Command compare_command() {
  return {
      "compare",
      "models side by side: structure, parameters, memory, work",
      "llmarch compare MODEL... [options]",
      "Every figure is predicted from shapes, exactly. Each model but the first also shows its\n"
      "ratio to the first; where structures differ, the row is marked with ≠.\n\n"
      "  llmarch compare deepseek-v3 kimi-k2\n"
      "  llmarch compare deepseek-v3 kimi-k2 --only memory,decode --context 128k\n"
      "  llmarch compare llama-3.2-1b qwen3-0.6b --context 32k --batch 8 --kv fp8\n"
      "  llmarch compare qwen3-30b-a3b qwen3-32b --on h100-sxm --only memory,decode\n"
      "  llmarch compare gpt-oss-120b --on h100-sxm,mi300x --batch 32\n"
      "  llmarch compare deepseek-v3 --on 8xh200 --parallel dp=8,ep=8 --batch 8 --only ranks\n"
      "  llmarch compare gpt-oss-120b --weights mxfp4 --on rtx-4090 --place experts=host \\\n"
      "    --host ryzen-9950x@128GB\n"
      "  llmarch compare llama-3.1-8b --on h100-sxm --estimate --only decode\n"
      "  llmarch compare gpt-oss-120b --on h100-sxm --batch 32 --skew 1.2 --only decode\n"
      "  llmarch compare deepseek-v3 kimi-k2 qwen3-235b-a22b --figure cache,parameters\n"
      "  llmarch compare gemma-3-27b --set attention.local.window=512\n"
      "  llmarch compare deepseek-v3 --draft 1 --accepted 0.85 --on h100-sxm --only decode\n"
      "  llmarch compare gpt2 ./my-model.toml -o report.md -o report.json",
      compare_options,
      run_compare,
      CommandWords::models};
}

}  // namespace llmarch::cli
