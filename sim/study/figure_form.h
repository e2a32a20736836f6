// What an expression of a study comes to: a whole number, a real one or a text, and how it is to be
// read. Whole numbers stay exact; figures of different units are neither added nor compared.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <variant>

#include "sim/study/quantities.h"

namespace llmarch {

using FigureValue = std::variant<Integer, double, std::string>;

double as_double(const FigureValue& figure);  // throws std::logic_error for a text

// The order of two numbers. It is exact, also where one is whole and the other real.
std::partial_ordering order_of(const FigureValue& left, const FigureValue& right);

struct FigureForm {
  // any: a number in the file, which takes the form of what it is added to or compared with.
  enum class Kind { any, quantity, ratio, text } kind = Kind::any;
  Unit unit = Unit::number;  // of a quantity
  friend bool operator==(const FigureForm&, const FigureForm&) = default;
};

inline constexpr FigureForm kPlainNumber{FigureForm::Kind::quantity, Unit::number};
inline constexpr FigureForm kPlainText{FigureForm::Kind::text, Unit::number};
inline constexpr FigureForm kRatio{FigureForm::Kind::ratio, Unit::number};

constexpr FigureForm form_of(Unit unit) {
  return {FigureForm::Kind::quantity, unit};
}

std::string name_of(const FigureForm& form);  // "bytes", "a ratio"

// The form that two figures share, so that they can be added or compared; none where they have none
// in common.
std::optional<FigureForm> common_form(const FigureForm& a, const FigureForm& b);
FigureForm product_form(const FigureForm& a, const FigureForm& b);
FigureForm quotient_form(const FigureForm& a, const FigureForm& b);

}  // namespace llmarch
