// Whether markup is well-formed as XML: elements closed in order, nothing open at the end, no bare
// '<' or '&' in text. Enough for the SVG that is written here, which has neither comments nor
// CDATA.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch::reports {

inline bool is_entity(std::string_view text) {
  for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;"}) {
    if (text.starts_with(entity)) return true;
  }
  return false;
}

// The first thing that is wrong; empty for nothing.
inline std::string fault_of(std::string_view xml) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    if (xml[i] == '&' && !is_entity(xml.substr(i))) return "a bare &";
    if (xml[i] != '<') continue;
    const std::size_t end = xml.find('>', i);
    if (end == std::string_view::npos) return "a tag without an end";
    const std::string_view tag = xml.substr(i + 1, end - i - 1);
    if (tag.find('<') != std::string_view::npos) return "a bare <";
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != name) return name + " closes what is not open";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    i = end;
  }
  return open.empty() ? "" : open.back() + " is left open";
}

}  // namespace llmarch::reports
