#include "sim/cli/converters.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "sim/cli/temporary_folder.h"
#include "sim/cli/text_files.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRasterizer = "rsvg-convert";
constexpr const char* kBrowser = "chromium";
constexpr std::int64_t kMostPdf = std::int64_t{1} << 30;

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

bool is_on_path(const char* program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// What the command writes to standard output.
std::string output_of(const std::string& command, const char* program, const std::string& name) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw FileError(name, fmt::format("{} cannot be started", program));
  std::string output;
  std::array<char, 65536> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), count);
  }
  if (::pclose(pipe) != 0) throw FileError(name, fmt::format("{} failed", program));
  return output;
}

}  // namespace

bool can_rasterize() {
  return is_on_path(kRasterizer);
}

bool can_print() {
  return is_on_path(kBrowser);
}

std::string rasterize(const std::string& svg, const std::string& name) {
  const File file = nameless_file(svg, name);
  return output_of(
      fmt::format("{} --format=png --zoom=2 /dev/fd/{}", kRasterizer, ::fileno(file.get())),
      kRasterizer, name);
}

// The browser takes and writes files alone. Its sandbox does not start for root, who needs none
// for a page that loads nothing.
std::string print_pdf(const std::string& html, const std::string& name) {
  const TemporaryFolder folder;
  const fs::path page = folder.path() / "page.html";
  const fs::path pdf = folder.path() / "page.pdf";
  std::ofstream(page, std::ios::binary) << html;
  output_of(fmt::format("cd '{}' && {} --headless {} --disable-gpu --user-data-dir=profile "
                        "--no-pdf-header-footer --print-to-pdf=page.pdf page.html 2>/dev/null",
                        folder.path().string(), kBrowser, ::geteuid() == 0 ? "--no-sandbox" : ""),
            kBrowser, name);
  return read_text(pdf, kMostPdf, "a PDF");
}

}  // namespace llmarch::cli
