#include "sim/cli/rasterize.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/cli/unfinished_file.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "rsvg-convert";

// A file that holds the picture while the program reads it.
class PassingFile {
 public:
  PassingFile(const std::string& text, const std::string& name) {
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor < 0) throw FileError(name, "no temporary file can be made");
    unfinished_ = UnfinishedFile(path_);
    ::close(descriptor);
    std::ofstream stream(path_, std::ios::binary);
    stream << text;
    stream.close();
    if (!stream) throw FileError(name, "the temporary file cannot be written");
  }
  PassingFile(const PassingFile&) = delete;
  PassingFile& operator=(const PassingFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = (fs::temp_directory_path() / "llmarch-XXXXXX").string();
  UnfinishedFile unfinished_;
};

}  // namespace

bool can_rasterize() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((fs::path(folder) / kProgram).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string rasterize(const std::string& svg, const std::string& name) {
  const PassingFile file(svg, name);
  const std::string command = fmt::format("{} --format=png --zoom=2 '{}'", kProgram, file.path());
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw FileError(name, fmt::format("{} cannot be started", kProgram));
  std::string png;
  std::array<char, 65536> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    png.append(buffer.data(), count);
  }
  if (::pclose(pipe) != 0) throw FileError(name, fmt::format("{} failed", kProgram));
  return png;
}

}  // namespace llmarch::cli
