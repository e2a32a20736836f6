// Texts that are lists: their parts, between separators.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

// The parts between the separators, one more than there are separators; a part may be empty.
inline std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace llmarch
