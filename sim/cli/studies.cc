#include "sim/cli/studies.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/embedded.h"
#include "sim/cli/errors.h"
#include "sim/cli/hardware_files.h"
#include "sim/cli/text_files.h"
#include "sim/study_spec/study_loader.h"

namespace llmarch::cli {
namespace {

struct StudyFile {
  std::string name;
  std::string text;
};

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

KnownSpecs known_specs(const std::vector<std::unique_ptr<Model>>& models) {
  KnownSpecs known;
  for (const auto& model : models) known.names.push_back(model->spec.name);
  known.spec = [&models](const std::string& name) {
    return (*std::find_if(models.begin(), models.end(),
                          [&](const auto& model) { return model->spec.name == name; }))
        ->spec;
  };
  return known;
}

void add_variants(LoadedStudy& loaded) {
  for (const auto& model : loaded.models) {
    loaded.names.families.push_back(model.get());
    loaded.names.models[model->spec.name] = model.get();
  }
  if (!loaded.study.variant) return;
  for (const auto& [name, variant] : *loaded.study.variant) {
    loaded.models.push_back(std::make_unique<Model>(make_model(variant.spec, {})));
    loaded.names.models[name] = loaded.models.back().get();
  }
}

// The caret goes to the place within the text, where the text stands as it is read.
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

std::vector<Study> built_in_studies(const Catalog& catalog) {
  const auto models = models_of(catalog);
  std::vector<Study> studies;
  for (const auto& [name, text] : embedded_studies()) {
    StudyLoad load = load_toml_study(text, known_specs(models));
    if (!load.study) refuse_file(std::string(name), text, std::move(load.problems));
    studies.push_back(std::move(*load.study));
  }
  return studies;
}

std::unique_ptr<LoadedStudy> load_study(const std::string& name, const Catalog& catalog) {
  const StudyFile file = study_file(name);
  auto loaded = std::make_unique<LoadedStudy>();
  loaded->models = models_of(catalog);
  StudyLoad load = load_toml_study(file.text, known_specs(loaded->models));
  if (!load.study) refuse_file(file.name, file.text, std::move(load.problems));
  loaded->study = std::move(*load.study);
  add_variants(*loaded);
  loaded->hardware = built_in_hardware();
  for (const Hardware& machine : loaded->hardware) loaded->names.hardware[machine.name] = &machine;
  StudyReading reading = read_study(loaded->study, loaded->names);
  for (const StudyProblem& problem : reading.problems) {
    load.problems.push_back(diagnostic_of(problem, load.places));
  }
  if (!load.problems.empty()) refuse_file(file.name, file.text, std::move(load.problems));
  loaded->read = std::move(reading.study);
  return loaded;
}

}  // namespace llmarch::cli
