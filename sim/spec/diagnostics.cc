#include "sim/spec/diagnostics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace llmarch {
namespace {

constexpr std::int64_t kShownColumns = 96;

std::string_view line_of(std::string_view text, std::int64_t number) {
  std::size_t begin = 0;
  for (std::int64_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

// One string per character, with tabs and control characters made visible as a space or a dot, so
// that a caret placed by counting characters stands where the reader sees the offence.
std::vector<std::string> printable_characters(std::string_view line) {
  std::vector<std::string> characters;
  for (const char byte : line) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '\r') continue;
    if (code < 0x20 || code == 0x7F) {
      characters.emplace_back(byte == '\t' ? " " : ".");
    } else if (begins_character(byte) || characters.empty()) {
      characters.emplace_back(1, byte);
    } else {
      characters.back().push_back(byte);
    }
  }
  return characters;
}

std::string spaces(std::int64_t count) { return std::string(static_cast<std::size_t>(count), ' '); }

struct Excerpt {
  std::string text;
  std::int64_t caret = 0;   // columns before the caret
  std::int64_t length = 1;  // of the underlining
};

Excerpt excerpt_around(std::string_view line, const Place& place) {
  const std::vector<std::string> characters = printable_characters(line);
  const auto size = static_cast<std::int64_t>(characters.size());
  const std::int64_t target = std::clamp<std::int64_t>(place.column - 1, 0, size);
  const std::int64_t begin = std::max<std::int64_t>(
      0, std::min(target - kShownColumns / 2, size - kShownColumns));
  const std::int64_t end = std::min(size, begin + kShownColumns);
  Excerpt excerpt;
  for (std::int64_t i = begin; i < end; ++i) excerpt.text += characters[static_cast<std::size_t>(i)];
  excerpt.caret = target - begin;
  excerpt.length = std::max<std::int64_t>(1, std::min(place.length, end - target));
  return excerpt;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string render_diagnostic(const std::string& file, std::string_view text,
                              const Diagnostic& diagnostic) {
  if (!diagnostic.place) {
    std::string out = fmt::format("{}: error: {}\n", file, diagnostic.message);
    if (!diagnostic.remedy.empty()) out += fmt::format("      = {}\n", diagnostic.remedy);
    return out;
  }
  const Place& place = *diagnostic.place;
  const Excerpt excerpt = excerpt_around(line_of(text, place.line), place);
  const std::string number = std::to_string(place.line);
  const std::string margin = spaces(std::max<std::int64_t>(5, std::ssize(number) + 1));
  std::string out =
      fmt::format("{}:{}:{}: error: {}\n", file, place.line, place.column, diagnostic.message);
  out += fmt::format("{:>{}} | {}\n", number, margin.size(), excerpt.text);
  out += fmt::format("{} | {}^{}\n", margin, spaces(excerpt.caret),
                     std::string(static_cast<std::size_t>(excerpt.length - 1), '~'));
  if (!diagnostic.remedy.empty()) out += fmt::format("{} = {}\n", margin, diagnostic.remedy);
  return out;
}

std::string render_diagnostics(const std::string& file, std::string_view text,
                               std::vector<Diagnostic> diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     const Place first = a.place.value_or(Place{});
                     const Place second = b.place.value_or(Place{});
                     return std::pair(first.line, first.column) <
                            std::pair(second.line, second.column);
                   });
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += render_diagnostic(file, text, diagnostic);
  return out;
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
  const std::size_t tolerated = std::max<std::size_t>(1, name.size() / 3);
  std::optional<std::string> nearest;
  std::size_t best = tolerated + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name.substr(0, 64), candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggest(std::string_view name, const std::vector<std::string>& candidates) {
  if (const auto nearest = nearest_name(name, candidates)) {
    return fmt::format("did you mean '{}'?", *nearest);
  }
  return fmt::format("known: {}", fmt::join(candidates, ", "));
}

}  // namespace llmarch
