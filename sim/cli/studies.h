// Which studies are known, and how an argument becomes one: a built-in name or a path, together
// with the models and machines that its expressions can name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/cli/models.h"
#include "sim/study/claims.h"
#include "sim/study_spec/study_loader.h"

namespace llmarch::cli {

struct StudyFile {
  std::string name;
  std::string text;
};

// A study with everything that it refers to. `read` points into the other members.
struct LoadedStudy {
  StudyFile file;
  FieldPlaces places;
  Study study;
  std::vector<std::unique_ptr<Model>> models;  // those of the catalog, then variants
  StudyModels names;
  ReadStudy read;
};

// The models of the catalog and the machines that are built in, as expressions name them.
struct KnownModels {
  std::vector<std::unique_ptr<Model>> models;
  StudyModels names;
};
KnownModels known_models(const Catalog& catalog);

// The studies that are compiled in.
std::vector<Study> built_in_studies(const Catalog& catalog);

// Throws UsageError, FileError or BadInput.
std::unique_ptr<LoadedStudy> load_study(const std::string& name, const Catalog& catalog);

// Throws BadInput with the problems, each at its place in the study's file.
[[noreturn]] void refuse_study(const LoadedStudy& loaded,
                               const std::vector<StudyProblem>& problems);

}  // namespace llmarch::cli
