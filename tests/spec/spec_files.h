// The specs of the project, found and not listed, so that a new file is tested without a line here.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/toml/toml_loader.h"

namespace llmarch::spec_test {

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<std::filesystem::path> spec_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_ARCH_SPECS "/models")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "llama-3.1-8b.toml" as GoogleTest accepts it: "llama_3_1_8b".
inline std::string test_name(const testing::TestParamInfo<std::filesystem::path>& info) {
  std::string name = info.param.stem().string();
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name;
}

inline ArchSpec loaded(const std::filesystem::path& path) {
  const std::string text = file_text(path);
  SpecLoad load = load_toml_spec(text);
  if (!load.spec) {
    throw std::runtime_error(render_diagnostics(path.string(), text, std::move(load.problems)));
  }
  return std::move(*load.spec);
}

}  // namespace llmarch::spec_test
