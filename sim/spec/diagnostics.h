// What is said about a user's mistake: the place, the offence, the remedy, in the form that compilers
// use. This file knows that form and how near names are found; what can be wrong is known by
// rules.h and by the loaders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

// 1-based; `length` is in characters of the line, at least 1.
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

// `file:line:column: error: message`, the line, a caret under the place, and the remedy. Lines are
// shown without control characters and cut around the place where they are long.
std::string render_diagnostic(const std::string& file, std::string_view text,
                              const Diagnostic& diagnostic);

// The diagnostics in the order of their places, one after another.
std::string render_diagnostics(const std::string& file, std::string_view text,
                               std::vector<Diagnostic> diagnostics);

// The candidate that a slip of the pen would most likely have meant; none when nothing is near.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

// "did you mean 'x'?", or the candidates when none is near: "known: a, b, c".
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace llmarch
