#include "sim/cli/common_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/say/model_figures.h"
#include "sim/cli/errors.h"
#include "sim/cli/models.h"
#include "sim/spec/split.h"
#include "sim/study/ranks.h"
#include "sim/study/step.h"
#include "sim/study_spec/study_fields.h"

namespace llmarch::cli {

namespace po = boost::program_options;

TakenFields common_fields() {
  return {{setting_field::context, Arity::one, "8k", ", and tokens of a prefill"},
          {setting_field::batch, Arity::one, "1"},
          {setting_field::weights, Arity::one, "", kWeightFormats},
          {setting_field::kv, Arity::one, "bf16", kCacheFormats},
          compute_field(),
          recurrence_field()};
}

Setting settled(Setting setting, const std::vector<const Model*>& models) {
  if (setting.weights) return setting;
  for (const Model* model : models) {
    if (!model->unknown_storage) continue;
    throw UsageError(fmt::format("{} is {}, and how that stores weights is not known here",
                                 model->spec.name, *model->unknown_storage),
                     "say how to price it: --weights bf16, --weights 4.5bpw");
  }
  return with_common_weights(std::move(setting), models);
}

TakenField compute_field() {
  return {setting_field::compute, Arity::one, "",
          ": bf16, fp8, ... (as the scheme of the weights says)"};
}

TakenFields draft_fields() {
  return {{setting_field::draft, Arity::one, "", ", with --accepted"},
          {setting_field::accepted, Arity::one, ""}};
}

TakenField recurrence_field() {
  return {setting_field::recurrence, Arity::one, ""};
}

TakenField machine_field() {
  return {setting_field::machine, Arity::one, "",
          fmt::format(": adds what a step takes there at least. {}", kMachineNames)};
}

void need_machine(const std::string& what, const Setting& setting) {
  if (setting.machine != nullptr) return;
  throw UsageError(what + " needs hardware",
                   "add --on h100-sxm; 'llmarch list' shows what there is");
}

TakenField parallel_field() {
  return {
      setting_field::parallel, Arity::one, "",
      ": tp=8, pp=2,tp=4, dp=8,ep=8, cp=2 (ranks that divide the positions of the caches), with "
      "by=tree or by=direct for exchanges that go round no ring, and dispatch=all-to-all for "
      "tokens that go only to the ranks whose experts they choose"};
}

void check_deployment(const Setting& setting) {
  const auto problem = deployment_problem(setting);
  if (problem) throw UsageError(problem->problem, problem->remedy);
}

TakenFields place_fields(Arity placements) {
  TakenField place{
      setting_field::place, placements, "",
      ": experts=host, experts=0..17=host, layers=30..=host; with by=device the device "
      "computes with it over the link (by=host)"};
  if (placements == Arity::list) place.remark += "; with ';', several, one after the other";
  return {place,
          {setting_field::host, Arity::one, "",
           ", as ryzen-9950x@128GB. " + std::string(kMachineNames)}};
}

void check_placement_on_machine(const Setting& setting) {
  if (setting.place) need_machine("a placement", setting);
  check_host(setting);
}

void declare_specs(Options& options) {
  options.add_options()("specs", po::value<std::string>()->value_name("DIR"),
                        "add the .toml specs of DIR; they take the place of built-in ones of the "
                        "same name");
}

std::optional<std::filesystem::path> specs_folder(const Values& values) {
  if (values.count("specs") == 0) return std::nullopt;
  return values["specs"].as<std::string>();
}

void declare_changes(Options& options) {
  options.add_options()("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
                        "also each model with this key changed, as attention.local.window=512, "
                        "gqa=8, mla=512, window=1k:3, layers=40 or experts=64:4; may be repeated");
}

std::vector<std::string> with_changes(const std::vector<std::string>& names, const Values& values) {
  if (values.count("set") == 0) return names;
  std::vector<std::string> all;
  for (const std::string& name : names) {
    all.push_back(name);
    all.push_back(changed_name(name, values["set"].as<std::vector<std::string>>()));
  }
  return all;
}

void declare_parts(Options& options) {
  options.add_options()("text-only",
                        "without what a repository holds beside the text model: vision towers, "
                        "projectors, prediction layers");
}

void leave_out_parts(const Values& values, std::span<Model> models) {
  if (values.count("text-only") == 0) return;
  for (Model& model : models) leave_out_beside(model);
}

void need_prediction_layers(const std::vector<const Model*>& models) {
  const auto drafts = [](const Model* model) { return model->prediction.has_value(); };
  if (std::ranges::any_of(models, drafts)) return;
  throw UsageError("--draft: no model here has prediction layers that are known",
                   "llmarch compare deepseek-v3 --draft 1 --accepted 0.85");
}

void declare_figures(Options& options) {
  options.add_options()(
      "figure", po::value<std::string>()->value_name("NAMES"),
      fmt::format("draw these instead, with commas: {}; -o FILE.svg has the picture",
                  fmt::join(names_in(Names<FigureKind>::values), ", "))
          .c_str());
}

std::vector<FigureKind> figure_kinds(const Values& values) {
  std::vector<FigureKind> kinds;
  if (values.count("figure") == 0) return kinds;
  for (const std::string& name : split(text_of(values, "figure"), ',')) {
    kinds.push_back(value_named(Names<FigureKind>::values, name,
                                fmt::format("unknown figure '{}' for --figure", name)));
  }
  return kinds;
}

reports::Document drawn(const std::vector<FigureKind>& kinds,
                        const std::vector<const Model*>& models, const Setting& setting) {
  for (const FigureKind kind : kinds) {
    if (!reports::model_figure(kind, models, setting).panels.empty()) continue;
    throw UsageError(fmt::format("there is no {} to draw in {}", reports::what_it_shows(kind),
                                 reports::figures_document({}, models, setting).title),
                     "'--figure layers' draws every model");
  }
  return reports::figures_document(kinds, models, setting);
}

void declare_digits(Options& options) {
  options.add_options()("exact", "whole numbers instead of rounded ones");
}

reports::Digits digits_of(const Values& values) {
  return values.count("exact") > 0 ? reports::Digits::exact : reports::Digits::rounded;
}

std::string text_of(const Values& values, const char* name) {
  return values[name].as<std::string>();
}

}  // namespace llmarch::cli
