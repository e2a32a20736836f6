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
#include <utility>
#include <vector>

#include "reports/document/document.h"
#include "sim/cli/arguments.h"
#include "sim/cli/unfinished_file.h"
#include "sim/system/system.h"

namespace llmarch::cli {

enum class Format { text, markdown, csv, json, html, page, svg, png, pdf };
// What --format takes.
std::vector<std::string> format_names();

// A report that can be rendered in every format. What is shown is made when a format asks for it.
struct Report {
  std::function<reports::Document()> make_document;
  // The stable formats of a command, in place of the document's own: called with a function that
  // takes one piece after another, since a sweep is too long to hold in memory.
  using Pieces = std::function<void(const std::function<void(std::string_view)>& write)>;
  Pieces csv_pieces = {};
  Pieces json_pieces = {};
  // Why there is nothing to draw, where there is not: "a list has no picture".
  std::string no_picture = "this report has no picture";
};

// The whole text that `make` returns, as one piece.
Report::Pieces in_one_piece(std::function<std::string()> make);

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

  // Throws FileError.
  void write(std::string_view text);
  // Renames the file, of which all has been written, to its target. Throws FileError.
  void put_in_place();

 private:
  std::filesystem::path target_;
  // The temporary name; empty where the target is written directly: a device, a pipe.
  std::filesystem::path beside_;
  UnfinishedFile unfinished_;  // at `beside_`
  system::Descriptor descriptor_ = -1;

  void open_beside();
};

// A folder that is removed again if nothing was put into it.
class MadeFolder {
 public:
  MadeFolder() = default;
  // Makes the folder, where there is none. Throws FileError.
  explicit MadeFolder(const std::filesystem::path& path);
  MadeFolder(MadeFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  MadeFolder(const MadeFolder&) = delete;
  MadeFolder& operator=(const MadeFolder&) = delete;
  MadeFolder& operator=(MadeFolder&&) = delete;
  ~MadeFolder();

 private:
  std::filesystem::path path_;  // empty: it was there before
};

class Outputs {
 public:
  // Declares -o and --format.
  static void declare(Options& options);
  // Opens every file. One that cannot be opened stops only the command of which it is the only
  // output; throws UsageError, FileError or BadInput.
  explicit Outputs(const Values& values);

  // Writes to every output that can be written to, and then throws BadInput for those that could
  // not.
  void write(const Report& report);
  // Removes the temporary files, so that no report is left.
  void discard() { files_.clear(); }

 private:
  struct Target {
    Format format;
    MadeFolder made;  // outlives the file in it
    OutputFile file;
    std::filesystem::path folder;  // where its pictures go
    std::string stem;              // with which the pictures' names begin
  };
  static Target target_of(const std::string& name);
  class Source;
  static void finish(Target& target, Source& source);
  void write_standard(Source& source) const;
  // Calls `write`, and keeps what it throws for the end.
  void attempt(const std::function<void()>& write);
  void refuse_failed() const;

  std::optional<Format> standard_output_;
  std::vector<Target> files_;
  std::string failed_;  // what was wrong with outputs, as it is to be said
};

// Writes the whole text to standard output. Throws FileError when that fails.
void write_standard_output(const std::string& text);

// The one file that -o names: none where it is not given or is '-', which are standard output.
// Throws as OutputFile does.
std::optional<OutputFile> output_file(const Values& values);

// To the file, or to standard output where there is none. Throws FileError.
void write_to(std::optional<OutputFile>& file, const std::string& text);

// The columns of the terminal; else of COLUMNS, else 80.
std::size_t terminal_width();

}  // namespace llmarch::cli
