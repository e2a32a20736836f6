// Text from a file, character by character, as a terminal shows it: which characters are not seen,
// and how many columns the others take.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

struct ShownCharacter {
  std::string text;
  std::int64_t columns = 1;  // 0 for a mark on the letter before it, 2 for wide scripts
};

// One entry per character. A tab becomes a space; what is not seen, and each byte that is no part
// of a UTF-8 character, becomes its escape: no byte of a file steers the terminal, and two names
// that differ look different.
std::vector<ShownCharacter> shown_characters(std::string_view text);
// The same for the first `most` characters only.
std::vector<ShownCharacter> shown_characters(std::string_view text, std::size_t most);

// Where the characters after the first `count` begin; the size of the text when there are none.
std::size_t offset_behind(std::string_view text, std::size_t count);

// The offset of the first byte that is no part of a UTF-8 character; the size of the text when all
// are.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace llmarch
