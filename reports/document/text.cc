#include "reports/document/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace llmarch::reports {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

constexpr char32_t replacement = 0xFFFD;

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// What the first byte of a sequence says: the sequence's length, the payload bits of the byte
// itself, and the smallest code point of that length. A smaller code point is refused, since an
// overlong form could hide a control character.
struct Lead {
  unsigned char mask;
  unsigned char pattern;
  std::size_t bytes;
  char32_t smallest;
};
constexpr std::array leads = {Lead{0x80, 0x00, 1, 0}, Lead{0xE0, 0xC0, 2, 0x80},
                              Lead{0xF0, 0xE0, 3, 0x800}, Lead{0xF8, 0xF0, 4, 0x10000}};

CodePoint decode(std::string_view text, const Lead& lead) {
  if (text.size() < lead.bytes) return {replacement, 1};
  char32_t value = byte_at(text, 0) & static_cast<unsigned char>(~lead.mask);
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return {replacement, 1};
    value = value << 6 | (byte_at(text, i) & 0x3F);
  }
  if (value < lead.smallest || value > 0x10FFFF) return {replacement, 1};
  return {value, lead.bytes};
}

CodePoint first_code_point(std::string_view text) {
  for (const Lead& lead : leads) {
    if ((byte_at(text, 0) & lead.mask) == lead.pattern) return decode(text, lead);
  }
  return {replacement, 1};
}

// Combining marks, joiners and variation selectors, which are drawn on the character before them.
bool takes_no_room(char32_t c) {
  const auto in = [c](char32_t first, char32_t last) { return first <= c && c <= last; };
  return in(0x300, 0x36F) || in(0x1AB0, 0x1AFF) || in(0x1DC0, 0x1DFF) || in(0x200B, 0x200D) ||
         in(0x20D0, 0x20FF) || in(0xFE00, 0xFE0F) || in(0xFE20, 0xFE2F);
}

// Controls, and invisible characters that change what is shown: marks that reverse the direction of
// writing, line separators, a byte order mark.
bool is_unseen(char32_t c) {
  const auto in = [c](char32_t first, char32_t last) { return first <= c && c <= last; };
  return c < 0x20 || in(0x7F, 0x9F) || in(0x200E, 0x200F) || in(0x2028, 0x202E) ||
         in(0x2060, 0x206F) || c == 0xFEFF;
}

// The bytes of the longest beginning of the text that is at most `width` wide; at least one
// character.
std::size_t prefix_bytes(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  std::size_t used = 0;
  while (end < text.size()) {
    const CodePoint next = first_code_point(text.substr(end));
    const std::size_t columns = takes_no_room(next.value) ? 0 : 1;
    if (end > 0 && used + columns > width) break;
    used += columns;
    end += next.bytes;
  }
  return end;
}

bool is_digit(char c) {
  return '0' <= c && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
}

// Whether a line may end after word[i]. A number such as "1,024" or "-12" is not broken, while
// "1,a" is a list, and "mistral-small" has two parts.
bool may_break_after(std::string_view word, std::size_t i) {
  if (i == 0 || i + 1 >= word.size()) return false;
  const char before = word[i - 1];
  const char after = word[i + 1];
  if (word[i] == ',') return !(is_digit(before) && is_digit(after));
  const bool joins = word[i] == '-' || word[i] == '/' || word[i] == '_';
  return joins && is_alphanumeric(before) && is_alphanumeric(after);
}

// Where to cut a word that is wider than the line. A number that must be cut is cut at its commas.
std::size_t cut_point(std::string_view word, std::size_t width) {
  const std::size_t end = prefix_bytes(word, width);
  for (std::size_t i = end; i-- > 0;) {
    if (may_break_after(word, i)) return i + 1;
  }
  const std::size_t comma = word.substr(0, end).rfind(',');
  return comma == std::string_view::npos || comma == 0 ? end : comma + 1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

// Fills lines word by word.
class LineFiller {
 public:
  explicit LineFiller(std::size_t width) : width_(width) {}

  void add(std::string_view word) {
    const std::size_t joined = display_width(line_) + 1 + display_width(word);
    if (!line_.empty() && joined > width_) end_line();
    // Looks only at the beginning: measuring the rest at every cut would take quadratic time, and a
    // word may be as long as a file.
    while (prefix_bytes(word, width_) < word.size()) {
      const std::size_t cut = cut_point(word, width_);
      lines_.emplace_back(word.substr(0, cut));
      word.remove_prefix(cut);
    }
    if (!line_.empty()) line_ += ' ';
    line_ += word;
  }

  std::vector<std::string> finish() {
    if (!line_.empty() || lines_.empty()) end_line();
    return std::move(lines_);
  }

 private:
  void end_line() {
    lines_.push_back(std::move(line_));
    line_.clear();
  }

  std::size_t width_;
  std::string line_;
  std::vector<std::string> lines_;
};

// A line that fits is kept unchanged, with all its spaces.
std::vector<std::string> wrap_line(std::string_view line, std::size_t width) {
  if (display_width(line) <= width) return {std::string(line)};
  LineFiller filler(width);
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) filler.add(word);
  }
  return filler.finish();
}

std::string escape_of(char32_t code) {
  const auto number = static_cast<std::uint32_t>(code);
  return number <= 0xFF ? fmt::format("\\x{:02X}", number) : fmt::format("\\u{:04X}", number);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (!takes_no_room(next.value)) ++width;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.value == '\t' || next.value == '\r') {
      clean += ' ';
    } else if (next.value != '\n' && is_unseen(next.value)) {
      clean += escape_of(next.value);
    } else if (next.value == replacement) {
      clean += "\uFFFD";
    } else {
      clean += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return clean;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  const std::string clean = printable(text);
  for (const std::string_view line : split(clean, '\n')) {
    for (std::string& wrapped : wrap_line(line, width)) lines.push_back(std::move(wrapped));
  }
  return lines;
}

std::string reflow(std::string_view text, std::size_t width) {
  std::string all;
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (paragraph.empty()) return;
    for (const std::string& line : wrap(paragraph, width)) all += line + "\n";
    paragraph.clear();
  };
  const bool ended = text.ends_with('\n');
  if (ended) text.remove_suffix(1);
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty() && line.front() != ' ') {
      paragraph += (paragraph.empty() ? "" : " ") + std::string(line);
      continue;
    }
    end_paragraph();
    all += std::string(line) + "\n";
  }
  end_paragraph();
  if (!ended) all.pop_back();
  return all;
}

std::size_t widest_piece(std::string_view text) {
  std::size_t widest = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool gap = text[i] == ' ' || text[i] == '\n';
    if (!gap && !may_break_after(text, i)) continue;
    widest = std::max(widest, display_width(text.substr(start, i + (gap ? 0 : 1) - start)));
    start = i + 1;
  }
  return std::max(widest, display_width(text.substr(start)));
}

}  // namespace llmarch::reports
