// The values of an enumeration, counted by the compiler, so that a table with a row for each of
// them can be checked where it stands: a new enumerator without a row does not compile. The
// enumerations that use this begin at 0 and leave no number out.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace llmarch {

// GCC and Clang write a value that has a name by its name, and any other as a cast: "(Enum)7". A
// last enumerator that stands for the number of the others was rejected: every switch would have to
// name it, and every loop to stop before it.
template <class Enum, Enum value>
constexpr bool is_enumerator() {
  constexpr std::string_view kText = __PRETTY_FUNCTION__;
  constexpr std::string_view kBefore = "value = ";
  return kText[kText.rfind(kBefore) + kBefore.size()] != '(';
}

template <class Enum, std::size_t count = 0>
constexpr std::size_t enumerator_count() {
  if constexpr (is_enumerator<Enum, static_cast<Enum>(count)>()) {
    return enumerator_count<Enum, count + 1>();
  } else {
    return count;
  }
}

// Whether row i of `table` is that of enumerator i, and every enumerator has its row. `of` names
// the member that holds the enumerator.
template <class Row, std::size_t rows, class Enum>
constexpr bool has_a_row_for_each(const std::array<Row, rows>& table, Enum Row::*of) {
  if (rows != enumerator_count<Enum>()) return false;
  for (std::size_t i = 0; i < rows; ++i) {
    if (table[i].*of != static_cast<Enum>(i)) return false;
  }
  return true;
}

}  // namespace llmarch
