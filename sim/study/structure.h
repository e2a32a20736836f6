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

  [[nodiscard]] bool differs() const;
  // Headlines always; a detail where models that have it differ in it. That a part is missing
  // altogether is said by its headline.
  [[nodiscard]] bool worth_comparing() const;
};

// Every row that at least one of the models has.
std::vector<StructureRow> structure(const std::vector<const ArchSpec*>& specs);

// "3 dense, 58 moe"; a repeated sequence in brackets: "10 x (5 local, global)".
std::string layer_pattern(const ArchSpec& spec);

// Which layers have a property, one value for each layer, 1-based as people count them: "all",
// "52 of 62: 1-5 of every 6", "58 of 61: 4-61".
std::string which_layers(const std::vector<bool>& members);

}  // namespace llmarch
