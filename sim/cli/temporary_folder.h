// A folder that is removed with everything in it.
#pragma once

#include <filesystem>

namespace llmarch::cli {

class TemporaryFolder {
 public:
  // Where the system keeps temporary files. Throws FileError.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace llmarch::cli
