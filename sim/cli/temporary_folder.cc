#include "sim/cli/temporary_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "sim/spec/file_error.h"
#include "sim/system/system.h"

namespace llmarch::cli {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "llmarch-XXXXXX").string();
  if (!system::make_folder(name)) {
    throw FileError(name, fmt::format("cannot be made: {}", std::strerror(errno)));
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace llmarch::cli
