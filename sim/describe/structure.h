// The structure of models as rows that can be laid side by side: each field of the spec that says
// something, in the order in which fields.h declares them. Content only; how rows look is known by
// reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"
#include "sim/spec/fields.h"

namespace llmarch {

// What one model has there. Absent text: the model has no such part.
struct StructureValue {
  std::string text;
  std::optional<std::int64_t> number;  // where there is exactly one
};

struct StructureRow {
  std::string group;  // "attention", "mixture feed-forward"
  std::string label;  // "query heads"
  Prominence prominence = Prominence::headline;
  std::vector<std::optional<StructureValue>> values;  // one for each model

  // Headlines are always compared, and details only where the models that have them differ. That a
  // model lacks a part shows in the part's headline.
  [[nodiscard]] bool worth_comparing() const;
};

// Every row that at least one of the models has.
std::vector<StructureRow> structure(const std::vector<const ArchSpec*>& specs);

}  // namespace llmarch
