#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "reports/document/format.h"
#include "reports/say/sweep_lines.h"
#include "reports/say/sweep_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/ranges.h"
#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"
#include "sim/spec/split.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kShown = "kv_bytes,decode_flops,decode_bytes";
constexpr const char* kShownOnMachine =
    "kv_bytes,decode_flops,decode_bytes,floor_time,tokens_per_second";

constexpr const char* kShownWithHost =
    "device_memory,host_memory,floor_time,in_turn_time,tokens_per_second,"
    "in_turn_tokens_per_second";

constexpr const char* kShownOnRanks =
    "rank_kv_bytes,rank_memory,decode_sent_bytes,rank_floor_time,rank_tokens_per_second";

TakenFields length_fields() {
  return {
      {setting_field::context, Arity::list, "1k..128k:x2",
       ": 4k, 1k..1M:x2, 1k..64k:+1k, or a list of these"},
      {setting_field::prompt, Arity::list, "", ", likewise; as many as the context when left out"}};
}

TakenFields line_fields() {
  TakenFields fields{{setting_field::batch, Arity::list, "1", ", likewise"},
                     {setting_field::weights, Arity::list, "", kWeightFormats},
                     {setting_field::kv, Arity::list, "bf16", kCacheFormats},
                     compute_field(),
                     {setting_field::recurrence, Arity::list, ""}};
  std::ranges::copy(draft_fields(), std::back_inserter(fields));
  fields.push_back(machine_field());
  TakenField deployments = parallel_field();
  deployments.arity = Arity::list;
  deployments.remark += "; with ';', several, one after the other";
  fields.push_back(deployments);
  std::ranges::copy(place_fields(Arity::list), std::back_inserter(fields));
  return fields;
}

