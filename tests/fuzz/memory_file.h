// A file for the targets whose reader takes a path instead of a text.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/properties.h"

namespace llmarch::fuzz {

// A regular file that lives in memory.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzzed", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "memory for a file");
  }
  void hold(std::string_view bytes) const {
    require(::ftruncate(descriptor_, 0) == 0, "the file can be emptied");
    const auto size = static_cast<ssize_t>(bytes.size());
    require(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == size,
            "the file can be written");
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace llmarch::fuzz
