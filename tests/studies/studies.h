// A study from its text, with the models of arch_specs, run as the command runs it.
#pragma once

#include <gmock/gmock.h>

#include <deque>
#include <memory>

#include "sim/study/claims.h"
#include "sim/study_spec/study_loader.h"
#include "tests/support/model_specs.h"

namespace llmarch::studies_test {

inline KnownSpecs known_specs() {
  return {model_names(), [](const std::string& name) { return model_spec(name); }};
}

// A study with only what a study must have, followed by `rest`.
inline std::string study_with(const std::string& rest) {
  return "name = \"s\"\ntitle = \"S\"\nsource = \"a test\"\n" + rest;
}

// A claim with these lines, besides what a claim must have.
inline std::string claim_with(const std::string& lines) {
  return study_with("[claim.one]\nsection = \"x\"\ntext = \"y\"\nkind = \"figure\"\n" + lines);
}

// Keeps everything that a result points into.
class StudyRun {
 public:
  explicit StudyRun(const std::string& text, const Clock& clock = {}) {
    StudyLoad load = load_toml_study(text, known_specs());
    for (const Diagnostic& problem : load.problems) ADD_FAILURE() << problem.message;
    study_ = load.study.value();
    for (const std::string& name : model_names()) add(name, model_spec(name));
    for (const auto& [name, model] : models_.models) models_.families.push_back(model);
    if (study_.variant) {
      for (const auto& [name, variant] : *study_.variant) add(name, variant.spec);
    }
    const StudyReading reading = read_study(study_, models_);
    for (const StudyProblem& problem : reading.problems) ADD_FAILURE() << problem.message;
    const StudyOutcome outcome = run_study(reading.study, clock);
    for (const StudyProblem& problem : outcome.problems) ADD_FAILURE() << problem.message;
    result = outcome.result.value();
  }
  StudyRun(const StudyRun&) = delete;
  StudyRun& operator=(const StudyRun&) = delete;

  [[nodiscard]] const ClaimResult& claim() const { return result.claims.at(0); }

  StudyResult result;

 private:
  void add(const std::string& name, ArchSpec spec) {
    owned_.push_back(make_model(std::move(spec), {}));
    models_.models[name] = &owned_.back();
  }

  std::deque<Model> owned_;
  StudyModels models_;
  Study study_;
};

}  // namespace llmarch::studies_test