Options sweep_options() {
  Options options("options");
  declare_setting(options, length_fields());
  declare_setting(options, line_fields());
  options.add_options()("show", po::value<std::string>()->value_name("NAMES"),
                        "quantities, with commas; 'llmarch help quantities' lists them")(
      "all", "every model that 'llmarch list' shows");
  declare_changes(options);
  declare_specs(options);
  declare_parts(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

const Quantity& quantity_named(const std::string& name) {
  if (const Quantity* quantity = find_quantity(name)) return *quantity;
  std::vector<KnownName> names;
  for (const Quantity& quantity : quantities()) names.push_back({std::string(quantity.name)});
  throw UsageError(fmt::format("unknown quantity '{}' for --show", name),
                   did_you_mean(name, names).value_or("'llmarch help quantities' lists them"));
}

const char* usual_quantities(const Setting& setting) {
  if (setting.parallel) return kShownOnRanks;
  if (setting.place) return kShownWithHost;
  return setting.machine != nullptr ? kShownOnMachine : kShown;
}

// Those on which operations were measured.
std::vector<std::string> measured_machines() {
  std::vector<std::string> names;
  for (const MachineTimes& times : built_in_measurements().machine) {
    names.push_back(times.measured);
  }
  return names;
}

void refuse_lacking(const Quantity& quantity, const Setting& setting) {
  switch (lacking(quantity.needs, stated(setting))) {
    case Needs::nothing: return;
    case Needs::machine: return need_machine(std::string(quantity.name), setting);
    case Needs::deployment:
      throw UsageError(fmt::format("{} needs a deployment", quantity.name),
                       "add --on 8xh100-sxm --parallel tp=8");
    case Needs::placement:
      throw UsageError(fmt::format("{} needs a placement", quantity.name),
                       "add --on rtx-4090 --host ryzen-9950x@128GB --place experts=host");
    case Needs::times:
      throw UsageError(
          fmt::format("{}: nothing was measured on {}", quantity.name, setting.machine->name),
          fmt::format("give --on one device of: {}", fmt::join(measured_machines(), ", ")));
  }
}

std::vector<const Quantity*> shown_quantities(const Values& values, const Setting& setting) {
  const std::string usual = usual_quantities(setting);
  std::vector<const Quantity*> shown;
  for (const std::string& name :
       split(values.count("show") > 0 ? text_of(values, "show") : usual, ',')) {
    const Quantity& quantity = quantity_named(name);
    refuse_lacking(quantity, setting);
    if (std::find(shown.begin(), shown.end(), &quantity) == shown.end()) {
      shown.push_back(&quantity);
    }
  }
  return shown;
}

std::vector<Model> swept_models(const Values& values, KeptModels& kept) {
  std::vector<std::string> names = positional_values(values, "model");
  const Catalog catalog(specs_folder(values), kept);
  if (values.count("all") > 0) std::ranges::copy(catalog.names(), std::back_inserter(names));
  if (names.empty()) {
    throw UsageError("no models are given", "llmarch sweep gemma-3-27b mistral-small-3.1-24b");
  }
  std::vector<Model> models = find_models(catalog, with_changes(names, values));
  leave_out_parts(values, models);
  return models;
}

SweepPlan plan_of(const Values& values) {
  SweepPlan plan;
  plan.settings = read_settings(values, line_fields());
  for (const Setting& setting : plan.settings) {
    check_deployment(setting);
    check_placement_on_machine(setting);
  }
  plan.quantities = shown_quantities(values, plan.settings.front());
  plan.contexts = *read_lengths(values, setting_field::context);  // given, or its default
  plan.prompts = read_lengths(values, setting_field::prompt);
  return plan;
}

// A line is a model at a batch and formats. Its crossovers take some 25 KB and 0.2 ms, so this many
// lines take 250 MB. CSV has no crossovers and is written as it is computed, so it is not bounded.
constexpr std::int64_t kMostLines = 10'000;

void refuse_endless(const SweepPlan& plan) {
  const Integer lines = std::ssize(plan.models) * Integer(std::ssize(plan.settings));
  if (lines <= kMostLines) return;
  throw UsageError(
      fmt::format(
          "models, batches and formats make {} lines; crossovers are looked for in at most {}",
          reports::grouped(lines.value()), reports::grouped(kMostLines)),
      "--format csv has every point of any number; or sweep fewer batches");
}

Report report_of(const SweepPlan& plan, reports::Digits digits) {
  Report report;
  report.no_picture = reports::why_no_chart(plan);
  report.make_document = [&plan, digits] {
    refuse_endless(plan);
    return reports::sweep_document(plan, crossings_between(plan), crossings_within(plan), digits);
  };
  report.csv_pieces = [&plan](const reports::Write& write) {
    reports::write_sweep_csv(plan, write);
  };
  report.json_pieces = [&plan](const reports::Write& write) {
    refuse_endless(plan);
    std::vector<Crossing> crossings = crossings_between(plan);
    for (Crossing& crossing : crossings_within(plan)) crossings.push_back(std::move(crossing));
    reports::write_sweep_json(plan, crossings, write);
  };
  return report;
}

// Lets the plan be of these models, which must outlive it.
void set_models(SweepPlan& plan, const std::vector<Model>& models) {
  for (const Model& model : models) plan.models.push_back(&model);
  if (plan.settings.front().draft) need_prediction_layers(plan.models);
  for (Setting& setting : plan.settings) setting = settled(setting, plan.models);
}

ExitStatus run_sweep(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(sweep_options(), "model", arguments);
  SweepPlan plan = plan_of(values);
  Outputs outputs(values);
  const std::vector<Model> models = swept_models(values, kept);
  set_models(plan, models);
  try {
    outputs.write(report_of(plan, digits_of(values)));
  } catch (const SweepOverflow& overflow) {
    throw UsageError(overflow.where() + " exceeds 64 bits", "sweep less far");
  }
  return ExitStatus::done;
}

}  // namespace

std::vector<double> swept_figures(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(sweep_options(), "model", arguments);
  SweepPlan plan = plan_of(values);
  const std::vector<Model> models = swept_models(values, kept);
  set_models(plan, models);
  std::vector<double> figures;
  for_each_point(plan, [&](const SweptPoint& point) {
    for (const QuantityValue& value : point.values) figures.push_back(as_double(value));
  });
  return figures;
}

Command sweep_command() {
  return {
      "sweep",
      "quantities over contexts, batches and formats, and where one model overtakes another",
      "llmarch sweep MODEL... [options]",
      "Lists make the product of everything, and only what varies is shown. Crossovers are looked\n"
      "for at every token from the first context to the last, not only at those that are listed.\n"
      "CSV and JSON have every point, however many; the other formats show some of very many.\n"
      "Models, batches and formats make lines: there may be 10,000 of them, in CSV any number.\n\n"
      "  llmarch sweep gemma-3-27b mistral-small-3.1-24b --context 1k..128k:x2\n"
      "  llmarch sweep qwen3-32b --context 1k..64k:x4 --batch 1,16,64 --show tokens_per_second \\\n"
      "    --on h100-sxm\n"
      "  llmarch sweep llama-4-scout llama-3.1-70b --show kv_bytes -o kv.svg -o kv.csv\n"
      "  llmarch sweep gpt-oss-120b --weights mxfp4 --on rtx-4090 --host ryzen-9950x@128GB \\\n"
      "    --place 'experts=host;experts=8..=host;layers=6..=host'\n"
      "  llmarch sweep --all --context 1..100000:+1 --format csv",
      sweep_options,
      run_sweep,
      CommandWords::models};
}

}  // namespace llmarch::cli
