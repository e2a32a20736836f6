#include "sim/spec/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace llmarch {
namespace {

struct CodeRange {
  char32_t first;
  char32_t last;
};

// Controls, invisible spaces, and the marks that turn the direction of writing.
constexpr std::array kUnseen{CodeRange{0x00, 0x1F},     CodeRange{0x7F, 0x9F},
                             CodeRange{0x061C, 0x061C}, CodeRange{0x200B, 0x200F},
                             CodeRange{0x2028, 0x202E}, CodeRange{0x2060, 0x206F},
                             CodeRange{0xFEFF, 0xFEFF}};
constexpr std::array kCombining{CodeRange{0x0300, 0x036F}, CodeRange{0x20D0, 0x20F0},
                                CodeRange{0xFE00, 0xFE0F}};
// The blocks of East Asian scripts and of pictographs, as terminals draw them.
constexpr std::array kWide{
    CodeRange{0x1100, 0x115F}, CodeRange{0x2E80, 0xA4CF},   CodeRange{0xAC00, 0xD7A3},
    CodeRange{0xF900, 0xFAFF}, CodeRange{0xFE30, 0xFE6F},   CodeRange{0xFF00, 0xFF60},
    CodeRange{0xFFE0, 0xFFE6}, CodeRange{0x1F300, 0x1FAFF}, CodeRange{0x20000, 0x3FFFD}};

template <std::size_t size>
bool within(char32_t code, const std::array<CodeRange, size>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

struct Decoded {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: the first byte begins no UTF-8 character
};

std::size_t bytes_announced_by(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

Decoded decode_first(std::string_view text) {
  constexpr std::array<unsigned, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = bytes_announced_by(lead);
  if (bytes == 1) return {lead, 1};
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t code = lead & kLeadBits[bytes];
  for (const char byte : text.substr(1, bytes - 1)) {
    const auto more = static_cast<unsigned char>(byte);
    if ((more & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (more & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[bytes] || code > 0x10FFFF || surrogate) return {};
  return {code, bytes};
}

// Most of what is shown is ASCII, which stands in none of the tables.
bool is_plain(char32_t code) {
  return code >= 0x20 && code < 0x7F;
}

std::int64_t columns_of(char32_t code) {
  if (is_plain(code)) return 1;
  if (within(code, kCombining)) return 0;
  return within(code, kWide) ? 2 : 1;
}

// "\\x1B", "\\u202E"
std::string escape_of(char32_t code) {
  const auto number = static_cast<std::uint32_t>(code);
  return number <= 0xFF ? fmt::format("\\x{:02X}", number) : fmt::format("\\u{:04X}", number);
}

}  // namespace

std::vector<ShownCharacter> shown_characters(std::string_view text) {
  return shown_characters(text, text.size());
}

std::vector<ShownCharacter> shown_characters(std::string_view text, std::size_t most) {
  std::vector<ShownCharacter> characters;
  while (!text.empty() && characters.size() < most) {
    const Decoded next = decode_first(text);
    if (next.code == U'\t') {
      characters.push_back({" ", 1});
    } else if (next.bytes == 0 || (!is_plain(next.code) && within(next.code, kUnseen))) {
      const auto byte = static_cast<unsigned char>(text.front());
      std::string escape = escape_of(next.bytes == 0 ? byte : next.code);
      const std::int64_t columns = std::ssize(escape);
      characters.push_back({std::move(escape), columns});
    } else {
      characters.push_back({std::string(text.substr(0, next.bytes)), columns_of(next.code)});
    }
    text.remove_prefix(std::max<std::size_t>(1, next.bytes));
  }
  return characters;
}

std::size_t offset_behind(std::string_view text, std::size_t count) {
  std::size_t offset = 0;
  for (; count > 0 && offset < text.size(); --count) {
    offset += std::max<std::size_t>(1, decode_first(text.substr(offset)).bytes);
  }
  return offset;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const Decoded next = decode_first(text.substr(offset));
    if (next.bytes == 0) break;
    offset += next.bytes;
  }
  return offset;
}

}  // namespace llmarch
