// Reads a study from TOML, and reports every problem at once, as for specs. It knows the names of
// models, how a variant is made and what a claim must say; whether its expressions can be read is
// known by sim/study/expression.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/study_spec/study_spec.h"
#include "sim/toml/toml_loader.h"

namespace llmarch {

// The models that a study may name. `spec` is called only with one of `names`.
struct KnownSpecs {
  std::vector<std::string> names;
  std::function<ArchSpec(const std::string& name)> spec;
};

// Either a complete study and no problems, or no study and at least one problem.
struct StudyLoad {
  std::optional<Study> study;
  std::vector<Diagnostic> problems;
  FieldPlaces places;  // "claim.C8.check.0" -> place
};

StudyLoad load_toml_study(std::string_view text, const KnownSpecs& known);

}  // namespace llmarch
