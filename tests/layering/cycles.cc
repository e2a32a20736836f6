#include "tests/layering/cycles.h"

#include <deque>
#include <map>
#include <set>

namespace llmarch {
namespace {

std::string component_of(const std::string& file) {
  return file.substr(0, file.rfind('.'));
}

using Components = std::map<std::string, std::set<std::string>>;

Components components_of(const Includes& includes) {
  Components components;
  for (const auto& [file, included] : includes) {
    for (const std::string& other : included) {
      if (component_of(other) == component_of(file)) continue;
      components[component_of(file)].insert(component_of(other));
    }
  }
  return components;
}

// The shortest way from a component back to itself; empty where there is none.
std::vector<std::string> circle_through(const Components& components, const std::string& start) {
  std::map<std::string, std::string> reached_from;
  std::deque<std::string> open{start};
  while (!open.empty()) {
    const std::string here = open.front();
    open.pop_front();
    const auto entry = components.find(here);
    if (entry == components.end()) continue;
    for (const std::string& next : entry->second) {
      if (!reached_from.emplace(next, here).second) continue;
      open.push_back(next);
    }
  }
  if (!reached_from.contains(start)) return {};
  std::vector<std::string> circle{start};
  do {
    circle.insert(circle.begin(), reached_from.at(circle.front()));
  } while (circle.front() != start);
  return circle;
}

}  // namespace

std::vector<std::string> cycles(const Includes& includes) {
  const Components components = components_of(includes);
  std::set<std::string> told;
  std::vector<std::string> found;
  for (const auto& [component, included] : components) {
    if (told.contains(component)) continue;
    std::string text;
    for (const std::string& step : circle_through(components, component)) {
      text += (text.empty() ? "" : " -> ") + step;
      told.insert(step);
    }
    if (!text.empty()) found.push_back(std::move(text));
  }
  return found;
}

}  // namespace llmarch
