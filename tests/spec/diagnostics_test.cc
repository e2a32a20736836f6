// Which name is near enough to be meant, and how a place is shown.
#include "sim/spec/diagnostics.h"
#include "sim/spec/meant_names.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace llmarch::spec_test {
namespace {

TEST(NearestName, ToleratesOneSlipInThreeLetters) {
  EXPECT_EQ(nearest_name("abcdef", {"abcdxy"}), "abcdxy");      // 6 letters, 2 slips
  EXPECT_EQ(nearest_name("abcdef", {"abcxyz"}), std::nullopt);  // 3 slips
  EXPECT_EQ(nearest_name("abcde", {"abcdy"}), "abcdy");         // 5 letters, 1 slip
  EXPECT_EQ(nearest_name("abcde", {"abcxy"}), std::nullopt);
}

TEST(NearestName, ToleratesOneSlipInAShortName) {
  EXPECT_EQ(nearest_name("ab", {"ac"}), "ac");
  EXPECT_EQ(nearest_name("ab", {"cd"}), std::nullopt);
}

TEST(NearestName, WantsALetterInCommon) {
  EXPECT_EQ(nearest_name("a", {"b"}), std::nullopt);
  EXPECT_EQ(nearest_name("", {"b"}), std::nullopt);
  EXPECT_EQ(nearest_name("a", {"ab"}), "ab");
}

TEST(NearestName, CountsALetterTooManyTooFewOrWrongAsOneSlip) {
  EXPECT_EQ(nearest_name("kindd", {"kind"}), "kind");
  EXPECT_EQ(nearest_name("knd", {"kind"}), "kind");
  EXPECT_EQ(nearest_name("kint", {"kind"}), "kind");
}

TEST(NearestName, CountsTwoLettersThatChangedPlacesAsOneSlip) {
  EXPECT_EQ(nearest_name("knid", {"kind"}), "kind");
  EXPECT_EQ(nearest_name("nkid", {"kind"}), std::nullopt);  // a letter moved by two places
}

TEST(NearestName, IgnoresCapitals) {
  EXPECT_EQ(nearest_name("SiLU", {"relu", "silu"}), "silu");
}

TEST(NearestName, TakesTheNearestAndOfEquallyNearTheFirst) {
  EXPECT_EQ(nearest_name("layers", {"players", "layer"}), "players");
  EXPECT_EQ(nearest_name("layerss", {"player", "layers"}), "layers");
}

TEST(NearestName, HasNoneAmongNone) {
  EXPECT_EQ(nearest_name("kind", {}), std::nullopt);
}

TEST(NearestName, TakesAVeryLongNameForNoSlip) {
  const std::string name(64, 'a');
  EXPECT_EQ(nearest_name(name, {name.substr(1)}), name.substr(1));
  EXPECT_EQ(nearest_name(name + 'a', {name}), std::nullopt);
}

TEST(Suggest, AsksForTheNearestOrListsAll) {
  EXPECT_EQ(suggest("kint", std::vector<std::string>{"kind", "layout"}), "did you mean 'kind'?");
  EXPECT_EQ(suggest("colour", std::vector<std::string>{"kind", "layout"}), "known: kind, layout");
}

TEST(QuoteName, CutsALongName) {
  EXPECT_EQ(quote_name(std::string(64, 'a')), "'" + std::string(64, 'a') + "'");
  EXPECT_EQ(quote_name(std::string(65, 'a')), "'" + std::string(64, 'a') + "...'");
}

TEST(Printable, EscapesWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("a\tb"), "a b");
  EXPECT_EQ(printable("\x1B[31m\x7F\n"), "\\x1B[31m\\x7F\\x0A");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\x9B31m");  // U+009B, the eight-bit escape
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "cod"),
            "\\u202Ecod");  // U+202E turns the direction of writing
  EXPECT_EQ(printable("gr\xC3\xB6\xC3\x9F"
                      "e"),
            "gr\xC3\xB6\xC3\x9F"
            "e");
}

// A character below U+10000 in UTF-8.
std::string utf8(std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  const auto following = [&](std::uint32_t bits) { return byte(0x80 | (bits & 0x3F)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6U), following(code)};
  return {byte(0xE0 | code >> 12U), following(code >> 6U), following(code)};
}

