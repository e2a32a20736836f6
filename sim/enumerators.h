// The values of an enumeration, listed by the compiler, and tables with a row for each of them: a
// new enumerator without a row does not compile. The enumerations that use this begin at 0 and leave
// no number out.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

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

// Every value of the enumeration, in order.
template <class Enum>
constexpr auto enumerators() {
  std::array<Enum, enumerator_count<Enum>()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Enum>(i);
  return all;
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

template <class Enum>
using EnumeratorName = std::pair<std::string_view, Enum>;

// `names` as an array, if every enumerator has its name in order; else it does not compile.
template <class Enum, std::size_t count>
consteval auto each_named(const EnumeratorName<Enum> (&names)[count]) {
  const std::array<EnumeratorName<Enum>, count> all = std::to_array(names);
  static_assert(count == enumerator_count<Enum>(), "every enumerator has one name");
  if (!has_a_row_for_each(all, &EnumeratorName<Enum>::second)) throw "in the enumeration's order";
  return all;
}

}  // namespace llmarch
