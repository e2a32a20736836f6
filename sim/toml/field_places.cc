#include "sim/toml/field_places.h"

namespace llmarch {

std::optional<Place> place_of(const FieldPlaces& places, std::string path) {
  while (true) {
    const auto found = places.find(path);
    if (found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) break;
    path.resize(dot);
  }
  return std::nullopt;
}

}  // namespace llmarch
