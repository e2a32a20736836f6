#include "sim/toml/toml_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/spec/printable.h"
#include "sim/toml/field_places.h"

namespace llmarch {
namespace {

// Each dot in a key opens a table inside a table. More of them than any page of text needs would
// exhaust the stack when the tables are taken down again.
constexpr std::int64_t kMostDots = 5'000;

std::optional<Diagnostic> refused_unparsed(std::string_view text, const DocumentKind& kind) {
  if (std::ssize(text) > kLargestSpecFile) {
    return Diagnostic{std::nullopt,
                      fmt::format("the file has {} bytes, and {} at most {}", text.size(),
                                  kind.name, kLargestSpecFile),
                      std::string(kind.see_format)};
  }
  if (const std::size_t invalid = find_invalid_utf8(text); invalid < text.size()) {
    return Diagnostic{place_of_byte(text, invalid), "not valid TOML: this byte is not UTF-8",
                      std::string(kind.see_toml)};
  }
  if (const auto dots = std::count(text.begin(), text.end(), '.'); dots > kMostDots) {
    return Diagnostic{
        std::nullopt,
        fmt::format("the file holds {} dots, and {} at most {}", dots, kind.name, kMostDots),
        std::string(kind.see_format)};
  }
  return std::nullopt;
}

// "Error while parsing WHAT: PROBLEM" as "PROBLEM (in a WHAT)".
std::string without_prefix(std::string_view description) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  const std::size_t colon = description.find(": ");
  if (!description.starts_with(kPrefix) || colon == std::string_view::npos) {
    return std::string(description);
  }
  return fmt::format("{} (in a {})", description.substr(colon + 2),
                     description.substr(kPrefix.size(), colon - kPrefix.size()));
}

// toml++ reports a number that is too large, or a repeated key, at the place after it, and quotes
// it: so the caret is put under the quoted text. A quotation that follows "expected" is not in the
// text.
Place place_of_error(const toml::parse_error& error, std::string_view text) {
  const toml::source_position& position = error.source().begin;
  const Place reported{position.line, position.column, 1};
  const std::string_view description = error.description();
  const std::size_t open = description.find('\'');
  const std::size_t close = description.find('\'', open + 1);
  if (close == std::string_view::npos || description.find("expected") < open) return reported;
  const std::string_view quoted = description.substr(open + 1, close - open - 1);
  const std::string_view line = line_of(text, reported.line);
  const std::size_t found = line.find(quoted);
  if (quoted.empty() || found == std::string_view::npos) return reported;
  const auto line_offset = static_cast<std::size_t>(line.data() - text.data());
  Place place = place_of_byte(text, line_offset + found);
  place.length = std::ssize(shown_characters(quoted));
  return place;
}

}  // namespace

std::variant<toml::table, Diagnostic> parse_toml(std::string_view text, const DocumentKind& kind) {
  if (auto refused = refused_unparsed(text, kind)) return std::move(*refused);
  try {
    toml::table table = toml::parse(text);
    if (!table.empty()) return table;
  } catch (const toml::parse_error& error) {
    return Diagnostic{place_of_error(error, text),
                      fmt::format("not valid TOML: {}", without_prefix(error.description())),
                      std::string(kind.see_toml)};
  }
  return Diagnostic{std::nullopt, "the file defines nothing", std::string(kind.see_format)};
}

}  // namespace llmarch
