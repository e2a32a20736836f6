#include "sim/cli/studies.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/embedded.h"
#include "sim/cli/errors.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/text_files.h"
#include "sim/spec/meant_names.h"

namespace llmarch::cli {
namespace {

StudyFile study_file(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, text] : embedded_studies()) {
    if (known == name) return {name, std::string(text)};
    names.emplace_back(known);
  }
  if (name.find('/') != std::string::npos || name.ends_with(".toml")) {
    return {name, read_text(name, kLargestSpecFile, "a study")};
  }
  throw UsageError(fmt::format("unknown study '{}'", name),
                   suggest(name, names) + "\n      = or give a path to a .toml file");
}

// `catalog` must outlive them.
KnownSpecs known_specs(const Catalog& catalog) {
  KnownSpecs specs{catalog.names(),
                   [&catalog](const std::string& name) { return catalog.find(name).spec; }};
  for (const auto& [other, name] : catalog.other_names()) specs.names.push_back(other);
  std::ranges::sort(specs.names);
  return specs;
}

void add_variants(LoadedStudy& loaded) {
  if (!loaded.study.variant) return;
  for (const auto& [name, variant] : *loaded.study.variant) {
    loaded.models.push_back(std::make_unique<Model>(make_model(variant.spec, {})));
    loaded.names.models[name] = loaded.models.back().get();
  }
}

// The diagnostic, with its caret at the problem within the text. `length` includes the quotes.
Diagnostic diagnostic_of(const StudyProblem& problem, const FieldPlaces& places) {
  auto place = place_of(places, problem.path);
  if (place && place->length > 2) {
    place->column += 1 + static_cast<std::int64_t>(problem.offset);
    place->length =
        std::max<std::int64_t>(1, place->length - 2 - static_cast<std::int64_t>(problem.offset));
  }
  return {place, problem.message, problem.remedy};
}

std::vector<std::unique_ptr<Model>> models_of(const Catalog& catalog) {
  std::vector<std::unique_ptr<Model>> models;
  for (const auto& [name, entry] : catalog.entries()) {
    models.push_back(std::make_unique<Model>(catalog.find(name)));
  }
  return models;
}

}  // namespace

KnownModels known_models(const Catalog& catalog) {
  KnownModels known{models_of(catalog), {}};
  for (const auto& model : known.models) {
    known.names.families.push_back(model.get());
    known.names.models[model->spec.name] = model.get();
  }
  for (const auto& [other, name] : catalog.other_names()) {
    known.models.push_back(std::make_unique<Model>(called(*known.names.models.at(name), other)));
    known.names.models[other] = known.models.back().get();
  }
  for (Hardware& machine : built_in_hardware()) {
    const std::string name = machine.name;
    known.names.machines[name] = std::make_shared<const Hardware>(std::move(machine));
  }
  return known;
}

std::vector<Study> built_in_studies(const Catalog& catalog) {
  const KnownSpecs known = known_specs(catalog);
  std::vector<Study> studies;
  for (const auto& [name, text] : embedded_studies()) {
    StudyLoad load = load_toml_study(text, known);
    if (!load.study) refuse_file(std::string(name), text, std::move(load.problems));
    studies.push_back(std::move(*load.study));
  }
  return studies;
}

std::unique_ptr<LoadedStudy> load_study(const std::string& name, const Catalog& catalog) {
  auto loaded = std::make_unique<LoadedStudy>();
  loaded->file = study_file(name);
  KnownModels known = known_models(catalog);
  loaded->models = std::move(known.models);
  loaded->names = std::move(known.names);
  StudyLoad load = load_toml_study(loaded->file.text, known_specs(catalog));
  if (!load.study) refuse_file(loaded->file.name, loaded->file.text, std::move(load.problems));
  loaded->places = std::move(load.places);
  loaded->study = std::move(*load.study);
  add_variants(*loaded);
  StudyReading reading = read_study(loaded->study, loaded->names);
  if (!reading.problems.empty()) refuse_study(*loaded, reading.problems);
  loaded->read = std::move(reading.study);
  return loaded;
}

void refuse_study(const LoadedStudy& loaded, const std::vector<StudyProblem>& problems) {
  std::vector<Diagnostic> diagnostics;
  for (const StudyProblem& problem : problems) {
    diagnostics.push_back(diagnostic_of(problem, loaded.places));
  }
  refuse_file(loaded.file.name, loaded.file.text, std::move(diagnostics));
}

}  // namespace llmarch::cli
