// Is the Markdown valid on GitHub, and does it show the text as it is?
#include "reports/render/markdown.h"

#include <gtest/gtest.h>

#include <sstream>

namespace llmarch::reports {
namespace {

std::string markdown(Block block) {
  return render_markdown({.blocks = {std::move(block)}});
}

std::string paragraph(const std::string& text) {
  return markdown(Paragraph{text});
}

std::size_t unescaped_pipes(const std::string& line) {
  std::size_t pipes = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;  // whatever follows is text
    else if (line[i] == '|')
      ++pipes;
  }
  return pipes;
}

TEST(Markdown, KeepsTheIndentOfARowAndItsLink) {
  const std::string table =
      markdown(Table{.columns = {{"a"}, {"b"}},
                     .rows = {CellRow{{Cell{"  part"}, Cell{.text = "C1", .link = "C1: no"}}}}});
  EXPECT_NE(table.find("| &ensp;&ensp;part | [C1](#c1-no) |"), std::string::npos) << table;
}

TEST(Markdown, DrawsATable) {
  EXPECT_EQ(
      markdown(Table{
          .caption = "Cost",
          .columns = {{"quantity"}, {"A", Alignment::right}, {"B", Alignment::centre}},
          .rows = {GroupHeading{"KV cache"}, CellRow{{Cell{"bytes"}, Cell{"36 KiB"}, Cell{""}}}}}),
      "**Cost**\n"
      "\n"
      "| quantity | A | B |\n"
      "| :--- | ---: | :---: |\n"
      "| **KV cache** |  |  |\n"
      "| bytes | 36 KiB |  |\n");
}

TEST(Markdown, GivesEveryRowTheSameNumberOfPipes) {
  const std::vector<std::string> hostile = {"|", "\\", "\\|", "a\nb", "`|`", "||", "\\\\", ""};
  Table table{.columns = {{"a|b"}, {"\\"}, {"c\nd"}}};
  for (const std::string& text : hostile) {
    table.rows.push_back(GroupHeading{text});
    table.rows.push_back(CellRow{{Cell{text}, Cell{text}, Cell{text}}});
  }
  std::istringstream lines(markdown(table));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(unescaped_pipes(line), 4U) << line;
  }
  EXPECT_EQ(count, 2 + 2 * hostile.size());
}

TEST(Markdown, EscapesWhatMarkdownWouldReadAsMarkup) {
  EXPECT_EQ(paragraph("a|b\\c"), "a\\|b\\\\c\n");
  EXPECT_EQ(paragraph("<b> & *x* _y_"), "&lt;b&gt; &amp; \\*x\\* \\_y\\_\n");
  EXPECT_EQ(paragraph("`k` [l](m) ~n~ $o$"), "\\`k\\` \\[l\\](m) \\~n\\~ \\$o\\$\n");
  EXPECT_EQ(paragraph("one\ntwo"), "one<br>two\n");
}

TEST(Markdown, DoesNotLetTextBecomeAListOrAHeading) {
  EXPECT_EQ(paragraph("- x"), "\\- x\n");
  EXPECT_EQ(paragraph("---"), "\\---\n");
  EXPECT_EQ(paragraph("1. x"), "1\\. x\n");
  EXPECT_EQ(paragraph("# x"), "\\# x\n");
  EXPECT_EQ(paragraph("    code"), "code\n");
  EXPECT_EQ(paragraph("1.5 GiB"), "1.5 GiB\n");
}

TEST(Markdown, MakesEmphasisedCellsBoldUnlessTheyAreEmpty) {
  const Cell differs{.text = "8", .emphasis = Emphasis::differs};
  const Cell strong{.text = "9", .emphasis = Emphasis::strong};
  const Cell empty{.text = "", .emphasis = Emphasis::strong};
  const Cell good{.text = "7", .emphasis = Emphasis::good};
  EXPECT_EQ(markdown(Table{.columns = {{"a"}, {"b"}, {"c"}, {"d"}},
                           .rows = {CellRow{{differs, strong, empty, good}}}}),
            "| a | b | c | d |\n"
            "| :--- | :--- | :--- | :--- |\n"
            "| **8** | **9** |  | 7 |\n");
}

TEST(Markdown, MakesAFenceLongerThanAnyInsideIt) {
  EXPECT_EQ(markdown(Preformatted{"a <- b"}), "```\na <- b\n```\n");
  EXPECT_EQ(markdown(Preformatted{"````\nx\n"}), "`````\n````\nx\n`````\n");
}

TEST(Markdown, SeparatesBlocksByEmptyLines) {
  EXPECT_EQ(render_markdown({.title = "T",
                             .blocks = {Heading{"S"}, Heading{"U", HeadingLevel::subsection},
                                        Paragraph{"p"}, Notes{{"one", "two"}}}}),
            "# T\n\n## S\n\n### U\n\np\n\n- one\n- two\n");
}

}  // namespace
}  // namespace llmarch::reports
