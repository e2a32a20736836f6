#include "sim/cli/converters.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "sim/cli/temporary_folder.h"
#include "sim/cli/text_files.h"
#include "sim/spec/file_error.h"
#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRasterizer = "rsvg-convert";
constexpr const char* kBrowser = "chromium";
constexpr std::int64_t kMostPdf = std::int64_t{1} << 30;

[[noreturn]] void refuse(const char* program, const std::string& name) {
  throw FileError(name, fmt::format("{} failed", program));
}

}  // namespace

bool can_rasterize() {
  return system::has_program(kRasterizer);
}

bool can_print() {
  return system::has_program(kBrowser);
}

std::string rasterize(const std::string& svg, const std::string& name) {
  auto png = system::output_of(fmt::format("{} --format=png --zoom=2", kRasterizer), svg);
  if (!png) refuse(kRasterizer, name);
  return std::move(*png);
}

// The browser takes and writes files alone, so what output_of adds to a command is given to the
// shell's ":", which does nothing. Its sandbox does not start for root, who needs none for a page
// that loads nothing.
std::string print_pdf(const std::string& html, const std::string& name) {
  const TemporaryFolder folder;
  const fs::path page = folder.path() / "page.html";
  std::ofstream(page, std::ios::binary) << html;
  const std::string command = fmt::format(
      "cd '{}' && {} --headless $(test \"$(id -u)\" -ne 0 || echo --no-sandbox) --disable-gpu "
      "--user-data-dir=profile --no-pdf-header-footer --print-to-pdf=page.pdf page.html "
      "2>/dev/null && :",
      folder.path().string(), kBrowser);
  if (!system::output_of(command, {})) refuse(kBrowser, name);
  return read_text(folder.path() / "page.pdf", kMostPdf, "a PDF");
}

}  // namespace llmarch::cli
