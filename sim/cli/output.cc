#include "sim/cli/output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "reports/pictures/pictures.h"
#include "reports/render/csv.h"
#include "reports/render/html.h"
#include "reports/render/json.h"
#include "reports/render/markdown.h"
#include "reports/render/page.h"
#include "reports/render/terminal.h"
#include "sim/cli/converters.h"
#include "sim/cli/errors.h"
#include "sim/enumerators.h"
#include "sim/spec/file_error.h"
#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr auto kFormats = each_named<Format>({{"text", Format::text},
                                              {"md", Format::markdown},
                                              {"csv", Format::csv},
                                              {"json", Format::json},
                                              {"html", Format::html},
                                              {"page", Format::page},
                                              {"svg", Format::svg},
                                              {"png", Format::png},
                                              {"pdf", Format::pdf}});

constexpr std::size_t kUnknownWidth = 80;

// The programs that make the formats which are not our own.
void need_converter(Format format) {
  if (format == Format::png && !can_rasterize()) {
    throw UsageError("PNG pictures are made by rsvg-convert, which is not installed",
                     "install it (Debian: librsvg2-bin), or write .svg");
  }
  if (format == Format::pdf && !can_print()) {
    throw UsageError("PDF pages are printed by chromium, which is not installed",
                     "install it (Debian: chromium), or write .html and print it in a browser");
  }
}

Format format_of_file(const fs::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".txt") return Format::text;
  for (const auto& [name, format] : kFormats) {
    if (ending == fmt::format(".{}", name)) return format;
  }
  throw UsageError(
      fmt::format("cannot tell the format of '{}' from its ending", path.string()),
      "use .txt, .md, .html, .csv, .json, .svg, .png or .pdf; a folder's name has no ending");
}

reports::Colour terminal_colour() {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  const char* refused = std::getenv("NO_COLOR");
  const bool wanted = refused == nullptr || *refused == '\0';
  return system::is_terminal(system::kStandardOutput) && wanted && !dumb ? reports::Colour::ansi
                                                                         : reports::Colour::none;
}

std::string picture_of(const reports::Document& document, const std::string& no_picture) {
  if (reports::has_pictures(document)) return reports::render_picture(document);
  throw UsageError(no_picture, "use .txt, .md, .html, .csv or .json");
}

// Writes all of the text, or throws with the system's reason.
void write_all(system::Descriptor descriptor, std::string_view text, const std::string& name) {
  std::size_t written = 0;
  while (written < text.size()) {
    const std::int64_t count = system::write(descriptor, text.substr(written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw FileError(name, fmt::format("cannot be written: {}", std::strerror(errno)));
    }
    written += static_cast<std::size_t>(count);
  }
}

// Where a symbolic link leads to, though there may be nothing yet: the file there is written, and
// the link stays.
fs::path linked_from(fs::path path) {
  constexpr int kMostLinks = 40;  // as the system follows
  std::error_code error;
  for (int links = 0; links < kMostLinks && fs::is_symlink(path, error); ++links) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  return path;
}

}  // namespace

std::vector<std::string> format_names() {
  return names_in(kFormats);
}

