// The description of the format: as it stands in arch_specs, complete, with an example that loads.
#include "sim/toml/spec_format.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/spec/small_spec.h"
#include "tests/spec/spec_files.h"

namespace llmarch::spec_test {
namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// "[attention.mla.rotary]" as the description calls it: "[attention.NAME.rotary]". The norm of a
// sublayer or of a block has the keys of "[norm]".
std::string described_header(const std::string& header) {
  if (header.ends_with(".norm]")) return "[norm]";
  for (const std::string table : {"[attention.", "[feed_forward.", "[layer.", "[[layer."}) {
    if (!header.starts_with(table)) continue;
    return table + "NAME" + header.substr(header.find_first_of(".]", table.size()));
  }
  return header;
}

// "[published]", "[[stack]]" and so on, as they stand in the text.
std::vector<std::string> headers_of(const std::string& text) {
  std::vector<std::string> headers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) headers.push_back(line);
  }
  return headers;
}

TEST(SpecFormat, StandsInArchSpecs) {
  EXPECT_EQ(file_text(LLMARCH_ARCH_SPECS "/README.md"), describe_spec_format())
      << "write the output of 'llmarch help spec-format' to arch_specs/README.md";
}

TEST(SpecFormat, BeginsWithAnExampleThatLoads) {
  EXPECT_EQ(check_report(example_spec()), "");
  EXPECT_EQ(occurrences(describe_spec_format(), "```toml\n" + std::string(example_spec()) + "```"),
            1U);
}

TEST(SpecFormat, DescribesEveryTableOfEverySpecOnce) {
  const std::string description = describe_spec_format();
  for (const auto& path : spec_files()) {
    for (const std::string& header : headers_of(file_text(path))) {
      const std::string heading = "\n## `" + described_header(header) + "`\n";
      EXPECT_EQ(occurrences(description, heading), 1U) << heading << path;
    }
  }
}

TEST(SpecFormat, SaysWhatAValueMayBeAndWhetherItIsRequired) {
  const std::string description = describe_spec_format();
  for (const std::string row : {
           "| `kv_heads` | whole number, 1 to 16,777,216 | yes |",
           "| `norm_epsilon` | number above 0, at most 1 | no |",
           "| `theta` | number above 0, at most 1,000,000,000,000,000 | yes |",
           "| `qkv_bias` | `true` or `false` | no: `false` |",
           "| `head` | `\"tied\"` or `\"separate\"` or `\"none\"` | yes |",
           "| `block_index` | table `[attention.NAME.block_index]` | no |",
           "| `router` | table `[feed_forward.NAME.router]` | yes |",
           "| `stack` | tables `[[stack]]` | yes |",
           "| `learned_positions` | whole number, 1 to 1,099,511,627,776 | no |",
       }) {
    EXPECT_EQ(occurrences(description, row), 1U) << row;
  }
}

}  // namespace
}  // namespace llmarch::spec_test
