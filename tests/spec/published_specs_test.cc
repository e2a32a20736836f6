// Every spec in arch_specs/models: valid, called as its file, its numbers with their sources,
// legible.
#include <gtest/gtest.h>

#include <set>

#include "tests/spec/spec_files.h"

namespace llmarch::spec_test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// A line in two: the code, without the texts in quotes, and the comment after it.
struct CodeAndComment {
  std::string code;
  std::string comment;
};

CodeAndComment split(const std::string& line) {
  CodeAndComment parts;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == '#' && !quoted) {
      parts.comment = line.substr(i + 1);
      break;
    }
    if (!quoted) parts.code += line[i];
  }
  return parts;
}

bool assigns_a_number(const std::string& code) {
  for (std::size_t at = code.find('='); at != std::string::npos; at = code.find('=', at + 1)) {
    const std::size_t value = code.find_first_not_of(' ', at + 1);
    if (value != std::string::npos &&
        std::string_view("0123456789+-.").find(code[value]) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// The lines that give a key a number without a comment after it, also within a one-line table.
std::vector<std::string> numbers_without_source(const std::string& text) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(text)) {
    const auto [code, comment] = split(line);
    const bool sourced = comment.find_first_not_of(' ') != std::string::npos;
    if (assigns_a_number(code) && !sourced) found.push_back(line);
  }
  return found;
}

TEST(NumbersWithoutSource, AreFoundWhereverTheyStand) {
  const std::vector<std::string> none;
  EXPECT_EQ(numbers_without_source("hidden = 64  # config: hidden_size"), none);
  EXPECT_EQ(numbers_without_source("title = \"Model 7 = 8\"\n[attention.a7]\n# a = 3"), none);
  for (const std::string line :
       {"hidden = 64", "hidden = 64  #",
        "norm = { kind = \"rms\", epsilon = 1e-6, placement = \"before\" }"}) {
    EXPECT_EQ(numbers_without_source(line), std::vector<std::string>{line});
  }
}

TEST(PublishedSpecs, AreFound) {
  EXPECT_GE(spec_files().size(), 8U);
}

class PublishedSpec : public testing::TestWithParam<std::filesystem::path> {
 protected:
  std::string text() const { return file_text(GetParam()); }
};

TEST_P(PublishedSpec, LoadsWithoutAProblem) {
  EXPECT_EQ(GetParam().extension(), ".toml");
  SpecLoad load = load_toml_spec(text());
  EXPECT_EQ(render_diagnostics(GetParam().string(), text(), load.problems), "");
  ASSERT_TRUE(load.spec);
}

TEST_P(PublishedSpec, IsCalledAsItsFile) {
  EXPECT_EQ(loaded(GetParam()).name, GetParam().stem().string());
}

TEST_P(PublishedSpec, GivesTheSourceOfEveryNumber) {
  EXPECT_EQ(numbers_without_source(text()), std::vector<std::string>{});
}

TEST_P(PublishedSpec, HasNoLineThatIsTooLongToRead) {
  for (const std::string& line : lines_of(text())) EXPECT_LE(line.size(), 160U) << line;
}

TEST(PublishedSpecs, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const auto& path : spec_files()) {
    const ArchSpec spec = loaded(path);
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    for (const std::string& other : other_names(spec)) {
      EXPECT_TRUE(names.insert(other).second) << other << " of " << spec.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PublishedSpec, testing::ValuesIn(spec_files()), test_name);

}  // namespace
}  // namespace llmarch::spec_test
