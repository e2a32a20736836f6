// A report on a user's mistake: the place, the offence and the remedy, in the form that compilers
// use. This file knows that form and how near names are found; what can be wrong is known by
// rules.h and by the loaders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

// 1-based; `column` and `length` count characters, not bytes; `length` is at least 1.
struct Place {
  std::int64_t line = 0;
  std::int64_t column = 0;
  std::int64_t length = 1;
};

struct Diagnostic {
  std::optional<Place> place;  // absent when the whole file is meant
  std::string message;         // what is wrong
  std::string remedy;          // what to do; may be empty when the message says it
};

// `file:line:column: error: message`, the line, a caret under the place, and the remedy. A long
// line is cut around the place, and nothing that could steer a terminal is passed on.
std::string render_diagnostic(const std::string& file, std::string_view text,
                              const Diagnostic& diagnostic);

// The diagnostics in the order of their places, one after another; what concerns the whole file
// first.
std::string render_diagnostics(const std::string& file, std::string_view text,
                               std::vector<Diagnostic> diagnostics);

// The place of the byte at `offset` of `text`; beyond the last byte, the end.
Place place_of_byte(std::string_view text, std::size_t offset);

// The line of that number, counted from 1, without its end; empty when there is none.
std::string_view line_of(std::string_view text, std::int64_t number);

// `text` with an escape for every character that is not seen or is not UTF-8, and a space for a
// tab.
std::string printable(std::string_view text);

// A name from a file in quotes, as messages show it: a long one is cut.
std::string quote_name(std::string_view name);

// The candidate that a slip of the pen would most likely have meant; none when nothing is near. A
// slip is a letter too many, too few or wrong, or two that changed places; capitals do not count.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

}  // namespace llmarch
