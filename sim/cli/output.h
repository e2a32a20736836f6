// Where reports go: standard output, files, and folders that hold a report.md with its pictures.
// Files are opened before the work begins, written whole beside their place and renamed into it, so
// that there is never half a report; pictures are in place before the report that names them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/document/document.h"
#include "sim/cli/arguments.h"
#include "sim/cli/unfinished_file.h"

namespace llmarch::cli {

enum class Format { text, markdown, csv, json, html, svg, png };

// A report that can be drawn in every format. `json` takes the place of the document's own JSON,
// where there is a stable one.
struct Report {
  reports::Document document;
  std::optional<std::string> json = std::nullopt;
  // A document that is made only when a format asks for it; takes the place of `document`.
  std::function<reports::Document()> make_document = {};
  // CSV and JSON that are too long to be made whole: called with what takes one piece after
  // another.
  using Pieces = std::function<void(const std::function<void(std::string_view)>& write)>;
  Pieces csv_pieces = {};
  Pieces json_pieces = {};
};

// A file that is written beside its place until it is complete.
class OutputFile {
 public:
  // Throws FileError when it cannot be created.
  explicit OutputFile(std::filesystem::path target);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // what was not finished is removed

  // Writes a part; `finish` writes the last one. Throws FileError.
  void write(std::string_view text);
  // Writes all of it and puts it in its place. Throws FileError.
  void finish(const std::string& text);

 private:
  std::filesystem::path target_;
  std::filesystem::path beside_;  // empty where the target is written to directly: a device, a pipe
  UnfinishedFile unfinished_;     // at `beside_`
  int descriptor_ = -1;

  void open_beside();
};

class Outputs {
 public:
  // Declares -o and --format.
  static void declare(Options& options);
  // Opens every file; throws UsageError or FileError.
  explicit Outputs(const Values& values);

  void write(const Report& report);
  // Nothing is written: what was opened is removed.
  void discard() { files_.clear(); }

 private:
  struct Target {
    Format format;
    OutputFile file;
    std::filesystem::path folder;  // of pictures beside it
    std::string stem;              // that their names begin with
  };
  static Target target_of(const std::string& name);
  static const Report::Pieces& pieces_of(const Report& report, Format format);
  static void finish(Target& target, const Report& report);

  std::optional<Format> standard_output_;
  std::vector<Target> files_;
};

// To standard output, whole; throws FileError when it does not take it.
void write_standard_output(const std::string& text);

}  // namespace llmarch::cli
