// How a file that cannot be used is reported by code that must not print: which file, what is wrong
// with it, and what to do about it, as data. Only sim/cli turns it into text on a terminal and an
// exit status.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace llmarch {

class FileError : public std::runtime_error {
 public:
  // `problem` reads "what is wrong; what to do".
  FileError(std::filesystem::path path, std::string problem)
      : std::runtime_error(path.string() + ": " + problem),
        path_(std::move(path)),
        problem_(std::move(problem)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::filesystem::path path_;
  std::string problem_;
};

}  // namespace llmarch
