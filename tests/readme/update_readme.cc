// Renews the output below each command of a Markdown page: build/update_readme README.md
#include <cstdio>

#include "tests/readme/console_blocks.h"

int main(int argc, char** argv) {
  using namespace llmarch::testing;
  for (int i = 1; i < argc; ++i) {
    const std::string page = argv[i];
    write_file(page, with_blocks(read_file(page), [](const ConsoleBlock& block) {
                 const Seen seen = run_llmarch(block.arguments);
                 std::fputs(seen.errors.c_str(), stderr);
                 return seen.output;
               }));
  }
  return 0;
}
