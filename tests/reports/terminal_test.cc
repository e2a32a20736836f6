// Is a Document readable on a terminal of any width?
#include "reports/render/terminal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "reports/document/text.h"

namespace llmarch::reports {
namespace {

std::string draw(Block block, std::size_t width) {
  return render_terminal({.blocks = {std::move(block)}}, {.width = width});
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, display_width(line));
  return widest;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// A letter for each cell, so that a cell that is wrapped can still be found, letter by letter.
std::string letters(std::size_t which, std::size_t count) {
  return std::string(count, static_cast<char>('a' + which));
}

// `columns` data columns with distinct ten-character cells beside one row heading.
Table numbered(std::size_t columns, Joint joint) {
  Table table{.columns = {{"quantity"}}, .rows = {}};
  CellRow row{{Cell{"KV bytes per token"}}};
  for (std::size_t i = 0; i < columns; ++i) {
    table.columns.push_back(
        {"name=" + std::to_string(10000 + i), Alignment::right, i % 2 == 0 ? Joint::none : joint});
    row.cells.push_back(Cell{"cell=" + std::to_string(10000 + i)});
  }
  table.rows = {GroupHeading{"KV cache"}, row};
  return table;
}

TEST(TerminalTable, AlignsColumnsAndDrawsALightRule) {
  EXPECT_EQ(draw(Table{.caption = "Cost",
                       .columns = {{"quantity"}, {"A", Alignment::right}, {"B", Alignment::centre}},
                       .rows = {CellRow{{Cell{"layers"}, Cell{"61"}, Cell{"x"}}},
                                CellRow{{Cell{"KV"}, Cell{"36 KiB"}, Cell{"yes"}}}}},
                 80),
            "Cost\n"
            "\n"
            "quantity       A   B\n"
            "─────────────────────\n"
            "layers        61   x\n"
            "KV        36 KiB  yes\n");
}

TEST(TerminalTable, AlignsByWhatIsSeenAndNotByBytes) {
  EXPECT_EQ(draw(Table{.columns = {{"q"}, {"r", Alignment::right}},
                       .rows = {CellRow{{Cell{"größe"}, Cell{"≈1×"}}},
                                CellRow{{Cell{"cafe\u0301"}, Cell{"1.53×"}}}}},
                 80),
            "q          r\n"
            "────────────\n"
            "größe    ≈1×\n"
            "cafe\u0301   1.53×\n");
}

TEST(TerminalTable, MovesInTheRowsUnderAGroupHeading) {
  EXPECT_EQ(draw(Table{.columns = {{"quantity"}, {"A", Alignment::right}},
                       .rows = {CellRow{{Cell{"layers"}, Cell{"61"}}}, GroupHeading{"KV cache"},
                                CellRow{{Cell{"heads"}, Cell{"8"}}}}},
                 80),
            "quantity   A\n"
            "────────────\n"
            "layers    61\n"
            "KV cache\n"
            "  heads    8\n");
}

TEST(TerminalTable, RepeatsTheRowHeadingsInEveryPanel) {
  // 10 + 2 + 12 + 2 + 12 = 38 fit in 40 columns; a third model does not.
  Table table{.columns = {{"quantity"}}, .rows = {}};
  CellRow row{{Cell{"parameters"}}};
  for (const char* text : {"111111111111", "222222222222", "333333333333"}) {
    table.columns.push_back({text});
    row.cells.push_back(Cell{text});
  }
  table.rows = {row};
  EXPECT_EQ(draw(table, 40),
            "quantity    111111111111  222222222222\n"
            "──────────────────────────────────────\n"
            "parameters  111111111111  222222222222\n"
            "\n"
            "quantity    333333333333\n"
            "────────────────────────\n"
            "parameters  333333333333\n");
}

TEST(TerminalTable, FillsPanelsEvenly) {
  // 18 + 2 for the headings, 12 a model: 5 fit in 80 columns, but 6 models are drawn as 3 + 3.
  std::string text = draw(numbered(6, Joint::none), 80);
  const std::string first_panel = text.substr(0, text.find("\n\n"));
  EXPECT_EQ(occurrences(first_panel, "cell="), 3U);
  EXPECT_EQ(occurrences(text, "KV bytes per token"), 2U);
}

TEST(TerminalTable, KeepsJoinedColumnsInOnePanel) {
  for (std::size_t width = 40; width <= 200; ++width) {
    std::istringstream lines(draw(numbered(12, Joint::to_previous), width));
    for (std::string line; std::getline(lines, line);) {
      for (int i = 0; i < 12; i += 2) {
        EXPECT_EQ(occurrences(line, "cell=" + std::to_string(10000 + i)),
                  occurrences(line, "cell=" + std::to_string(10001 + i)))
            << "width " << width;
      }
    }
  }
}

TEST(TerminalTable, ShowsEveryCellWithinAnyWidth) {
  for (std::size_t width = 40; width <= 200; ++width) {
    for (std::size_t columns = 1; columns <= 12; ++columns) {
      const std::string text = draw(numbered(columns, Joint::none), width);
      EXPECT_LE(widest_line(text), width) << columns << " columns";
      for (std::size_t i = 0; i < columns; ++i) {
        EXPECT_EQ(occurrences(text, "cell=" + std::to_string(10000 + i)), 1U) << width;
        EXPECT_EQ(occurrences(text, "name=" + std::to_string(10000 + i)), 1U)
            << columns << " columns in " << width;
      }
    }
  }
}

TEST(TerminalTable, ShowsEveryLetterOfCellsThatMustBeWrapped) {
  for (std::size_t width = 40; width <= 200; width += 7) {
    for (std::size_t columns = 1; columns <= 12; ++columns) {
      Table table{.columns = {{"A"}}, .rows = {GroupHeading{"B"}}};
      CellRow row{{Cell{"C"}}};
      for (std::size_t i = 0; i < columns; ++i) {
        table.columns.push_back({"", Alignment::centre, Joint::to_previous});
        row.cells.push_back(Cell{letters(i, 30) + " " + letters(i, 3) + "," + letters(i, 5)});
      }
      table.rows.push_back(row);
      const std::string text = draw(table, width);
      EXPECT_LE(widest_line(text), width) << columns << " columns";
      for (std::size_t i = 0; i < columns; ++i) {
        EXPECT_EQ(occurrences(text, letters(i, 1)), 38U) << columns << " columns in " << width;
      }
    }
  }
}

TEST(TerminalTable, StaysWithinTheWidthWhateverIsRepeatedOrJoined) {
  for (std::size_t headings = 0; headings <= 20; ++headings) {
    Table table{.row_heading_columns = headings, .columns = {}, .rows = {}};
    CellRow row;
    for (std::size_t i = 0; i < 20; ++i) {
      table.columns.push_back({"heading", Alignment::right, Joint::to_previous});
      row.cells.push_back(Cell{letters(i, 9)});
    }
    table.rows = {row};
    const std::string text = draw(table, 40);
    EXPECT_LE(widest_line(text), 40U) << headings;
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_GE(occurrences(text, letters(i, 1)), 9U) << headings;
  }
}

TEST(TerminalTable, WrapsProseBeforeItPartsTheModels) {
  EXPECT_EQ(draw(Table{.columns = {{"block"}, {"A"}, {"B"}},
                       .rows = {CellRow{{Cell{"attention"}, Cell{"latent 512 + rope 64"},
                                         Cell{"32 heads, 8 of them for keys"}}}}},
                 60),
            "block      A                     B\n"
            "────────────────────────────────────────────────────────────\n"
            "attention  latent 512 + rope 64  32 heads, 8 of them for\n"
            "                                 keys\n");
}

TEST(TerminalTable, StandsHeadingsOfSeveralLinesOnTheRule) {
  EXPECT_EQ(draw(Table{.columns = {{"q"}, {"A", Alignment::right}, {"one\ntwo", Alignment::right}},
                       .rows = {CellRow{{Cell{"n"}, Cell{"1"}, Cell{"2"}}}}},
                 80),
            "      one\n"
            "q  A  two\n"
            "─────────\n"
            "n  1    2\n");
}

TEST(TerminalTable, ColoursTextButNotItsPadding) {
  const Table table{.columns = {{"q"}, {"long", Alignment::right}},
                    .rows = {CellRow{{Cell{"n"}, {.text = "2", .emphasis = Emphasis::good}}}}};
  EXPECT_EQ(render_terminal({.blocks = {table}}, {.width = 80, .colour = Colour::ansi}),
            "\x1b[1mq\x1b[0m  \x1b[1mlong\x1b[0m\n"
            "\x1b[2m───────\x1b[0m\n"
            "n     \x1b[32m2\x1b[0m\n");
}

TEST(Terminal, WritesNoEscapeWithoutColourEvenIfANameHasOne) {
  const Cell cell{.text = "\x1b[31mred", .emphasis = Emphasis::bad};
  const std::string text =
      render_terminal({.title = "\x1b[2J",
                       .blocks = {Preformatted{"\x1b]0;x\x07"},
                                  Table{.columns = {{"\x1b[1m"}}, .rows = {CellRow{{cell}}}}}},
                      {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Terminal, EndsNoLineInSpaces) {
  const std::string text = draw(numbered(7, Joint::to_previous), 60);
  EXPECT_EQ(text.find(" \n"), std::string::npos);
}

TEST(Terminal, WrapsParagraphsAndHangsNotes) {
  EXPECT_EQ(draw(Paragraph{"Every figure on this page is predicted from shapes."}, 40),
            "Every figure on this page is predicted\n"
            "from shapes.\n");
  EXPECT_EQ(draw(Notes{{"KV bytes are the minimum that the algorithm needs", "short"}}, 40),
            "- KV bytes are the minimum that the\n"
            "  algorithm needs\n"
            "- short\n");
}

TEST(Terminal, UnderlinesTitlesAndSections) {
  EXPECT_EQ(render_terminal({.title = "Größe",
                             .blocks = {Heading{"KV"}, Heading{"x", HeadingLevel::subsection},
                                        Preformatted{"a ─▶ b"}}},
                            {}),
            "Größe\n═════\n\nKV\n──\n\nx\n\na ─▶ b\n");
}

TEST(Terminal, TreatsANarrowerTerminalAsFortyColumns) {
  EXPECT_EQ(draw(numbered(3, Joint::none), 1), draw(numbered(3, Joint::none), 40));
}

}  // namespace
}  // namespace llmarch::reports
