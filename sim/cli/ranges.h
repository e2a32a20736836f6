// Lists and ranges of an axis as written on the command line: "4k", "1k,4k,16k", "1k..1M:x2",
// "1k..64k:+1k", and lists of these. A range that its steps do not reach the end of ends there all
// the same.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/arguments.h"
#include "sim/study/sweep.h"

namespace llmarch::cli {

// Reads numbers as parse_tokens does. Throws UsageError.
Lengths parse_axis(const std::string& option, const std::string& text);

// A list that is short enough to write out. Throws UsageError.
std::vector<Integer> parse_numbers(const std::string& option, const std::string& text);

}  // namespace llmarch::cli
