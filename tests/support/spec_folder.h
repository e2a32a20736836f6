// The architectures of arch_specs/models, found and not listed: a new spec is tested and timed.
// LLMARCH_MODEL_SPECS is that folder; the build says where it is.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/toml/toml_loader.h"

namespace llmarch {

// In alphabetical order.
inline std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_MODEL_SPECS)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) throw std::runtime_error("no specs in " LLMARCH_MODEL_SPECS);
  return names;
}

inline ArchSpec model_spec(const std::string& name) {
  std::ifstream file(std::filesystem::path(LLMARCH_MODEL_SPECS) / (name + ".toml"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  SpecLoad load = load_toml_spec(text);
  if (!load.spec) throw std::runtime_error(name + ": " + load.problems.at(0).message);
  return *std::move(load.spec);
}

}  // namespace llmarch
