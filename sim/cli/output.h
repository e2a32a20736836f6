// Where reports go: standard output, files, and folders that hold a report.md with its pictures.
// Before the work begins, every file is created under a temporary name. It is renamed once it is
// complete, so there is never half a report, and pictures are complete before the report that names
// them.
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

// A report that can be rendered in every format. `json` replaces the document's own JSON for
// reports with a stable JSON format.
struct Report {
  reports::Document document;
  std::optional<std::string> json = std::nullopt;
  // Makes the document only when a format asks for it; replaces `document`.
  std::function<reports::Document()> make_document = {};
  // CSV and JSON that are too long to hold in memory: called with a function that takes one piece
  // after another.
  using Pieces = std::function<void(const std::function<void(std::string_view)>& write)>;
  Pieces csv_pieces = {};
  Pieces json_pieces = {};
};

// A file that has a temporary name until it is complete.
class OutputFile {
 public:
  // Throws FileError when it cannot be created.
  explicit OutputFile(std::filesystem::path target);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // removes what was not finished

  // Writes a part; `finish` writes the last one. Throws FileError.
  void write(std::string_view text);
  // Writes the text and renames the file to its target. Throws FileError.
  void finish(const std::string& text);

 private:
  std::filesystem::path target_;
  // The temporary name; empty where the target is written directly: a device, a pipe.
  std::filesystem::path beside_;
  UnfinishedFile unfinished_;  // at `beside_`
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
  // Removes the temporary files, so that no report is left.
  void discard() { files_.clear(); }

 private:
  struct Target {
    Format format;
    OutputFile file;
    std::filesystem::path folder;  // where its pictures go
    std::string stem;              // with which the pictures' names begin
  };
  static Target target_of(const std::string& name);
  static const Report::Pieces& pieces_of(const Report& report, Format format);
  static void finish(Target& target, const Report& report);

  std::optional<Format> standard_output_;
  std::vector<Target> files_;
};

// Writes the whole text to standard output. Throws FileError when that fails.
void write_standard_output(const std::string& text);

}  // namespace llmarch::cli
