// How the tests write weight files byte by byte, so that a broken file is as easy to write as a
// good one, and how they check the error that it causes.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sim/spec/file_error.h"

namespace llmarch::weights_test {

// A folder for each test, removed after it.
class WrittenFiles : public ::testing::Test {
 protected:
  WrittenFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weights-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
  }
  ~WrittenFiles() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

 private:
  std::filesystem::path folder_;
};

// The bytes of values as they lie in a file.
template <typename Value>
std::string bytes_of(std::initializer_list<Value> values) {
  std::string bytes(values.size() * sizeof(Value), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

// Length, header, data.
inline std::string safetensors(std::string_view header, std::string_view data) {
  return bytes_of({std::uint64_t{header.size()}}).append(header).append(data);
}

// The problem that `action` reports, or "" when it reports none.
inline std::string problem_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.problem();
  }
  return "";
}

}  // namespace llmarch::weights_test
