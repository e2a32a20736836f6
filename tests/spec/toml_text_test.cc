// Texts that are no TOML, and texts in which a caret is hard to place.
#include <gtest/gtest.h>

#include "tests/spec/small_spec.h"
#include "tests/support/times.h"

namespace llmarch::spec_test {
namespace {

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == '\n') out += '\r';
    out += byte;
  }
  return out;
}

constexpr std::string_view kDefinesNothing = R"(my-model.toml: error: the file defines nothing
      = 'llmarch help spec-format' describes what a spec holds
)";

TEST(TomlText, SaysWhereTheTextIsNoToml) {
  EXPECT_EQ(
      check_report(altered("query_heads = 8", "query_heads = = 8")),
      R"(my-model.toml:13:15: error: not valid TOML: could not determine value type (in a value)
   13 | query_heads = = 8
      |               ^
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, SaysWhatTheTextLacks) {
  EXPECT_EQ(
      check_report(altered("[attention.local]\n", "[attention.local\n")),
      R"(my-model.toml:11:17: error: not valid TOML: expected ']', saw '\n' (in a table header)
   11 | [attention.local
      |                 ^
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, PointsAfterAKeyWithoutAValue) {
  EXPECT_EQ(
      check_report(altered("query_heads = 8", "query_heads =")),
      R"(my-model.toml:13:14: error: not valid TOML: expected value, saw '\n' (in a key-value pair)
   13 | query_heads =
      |              ^
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, PointsAtAKeyThatStandsTwice) {
  EXPECT_EQ(
      check_report(altered("query_heads = 8",
                           "query_heads = 8\n"
                           "query_heads = 16")),
      R"(my-model.toml:14:1: error: not valid TOML: cannot redefine existing integer 'query_heads' (in a key-value pair)
   14 | query_heads = 16
      | ^~~~~~~~~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, PointsAtATableThatStandsTwice) {
  EXPECT_EQ(
      check_report(altered("[layer.block]",
                           "[attention.local]\n"
                           "\n"
                           "[layer.block]")),
      R"(my-model.toml:32:2: error: not valid TOML: cannot redefine existing table 'attention.local' (in a table header)
   32 | [attention.local]
      |  ^~~~~~~~~~~~~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, CountsCharactersAndNotBytes) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[\"éé\", \"blok\"]")),
            R"(my-model.toml:37:11: error: layer 'éé' is not defined
   37 | layers = ["éé", "blok"]
      |           ^~~~
      = known: block; or define [layer.éé]
my-model.toml:37:17: error: layer 'blok' is not defined
   37 | layers = ["éé", "blok"]
      |                 ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

TEST(TomlText, UnderlinesAQuotedKeyWithItsQuotes) {
  EXPECT_EQ(check_report(altered("kind = \"rms\", ", "kind = \"rms\", \"ééé\" = 1, ")),
            R"(my-model.toml:9:24: error: unknown key 'ééé' in norm
    9 | norm = { kind = "rms", "ééé" = 1, epsilon = 1e-6, placement = "before" }
      |                        ^~~~~
      = known: kind, epsilon, placement, without
)");
}

// Each of the three letters takes two columns of a terminal.
TEST(TomlText, CountsTwoColumnsForAWideCharacter) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[\"日本語\", \"blok\"]")),
            R"(my-model.toml:37:11: error: layer '日本語' is not defined
   37 | layers = ["日本語", "blok"]
      |           ^~~~~~~~
      = known: block; or define [layer.日本語]
my-model.toml:37:18: error: layer 'blok' is not defined
   37 | layers = ["日本語", "blok"]
      |                     ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

TEST(TomlText, ShowsATabAsOneSpace) {
  EXPECT_EQ(check_report(altered("kv_heads = 2", "\t\tkv_head\t=\t2")),
            R"(my-model.toml:14:3: error: unknown key 'kv_head' in attention 'local'
   14 |   kv_head = 2
      |   ^~~~~~~
      = did you mean 'kv_heads'?
)");
}

TEST(TomlText, CutsALongLineAroundTheCaret) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[" + times(40, "\"block\", ") + "\"blok\"" +
                                                    times(40, ", \"block\"") + "]")),
            R"(my-model.toml:37:371: error: layer 'blok' is not defined
   37 | ...", "block", "block", "block", "block", "block", "blok", "block", "block", "block", "block", "blo...
      |                                                    ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

// A name of 200 letters is cut too, and no known name is near it.
TEST(TomlText, CutsALongLineAtItsEndOnly) {
  EXPECT_EQ(
      check_report(altered("norm = {", "norm = { " + times(200, "a") + " = 1,")),
      R"(my-model.toml:9:10: error: unknown key 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' in norm
    9 | norm = { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...
      |          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      = known: kind, epsilon, placement, without
)");
}

TEST(TomlText, AFileOfNothingDefinesNothing) {
  EXPECT_EQ(check_report(""), kDefinesNothing);
  EXPECT_EQ(check_report(" \n\t\n\r\n"), kDefinesNothing);
  EXPECT_EQ(check_report("# a comment\n\n# and another\n"), kDefinesNothing);
  EXPECT_EQ(check_report("\xEF\xBB\xBF"), kDefinesNothing);  // a byte order mark
}

TEST(TomlText, ReadsLinesThatEndInCarriageReturnAndLineFeed) {
  EXPECT_EQ(check_report(with_crlf(kSmallSpec)), "");
  EXPECT_EQ(check_report(with_crlf(altered("kv_heads = 2", "kv_head = 2"))),
            check_report(altered("kv_heads = 2", "kv_head = 2")));
}

TEST(TomlText, ReadsAByteOrderMark) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(check_report(mark + std::string(kSmallSpec)), "");
}

TEST(TomlText, RefusesBytesThatAreNoTextAndEscapesThem) {
  EXPECT_EQ(check_report("\x7F"
                         "ELF\x02\x01\x9B"
                         "31m\xFF\x1B[2J"),
            R"(my-model.toml:1:7: error: not valid TOML: this byte is not UTF-8
    1 | \x7FELF\x02\x01\x9B31m\xFF\x1B[2J
      |                ^~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlText, RefusesAZeroByte) {
  EXPECT_EQ(
      check_report(std::string_view("na\0me = 1", 9)),
      R"(my-model.toml:1:3: error: not valid TOML: expected '=', saw '\u0000' (in a key-value pair)
    1 | na\x00me = 1
      |   ^~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

// Nesting by brackets is bounded by the TOML library, nesting by dots by the loader.
TEST(TomlText, RefusesNestingWithoutEnd) {
  EXPECT_NE(check_report("a = " + times(100'000, "[")).find("exceeded maximum nested value depth"),
            std::string::npos);
  EXPECT_EQ(check_report("a" + times(400'000, ".a") + " = 1\n"),
            R"(my-model.toml: error: the file holds 400000 dots, and a spec at most 5000
      = 'llmarch help spec-format' describes what a spec holds
)");
  EXPECT_NE(check_report("a" + times(5'000, ".a") + " = 1\n").find("unknown key 'a' in the spec"),
            std::string::npos);
}

TEST(TomlText, RefusesAFileThatIsNoPageOfText) {
  EXPECT_EQ(check_report(std::string((1 << 20) + 1, '#')),
            R"(my-model.toml: error: the file has 1048577 bytes, and a spec at most 1048576
      = 'llmarch help spec-format' describes what a spec holds
)");
}

TEST(TomlText, APlaceIsThatOfTheNearestTableInTheFile) {
  const SpecLoad load = load_toml_spec(kSmallSpec);
  const auto kv_heads = place_of(load.places, "attention.local.kv_heads");
  ASSERT_TRUE(kv_heads);
  EXPECT_EQ(kv_heads->line, 14);
  EXPECT_EQ(kv_heads->column, 12);
  const auto absent = place_of(load.places, "attention.local.qkv_bias");
  ASSERT_TRUE(absent);
  EXPECT_EQ(absent->line, 11);
  EXPECT_FALSE(place_of(load.places, "colour"));
}

}  // namespace
}  // namespace llmarch::spec_test