// The first and the last of each range of controls, invisible spaces, and marks that turn the
// direction of writing; and what stands before and after these ranges.
TEST(Printable, EscapesWhatCannotBeSeenAndNothingBesideIt) {
  for (const std::uint32_t unseen : {0x00U, 0x1FU, 0x7FU, 0x9FU}) {
    EXPECT_EQ(printable(utf8(unseen)), fmt::format("\\x{:02X}", unseen));
  }
  for (const std::uint32_t unseen : {0x061CU, 0x200BU, 0x200FU, 0x2028U, 0x202AU, 0x202EU, 0x2060U,
                                     0x2066U, 0x2069U, 0x206FU, 0xFEFFU}) {
    EXPECT_EQ(printable(utf8(unseen)), fmt::format("\\u{:04X}", unseen));
  }
  for (const std::uint32_t seen : {0x20U, 0x7EU, 0xA0U, 0x061BU, 0x061DU, 0x200AU, 0x2010U, 0x2027U,
                                   0x202FU, 0x205FU, 0x2070U, 0xFEFEU, 0xFF01U}) {
    EXPECT_EQ(printable(utf8(seen)), utf8(seen)) << seen;
  }
}

TEST(Printable, EscapesEachByteThatIsNoUtf8) {
  EXPECT_EQ(printable("\xFF\xFE"), "\\xFF\\xFE");
  EXPECT_EQ(printable("\xC0\xAF"), "\\xC0\\xAF");                    // '/' written too long
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // half a surrogate pair
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // past U+10FFFF
  EXPECT_EQ(printable("\xE2\x82"), "\\xE2\\x82");                    // cut short
}

TEST(RenderDiagnostic, ShowsPlaceLineCaretAndRemedy) {
  EXPECT_EQ(
      render_diagnostic("a.toml", "one = 1\ntwo = 22\n", {Place{2, 7, 2}, "wrong", "mend it"}),
      R"(a.toml:2:7: error: wrong
    2 | two = 22
      |       ^~
      = mend it
)");
}

TEST(RenderDiagnostic, HasNoExcerptWhenTheWholeFileIsMeant) {
  EXPECT_EQ(render_diagnostic("a.toml", "text", {std::nullopt, "wrong", "mend it"}),
            "a.toml: error: wrong\n      = mend it\n");
  EXPECT_EQ(render_diagnostic("a.toml", "text", {std::nullopt, "wrong", ""}),
            "a.toml: error: wrong\n");
}

TEST(RenderDiagnostic, PointsAfterALineThatIsTooShort) {
  EXPECT_EQ(render_diagnostic("a.toml", "one", {Place{1, 9, 5}, "wrong", ""}),
            "a.toml:1:9: error: wrong\n    1 | one\n      |    ^\n");
  EXPECT_EQ(render_diagnostic("a.toml", "one", {Place{7, 1, 1}, "wrong", ""}),
            "a.toml:7:1: error: wrong\n    7 | \n      | ^\n");
}

TEST(RenderDiagnostic, MakesRoomForALongLineNumber) {
  const std::string text = std::string(123455, '\n') + "one";
  EXPECT_EQ(render_diagnostic("a.toml", text, {Place{123456, 1, 3}, "wrong", ""}),
            "a.toml:123456:1: error: wrong\n 123456 | one\n        | ^~~\n");
}

TEST(RenderDiagnostic, PassesNoControlCharacterOn) {
  EXPECT_EQ(
      render_diagnostic("a\x1B.toml", "o\x1Bne", {Place{1, 2, 1}, "wr\x1Bong", "me\x1Bnd"}),
      "a\\x1B.toml:1:2: error: wr\\x1Bong\n    1 | o\\x1Bne\n      |  ^~~~\n      = me\\x1Bnd\n");
}

TEST(RenderDiagnostics, AreInTheOrderOfTheirPlaces) {
  EXPECT_EQ(render_diagnostics("f", "x\ny",
                               {{Place{2, 1, 1}, "third", ""},
                                {Place{1, 1, 1}, "second", ""},
                                {std::nullopt, "first", ""}}),
            "f: error: first\n"
            "f:1:1: error: second\n    1 | x\n      | ^\n"
            "f:2:1: error: third\n    2 | y\n      | ^\n");
}

}  // namespace
}  // namespace llmarch::spec_test
