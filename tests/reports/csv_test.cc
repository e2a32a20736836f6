// Does the CSV carry exact values, and can nothing in it be taken for something else?
#include "reports/render/csv.h"

#include <gtest/gtest.h>

namespace llmarch::reports {
namespace {

std::string csv(Table table) {
  return render_csv({.blocks = {std::move(table)}});
}

// A table of one text, which is all that the tests of quoting need.
std::string field(const std::string& text) {
  return csv({.row_heading_columns = 0,
              .columns = {{"h"}, {"i"}},
              .rows = {CellRow{{Cell{text}, Cell{"end"}}}}});
}

TEST(Csv, WritesExactValuesAndTheirUnitInAColumnOfItsOwn) {
  EXPECT_EQ(csv({.columns = {{"quantity"}, {"A"}, {"B"}},
                 .rows = {CellRow{{Cell{"KV"}, {"36 KiB", 36864, "bytes"}, {"0 B", 0, "bytes"}}}}}),
            "quantity,unit,A,B\n"
            "KV,bytes,36864,0\n");
}

TEST(Csv, HasNoUnitColumnWhenNoCellHasAUnit) {
  EXPECT_EQ(
      csv({.columns = {{"quantity"}, {"A"}}, .rows = {CellRow{{Cell{"layers"}, {"61", 61}}}}}),
      "quantity,A\n"
      "layers,61\n");
}

TEST(Csv, LetsARatioStandBesideFiguresWithAUnit) {
  EXPECT_EQ(csv({.columns = {{"quantity"}, {"A"}, {"ratio"}},
                 .rows = {CellRow{{Cell{"KV"}, {"36 KiB", 36864, "bytes"}, {"1.50×", 1.5}}}}}),
            "quantity,unit,A,ratio\n"
            "KV,bytes,36864,1.5\n");
}

TEST(Csv, LetsEachFigureCarryItsUnitWhenARowHasSeveral) {
  EXPECT_EQ(csv({.columns = {{"quantity"}, {"A"}, {"B"}},
                 .rows = {CellRow{{Cell{"x"}, {"36 KiB", 36864, "bytes"}, {"2 s", 2.0, "s"}}}}}),
            "quantity,unit,A,B\n"
            "x,,36864 bytes,2 s\n");
}

TEST(Csv, WritesTheLargestCountInFull) {
  EXPECT_EQ(csv({.columns = {{"q"}, {"A"}},
                 .rows = {CellRow{{Cell{"n"}, {"9,223,372 T", 9223372036854775807}}}}}),
            "q,A\n"
            "n,9223372036854775807\n");
}

TEST(Csv, GivesTheTextOfACellWithoutAValue) {
  EXPECT_EQ(csv({.columns = {{"q"}, {"A"}}, .rows = {CellRow{{Cell{"n"}, Cell{"none"}}}}}),
            "q,A\n"
            "n,none\n");
}

TEST(Csv, NamesTheGroupOfEachRow) {
  EXPECT_EQ(csv({.columns = {{"q"}, {"A"}},
                 .rows = {CellRow{{Cell{"layers"}, Cell{"2"}}}, GroupHeading{"KV cache"},
                          CellRow{{Cell{"heads"}, Cell{"8"}}}}}),
            "group,q,A\n"
            ",layers,2\n"
            "KV cache,heads,8\n");
}

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(field("plain text"), "h,i\nplain text,end\n");
  EXPECT_EQ(field("a,b"), "h,i\n\"a,b\",end\n");
  EXPECT_EQ(field("say \"x\""), "h,i\n\"say \"\"x\"\"\",end\n");
  EXPECT_EQ(field("two\nlines"), "h,i\n\"two\nlines\",end\n");
  EXPECT_EQ(field(" edge"), "h,i\n\" edge\",end\n");
  EXPECT_EQ(field("edge "), "h,i\n\"edge \",end\n");
}

TEST(Csv, DisarmsTextThatASpreadsheetWouldRun) {
  EXPECT_EQ(field("=1+1"), "h,i\n'=1+1,end\n");
  EXPECT_EQ(field("+cmd"), "h,i\n'+cmd,end\n");
  EXPECT_EQ(field("-cmd"), "h,i\n'-cmd,end\n");
  EXPECT_EQ(field("@SUM(A1)"), "h,i\n'@SUM(A1),end\n");
  EXPECT_EQ(field("-1+cmd"), "h,i\n'-1+cmd,end\n");  // it begins as a number does
  EXPECT_EQ(field("+"), "h,i\n'+,end\n");
  EXPECT_EQ(csv_field("=1+1"), "'=1+1");
}

TEST(Csv, DisarmsTextWhoseFormulaFollowsBlanks) {
  EXPECT_EQ(field("\r=1+1"), "h,i\n' =1+1,end\n");
  EXPECT_EQ(field("\t=1+1"), "h,i\n' =1+1,end\n");
  EXPECT_EQ(field("  =1+1"), "h,i\n'  =1+1,end\n");
  EXPECT_EQ(field("\n@x"), "h,i\n\"'\n@x\",end\n");
}

TEST(Csv, LetsNothingThroughThatSteersATerminal) {
  EXPECT_EQ(field("a\x1b[31mb"), "h,i\na\\x1B[31mb,end\n");
}

TEST(Csv, DisarmsHeadingsAndGroups) {
  EXPECT_EQ(csv({.columns = {{"=h"}}, .rows = {GroupHeading{"@g"}, CellRow{{Cell{"x"}}}}}),
            "group,'=h\n"
            "'@g,x\n");
}

TEST(Csv, LeavesNumbersAlone) {
  EXPECT_EQ(field("-12"), "h,i\n-12,end\n");
  EXPECT_EQ(field("+1.5e3"), "h,i\n+1.5e3,end\n");
  EXPECT_EQ(field("+5"), "h,i\n+5,end\n");
  EXPECT_EQ(csv({.columns = {{"q"}, {"A"}}, .rows = {CellRow{{Cell{"n"}, {"-5 B", -5}}}}}),
            "q,A\n"
            "n,-5\n");
}

TEST(Csv, SeparatesTablesByAnEmptyLineAndLeavesOutTheRest) {
  const Table table{.columns = {{"a"}}, .rows = {CellRow{{Cell{"x"}}}}};
  EXPECT_EQ(render_csv({.title = "T",
                        .blocks = {Heading{"H"}, table, Paragraph{"p"}, Preformatted{"d"}, table,
                                   Notes{{"n"}}}}),
            "a\nx\n\na\nx\n");
}

TEST(Csv, HasTheHeadingsOfATableWithoutRows) {
  EXPECT_EQ(csv({.columns = {{"a"}, {"b"}}, .rows = {}}), "a,b\n");
}

TEST(Csv, DoesNotWriteAnEmptyFieldAsTheEndOfATable) {
  EXPECT_EQ(csv({.columns = {{"a"}}, .rows = {CellRow{{Cell{""}}}}}), "a\n\"\"\n");
}

}  // namespace
}  // namespace llmarch::reports
