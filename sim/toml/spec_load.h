// What comes of reading a spec: the spec, or what is wrong with its text.
#pragma once

#include <optional>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/toml/field_places.h"

namespace llmarch {

// Either a complete, valid spec and no problems, or no spec and at least one problem.
struct SpecLoad {
  std::optional<ArchSpec> spec;
  std::vector<Diagnostic> problems;
  FieldPlaces places;
};

}  // namespace llmarch
