// One text many times over: what is deep, long or a crowd is made of it.
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
