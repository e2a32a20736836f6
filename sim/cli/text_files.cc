#include "sim/cli/text_files.h"

#include <fmt/format.h>

#include "kernels/weight_files/random_access_file.h"
#include "reports/document/format.h"
#include "sim/cli/errors.h"
#include "sim/spec/file_error.h"

namespace llmarch::cli {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path, std::int64_t limit, const char* what) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw FileError(path, fmt::format("is a directory; {} is expected", what));
  }
  const RandomAccessFile file = RandomAccessFile::open(path);
  if (file.size() > static_cast<std::uint64_t>(limit)) {
    throw FileError(path, fmt::format("{} bytes are too many for {}, which has at most {}",
                                      reports::grouped(static_cast<std::int64_t>(file.size())),
                                      what, reports::grouped(limit)));
  }
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

void refuse_file(const std::string& file, std::string_view text, std::vector<Diagnostic> problems) {
  throw BadInput(render_diagnostics(file, text, std::move(problems)));
}

}  // namespace llmarch::cli
