// Which known names someone may have meant by another: "H100" for h100-sxm, "llama3" for the Llamas
// of the third generation, "Qwen/Qwen3-235B-A22B" for qwen3-235b-a22b. Slips of the pen are known
// by diagnostics.h; this file knows that people leave out parts of a name, or add some.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmarch {

// A name, and others for the same thing: its title, names of what has the same architecture.
struct KnownName {
  std::string name;
  std::vector<std::string> also = {};
};

// The names that contain the parts of what was typed, in the same order, where the last part may be
// cut short: "qwen3-235" means qwen3-235b-a22b. If there are none, the names with whose parts it
// begins: "llama-3-8b-instruct" means llama-3-8b. Best first: names that
// begin with it, then those with the fewest further parts, in the order of their numbers. A number
// is a part of its own, so h100 is never h200.
std::vector<std::string> meant_names(std::string_view typed, const std::vector<KnownName>& known);

// "did you mean 'x'?", "did you mean 'x', 'y' or 'z'?": at most five of the names that were meant,
// or else the one within a slip of the pen, or else those in which such a slip is in a part; none
// where there is none.
std::optional<std::string> did_you_mean(std::string_view typed,
                                        const std::vector<KnownName>& known);

// The same, or the names that are known, of very many the first: "known: a, b, c".
std::string suggest(std::string_view typed, const std::vector<KnownName>& known);
std::string suggest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace llmarch
