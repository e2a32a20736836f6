#include "sim/spec/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "sim/spec/printable.h"

namespace llmarch {
namespace {

constexpr std::int64_t kShownCharacters = 96;
constexpr std::size_t kLongestName =
    64;  // longer ones are cut in messages and are no slip of the pen

std::string repeated(char sign, std::int64_t count) {
  return std::string(static_cast<std::size_t>(count), sign);
}

struct Excerpt {
  std::string text;
  std::int64_t caret = 0;   // columns before the caret
  std::int64_t length = 1;  // columns that are underlined
};

// The part of a line that is shown, in characters: [begin, end), which holds `target`.
struct Cut {
  std::int64_t begin;
  std::int64_t end;
};

Cut cut_around(std::int64_t target, std::int64_t size) {
  const std::int64_t latest = std::max<std::int64_t>(0, size - kShownCharacters);
  const std::int64_t begin = std::clamp<std::int64_t>(target - kShownCharacters / 2, 0, latest);
  return {begin, std::min(size, begin + kShownCharacters)};
}

// Reads only what is near the place: a line may be as long as a file, and there may be a hundred
// problems in it.
Excerpt excerpt_around(std::string_view line, const Place& place) {
  const std::int64_t passed = std::max<std::int64_t>(0, place.column - 1 - kShownCharacters);
  const std::string_view rest = line.substr(offset_behind(line, static_cast<std::size_t>(passed)));
  const std::vector<ShownCharacter> characters = shown_characters(rest, 3 * kShownCharacters);
  const auto size = static_cast<std::int64_t>(characters.size());
  const std::int64_t target = std::clamp<std::int64_t>(place.column - 1 - passed, 0, size);
  const Cut cut = cut_around(target, size);
  Excerpt excerpt;
  excerpt.length = 0;
  if (passed + cut.begin > 0) excerpt.text = "...";
  excerpt.caret = static_cast<std::int64_t>(excerpt.text.size());
  for (std::int64_t i = cut.begin; i < cut.end; ++i) {
    const ShownCharacter& character = characters[static_cast<std::size_t>(i)];
    excerpt.text += character.text;
    if (i < target) excerpt.caret += character.columns;
    if (i >= target && i < target + place.length) excerpt.length += character.columns;
  }
  if (cut.end < size) excerpt.text += "...";
  excerpt.length = std::max<std::int64_t>(1, excerpt.length);
  return excerpt;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return lower;
}

// Insertions, deletions, changes, and exchanges of two neighbours, one each (the "optimal string
// alignment" distance). Row by row; `before` and `row` are the two rows above the one being filled.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> next(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({change, row[j] + 1, next[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before = std::exchange(row, std::move(next));
  }
  return row.back();
}

}  // namespace

Place place_of_byte(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {std::count(before.begin(), before.end(), '\n') + 1,
          std::ssize(shown_characters(before.substr(line_begin))) + 1, 1};
}

std::string_view line_of(std::string_view text, std::int64_t number) {
  std::size_t begin = 0;
  for (std::int64_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const ShownCharacter& character : shown_characters(text)) shown += character.text;
  return shown;
}

std::string quote_name(std::string_view name) {
  const std::vector<ShownCharacter> characters = shown_characters(name);
  std::string shown;
  for (std::size_t i = 0; i < std::min(characters.size(), kLongestName); ++i) {
    shown += characters[i].text;
  }
  return fmt::format("'{}{}'", shown, characters.size() > kLongestName ? "..." : "");
}

std::string render_diagnostic(const std::string& file, std::string_view text,
                              const Diagnostic& diagnostic) {
  const std::string name = printable(file);
  const std::string message = printable(diagnostic.message);
  const std::string remedy = printable(diagnostic.remedy);
  if (!diagnostic.place) {
    std::string out = fmt::format("{}: error: {}\n", name, message);
    if (!remedy.empty()) out += fmt::format("      = {}\n", remedy);
    return out;
  }
  const Place& place = *diagnostic.place;
  const Excerpt excerpt = excerpt_around(line_of(text, place.line), place);
  const std::string number = std::to_string(place.line);
  const std::string margin = repeated(' ', std::max<std::int64_t>(5, std::ssize(number) + 1));
  std::string out = fmt::format("{}:{}:{}: error: {}\n", name, place.line, place.column, message);
  out += fmt::format("{:>{}} | {}\n", number, margin.size(), excerpt.text);
  out += fmt::format("{} | {}^{}\n", margin, repeated(' ', excerpt.caret),
                     repeated('~', excerpt.length - 1));
  if (!remedy.empty()) out += fmt::format("{} = {}\n", margin, remedy);
  return out;
}

std::string render_diagnostics(const std::string& file, std::string_view text,
                               std::vector<Diagnostic> diagnostics) {
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
        const Place first = a.place.value_or(Place{});
        const Place second = b.place.value_or(Place{});
        return std::pair(first.line, first.column) < std::pair(second.line, second.column);
      });
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += render_diagnostic(file, text, diagnostic);
  return out;
}

// One slip in three letters is tolerated, and at least one; but a name that shares no letter with a
// candidate did not mean it.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
  if (name.size() > kLongestName) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t best = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    // It takes as many changes at least as one is longer than the other.
    const auto [shorter, longer] = std::minmax({name.size(), candidate.size()});
    if (longer - shorter >= best) continue;
    const std::size_t distance = edit_distance(lower_case(name), lower_case(candidate));
    if (distance < best && distance < longer) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace llmarch
