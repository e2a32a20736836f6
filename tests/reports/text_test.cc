// Is the width of text known, and are lines ended where they may end?
#include "reports/document/text.h"

#include <gtest/gtest.h>

namespace llmarch::reports {
namespace {

using Lines = std::vector<std::string>;

TEST(DisplayWidth, CountsCodePointsAndNotBytes) {
  EXPECT_EQ(display_width("1.53×"), 5U);
  EXPECT_EQ(display_width("größer"), 6U);
  EXPECT_EQ(display_width("─│→"), 3U);
}

TEST(DisplayWidth, GivesCombiningMarksNoRoom) {
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("a\u200Db"), 2U);
}

TEST(DisplayWidth, CountsEachByteThatIsNotUtf8) {
  EXPECT_EQ(display_width("a\xFF\xC3"), 3U);
  EXPECT_EQ(display_width("\xC0\x9B"), 2U);  // an overlong escape character
}

TEST(Printable, LetsNoControlCharacterThrough) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1B[31mb");
  EXPECT_EQ(printable("\u009b31m"), "\\x9B31m");
  EXPECT_EQ(printable("a\tb\nc"), "a b\nc");
  EXPECT_EQ(printable("\xC0\x9B"), "\uFFFD\uFFFD");
}

TEST(Printable, LetsNothingTurnTheDirectionOfWriting) {
  EXPECT_EQ(printable("a\u202Ecba"), "a\\u202Ecba");
  EXPECT_EQ(printable("a\u2066b\u200Fc\uFEFFd"), "a\\u2066b\\u200Fc\\uFEFFd");
  EXPECT_EQ(printable("1\u00A0KiB e\u0301"), "1\u00A0KiB e\u0301");
}

TEST(Wrap, EndsLinesAtSpaces) {
  EXPECT_EQ(wrap("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap("one two three", 13), (Lines{"one two three"}));
}

TEST(Wrap, CutsAWordOnlyWhenItIsWiderThanALine) {
  EXPECT_EQ(wrap("a mistral-small", 13), (Lines{"a", "mistral-small"}));
  EXPECT_EQ(wrap("a mistral-small", 12), (Lines{"a", "mistral-", "small"}));
  EXPECT_EQ(wrap("q_proj,k_proj", 8), (Lines{"q_proj,", "k_proj"}));
  EXPECT_EQ(wrap("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
}

// Each line is a cut of the word; measuring the rest at every cut would take minutes.
TEST(Wrap, CutsAWordOfAMegabyteInLinearTime) {
  const Lines lines = wrap(std::string(1'000'000, 'x'), 80);
  ASSERT_EQ(lines.size(), 12'500U);
  EXPECT_EQ(lines.back(), std::string(80, 'x'));
}

TEST(Wrap, CutsANumberAtItsCommas) {
  EXPECT_EQ(wrap("1,235,814,400", 7), (Lines{"1,235,", "814,400"}));
}

TEST(Wrap, KeepsWhatANoBreakSpaceJoins) {
  EXPECT_EQ(wrap("needs 36\u00A0KiB", 8), (Lines{"needs", "36\u00A0KiB"}));
}

TEST(Wrap, KeepsLineBreaksAndSpacesOfLinesThatFit) {
  EXPECT_EQ(wrap("a  b\n\n  c", 8), (Lines{"a  b", "", "  c"}));
  EXPECT_EQ(wrap("", 8), (Lines{""}));
}

TEST(Wrap, NeverPartsAMarkFromItsLetter) {
  EXPECT_EQ(wrap("ae\u0301o", 2), (Lines{"ae\u0301", "o"}));
}

TEST(Wrap, NeedsNoHardCutAtTheWidestPiece) {
  EXPECT_EQ(widest_piece("Mistral Small 3.1"), 7U);
  EXPECT_EQ(widest_piece("mistral-small-3.1-24b"), 8U);  // "mistral-"
  EXPECT_EQ(widest_piece("1,235,814"), 9U);
  EXPECT_EQ(widest_piece("a\nlonger b"), 6U);
  EXPECT_EQ(wrap("mistral-small-3.1-24b", 8), (Lines{"mistral-", "small-", "3.1-24b"}));
}

}  // namespace
}  // namespace llmarch::reports
