#include "sim/cli/rasterize.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "rsvg-convert";

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

// The picture in a file without a name, which rsvg-convert reads from its descriptor: it disappears
// however this process ends.
File nameless_file(const std::string& text, const std::string& name) {
  File file(std::tmpfile(), &std::fclose);
  if (file == nullptr) throw FileError(name, "no temporary file can be made");
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (!written || std::fflush(file.get()) != 0) {
    throw FileError(name, "the temporary file cannot be written");
  }
  return file;
}

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
  const File file = nameless_file(svg, name);
  const std::string command =
      fmt::format("{} --format=png --zoom=2 /dev/fd/{}", kProgram, ::fileno(file.get()));
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
