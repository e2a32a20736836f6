// What random specs are drawn with: numbers between bounds, one of several, or nothing.
#pragma once

#include <rapidcheck.h>

#include <cstdint>

#include "sim/spec/names.h"

namespace llmarch {

inline std::int64_t between(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

inline bool maybe() {
  return *rc::gen::arbitrary<bool>();
}

template <class Enum>
Enum any_of() {
  constexpr auto& names = Names<Enum>::values;
  return names.at(static_cast<std::size_t>(between(0, std::ssize(names) - 1))).second;
}

inline double any_real(double unit, std::int64_t least, std::int64_t most) {
  return unit * static_cast<double>(between(least, most));
}

}  // namespace llmarch