OutputFile::OutputFile(fs::path target) : target_(std::move(target)) {
  std::error_code error;
  target_ = linked_from(target_);
  if (fs::is_directory(target_, error)) throw FileError(target_, "is a directory; name a file");
  const bool special = fs::exists(target_, error) && !fs::is_regular_file(target_, error);
  if (special) {
    descriptor_ = system::open_to_write(target_);
  } else {
    open_beside();
  }
  if (descriptor_ < 0) {
    throw FileError(target_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
}

// Skips names that are taken: a killed run does not remove its temporary file, and in a container
// the next run may have the same process id.
void OutputFile::open_beside() {
  constexpr int kMostLeftBehind = 1'000;
  for (int attempt = 0; attempt < kMostLeftBehind; ++attempt) {
    beside_ = fmt::format("{}.{}-{}.part", target_.string(), system::process_id(), attempt);
    // Registered before the file is made, since a signal may come in between.
    unfinished_ = UnfinishedFile(beside_);
    descriptor_ = system::open_new(beside_);
    if (descriptor_ >= 0) return;
    unfinished_.release();
    if (errno != EEXIST) break;
  }
  beside_.clear();
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : target_(std::move(other.target_)),
      beside_(std::move(other.beside_)),
      unfinished_(std::move(other.unfinished_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {
  other.beside_.clear();
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) system::close(descriptor_);
}

void OutputFile::write(std::string_view text) {
  write_all(descriptor_, text, target_.string());
}

void OutputFile::put_in_place() {
  if (!system::close(std::exchange(descriptor_, -1))) {
    throw FileError(target_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  if (beside_.empty()) return;
  std::error_code error;
  fs::rename(beside_, target_, error);
  if (error) {
    throw FileError(target_, fmt::format("cannot be put in its place: {}", error.message()));
  }
  unfinished_.release();
  beside_.clear();
}

void Outputs::declare(Options& options) {
  options.add_options()(
      "output,o", po::value<std::vector<std::string>>()->value_name("FILE"),
      "write to FILE: .txt, .md, .html, .csv, .json, .svg, .png or .pdf by its ending; "
      "without an ending, to a folder: report.md and its pictures; - for standard output; may be "
      "repeated")(
      "format", po::value<std::string>()->value_name("FORMAT"),
      fmt::format("what to write to standard output: {}", fmt::join(format_names(), ", ")).c_str());
}

Outputs::Outputs(const Values& values) {
  std::vector<std::string> names;
  if (values.count("output") > 0) names = values["output"].as<std::vector<std::string>>();
  if (values.count("format") > 0) {
    const auto& name = values["format"].as<std::string>();
    standard_output_ = value_named(kFormats, name, fmt::format("unknown format '{}'", name));
    need_converter(*standard_output_);
  } else if (names.empty()) {
    standard_output_ = Format::text;
  }
  for (const std::string& name : names) {
    if (name == "-") {
      if (!standard_output_) standard_output_ = Format::text;
      continue;
    }
    attempt([&] { files_.push_back(target_of(name)); });
  }
  if (files_.empty() && !standard_output_) refuse_failed();
}

void Outputs::attempt(const std::function<void()>& write) {
  try {
    write();
  } catch (const UsageError& error) {
    failed_ += error_text(error.what(), error.remedy());
  } catch (const FileError& error) {
    failed_ += error_text(error.what(), "");
  }
}

void Outputs::refuse_failed() const {
  if (!failed_.empty()) throw BadInput(failed_);
}

MadeFolder::MadeFolder(const fs::path& path) {
  std::error_code error;
  if (fs::create_directory(path, error)) path_ = path;
  if (error) {
    throw FileError(path, fmt::format("cannot be made a folder: {}", error.message()));
  }
}

MadeFolder::~MadeFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove(path_, error);  // fails where there is something in it
}

Outputs::Target Outputs::target_of(const std::string& name) {
  std::error_code error;
  fs::path path(name);
  if (!path.has_extension() || fs::is_directory(path, error)) {
    MadeFolder made(path);
    return {Format::markdown, std::move(made), OutputFile(path / "report.md"), path, ""};
  }
  const Format format = format_of_file(path);
  need_converter(format);
  return {format, {}, OutputFile(path), path.parent_path(), path.stem().string()};
}

Report::Pieces in_one_piece(std::function<std::string()> make) {
  return [make = std::move(make)](const auto& write) { write(make()); };
}

// A report whose document is made when it is first asked for, and then kept.
class Outputs::Source {
 public:
  explicit Source(const Report& report) : report_(report) {}

  const reports::Document& document() {
    if (!made_) made_ = report_.make_document();
    return *made_;
  }

  void render(Format format, const reports::TerminalStyle& style,
              const std::function<void(std::string_view)>& write) {
    if (format == Format::csv && report_.csv_pieces) return report_.csv_pieces(write);
    if (format == Format::json && report_.json_pieces) return report_.json_pieces(write);
    write(text(format, style));
  }

 private:
  std::string text(Format format, const reports::TerminalStyle& style) {
    switch (format) {
      case Format::text: return reports::render_terminal(document(), style);
      case Format::markdown: return reports::render_markdown(document());
      case Format::csv: return reports::render_csv(document());
      case Format::json: return reports::render_json(document());
      case Format::html: return reports::render_html(document());
      case Format::page: return reports::render_page(document());
      case Format::svg: return picture_of(document(), report_.no_picture);
      case Format::png: return rasterize(picture_of(document(), report_.no_picture), "the picture");
      case Format::pdf: return print_pdf(reports::render_html(document()), "the pages");
    }
    throw std::logic_error("Outputs::Source::text: a format outside the enumeration");
  }

  const Report& report_;
  std::optional<reports::Document> made_;
};

// Pictures are in place before the report that names them, and none is where one cannot be written.
void Outputs::finish(Target& target, Source& source) {
  std::vector<OutputFile> pictures;
  if (target.format != Format::markdown) {
    source.render(target.format, {}, [&](std::string_view piece) { target.file.write(piece); });
  } else {
    const reports::Document& document = source.document();
    for (const auto& [file, svg] : reports::draw_pictures(document, target.stem)) {
      pictures.emplace_back(target.folder / file).write(svg);
    }
    target.file.write(
        reports::render_markdown(document, reports::picture_files(document, target.stem)));
  }
  for (OutputFile& picture : pictures) picture.put_in_place();
  target.file.put_in_place();
}

void Outputs::write_standard(Source& source) const {
  source.render(
      *standard_output_, {.width = terminal_width(), .colour = terminal_colour()},
      [](std::string_view piece) { write_all(system::kStandardOutput, piece, "standard output"); });
}

void Outputs::write(const Report& report) {
  Source source(report);
  for (Target& target : files_) {
    attempt([&] { finish(target, source); });
  }
  if (standard_output_) attempt([&] { write_standard(source); });
  files_.clear();  // removes what is not in its place
  refuse_failed();
}

void write_standard_output(const std::string& text) {
  write_all(system::kStandardOutput, text, "standard output");
}

std::optional<OutputFile> output_file(const Values& values) {
  if (values.count("output") == 0) return std::nullopt;
  const auto& name = values["output"].as<std::string>();
  return name == "-" ? std::nullopt : std::optional<OutputFile>(name);
}

void write_to(std::optional<OutputFile>& file, const std::string& text) {
  if (!file) return write_standard_output(text);
  file->write(text);
  file->put_in_place();
}

std::size_t terminal_width() {
  if (const auto known = system::columns(system::kStandardOutput)) return *known;
  const char* columns = std::getenv("COLUMNS");
  std::size_t width = 0;
  if (columns != nullptr) std::from_chars(columns, columns + std::strlen(columns), width);
  return width > 0 ? width : kUnknownWidth;
}

}  // namespace llmarch::cli
