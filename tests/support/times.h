// One text repeated many times, to make inputs that are deep, long or numerous.
#pragma once

#include <string>
#include <string_view>

namespace llmarch {

inline std::string times(int count, std::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace llmarch
