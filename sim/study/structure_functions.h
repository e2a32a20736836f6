// The functions of a study's expressions that look at a model's structure, not at its cost.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/study/figure_form.h"
#include "sim/study/study_models.h"

namespace llmarch {

struct FunctionHelp {
  std::string_view form;  // "structure(MODEL, \"label\")"
  std::string_view meaning;
  [[nodiscard]] std::string_view name() const { return form.substr(0, form.find('(')); }
};

using FunctionArgument = std::variant<Integer, std::string>;

// A call with its arguments. `model` is null where none is named.
struct FunctionCall {
  std::string_view name;
  const Model* model;
  const std::vector<FunctionArgument>& arguments;
  const StudyModels& models;
};

struct FunctionValue {
  FigureValue figure;
  FigureForm form;
};

// Throws ExpressionError, placed at the beginning of the call, for arguments that the function does
// not take, or where it has no value for the model.
struct StructureFunction {
  FunctionHelp help;
  FunctionValue (*of)(const FunctionCall& call);
};

std::span<const StructureFunction> structure_functions();

}  // namespace llmarch
