// What an expression is made of, once it has been read. Only expression.cc and its parser need it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/study/expression.h"

namespace llmarch {

// Settings that stand in a call itself, and go before those around it.
struct CallSettings {
  std::optional<Integer> context, prompt, batch;
  std::optional<DType> weights, kv;
  const Hardware* hardware = nullptr;
};

struct QuantityCall {
  const Quantity* quantity;
  const Model* model;
  CallSettings settings;
};
struct TimedCall {
  TimedFigure figure;
  const Model* model;
  CallSettings settings;
};
enum class Operator { add, subtract, multiply, divide };
struct Arithmetic {
  Operator how;
  std::shared_ptr<const ExpressionNode> left, right;
};
// What does not depend on the point is known when it is read.
struct ExpressionNode {
  std::variant<FigureValue, QuantityCall, TimedCall, Arithmetic> what;
};

// The figure of a function that is no quantity, or nothing when there is none of that name. Throws
// ExpressionError, at offset 0 of the call.
struct FunctionValue {
  FigureValue figure;
  FigureForm form;
};
using FunctionArgument = std::variant<Integer, std::string>;
std::optional<FunctionValue> structure_function(std::string_view name, const Model* model,
                                                const std::vector<FunctionArgument>& arguments,
                                                const StudyModels& models);

}  // namespace llmarch
