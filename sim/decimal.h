// A decimal number at the beginning of a text, read as std::from_chars reads it, also where the
// standard library has that for whole numbers alone, as Clang's has before its 20th version.
#pragma once

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace llmarch {

// Leaves `value` as it is where there is no number, or one beyond the largest double.
inline std::from_chars_result read_decimal(std::string_view text, double& value) {
  const char* const begin = text.data();
#ifdef __cpp_lib_to_chars
  return std::from_chars(begin, begin + text.size(), value);
#else
  // What strtod would take besides: blanks, a plus sign, hexadecimal digits.
  const std::string copy(text.substr(0, text.find_first_not_of("+-.0123456789eEinftyaINFTYA")));
  if (copy.starts_with('+')) return {begin, std::errc::invalid_argument};
  char* end = nullptr;
  errno = 0;
  const double read = std::strtod(copy.c_str(), &end);
  const char* const rest = begin + (end - copy.c_str());
  if (rest == begin) return {begin, std::errc::invalid_argument};
  if (errno == ERANGE) return {rest, std::errc::result_out_of_range};
  value = read;
  return {rest, std::errc()};
#endif
}

}  // namespace llmarch
