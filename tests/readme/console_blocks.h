// The console blocks of a Markdown file: "```console", a line "$ llmarch ...", what it prints,
// "```".
#pragma once

#include <string>
#include <vector>

#include "tests/support/run_program.h"

namespace llmarch::testing {

struct ConsoleBlock {
  std::string arguments;  // after "$ llmarch "
  std::string output;
};

inline const std::string kFence = "```";
inline const std::string kPrompt = "$ llmarch ";

// Rewrites `markdown`: `replace` is called with each block and returns its output.
template <class Replace>
std::string with_blocks(const std::string& markdown, const Replace& replace) {
  std::istringstream lines(markdown);
  std::string result;
  ConsoleBlock block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!inside) {
      result += line + "\n";
      inside = line == kFence + "console";
      block = {};
    } else if (line == kFence) {
      result += kPrompt + block.arguments + "\n" + replace(block) + kFence + "\n";
      inside = false;
    } else if (line.starts_with(kPrompt)) {
      block.arguments = line.substr(kPrompt.size());
    } else {
      block.output += line + "\n";
    }
  }
  return result;
}

inline std::vector<ConsoleBlock> console_blocks(const std::string& markdown) {
  std::vector<ConsoleBlock> blocks;
  with_blocks(markdown, [&](const ConsoleBlock& block) {
    blocks.push_back(block);
    return block.output;
  });
  return blocks;
}

}  // namespace llmarch::testing
