#include "reports/render/html.h"

#include <gmock/gmock.h>

namespace llmarch::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Document small() {
  return {.title = "a < b",
          .blocks = {Table{.caption = "t",
                           .columns = {{"name"}, {"size", Alignment::right}},
                           .rows = {GroupHeading{"big & small"},
                                    CellRow{{{"x"}, {"36 KiB", std::int64_t{36864}, "bytes"}}}}},
                     Chart{.caption = "c", .series = {{"one", {{1, 1}, {2, 2}}}}}, Notes{{"n"}}}};
}

TEST(Html, EscapesWhatMarkupWouldRead) {
  EXPECT_THAT(render_html(small()), HasSubstr("<h1>a &lt; b</h1>"));
  EXPECT_THAT(render_html(small()), HasSubstr("big &amp; small"));
}

TEST(Html, SortsByExactValues) {
  EXPECT_THAT(render_html(small()),
              HasSubstr("<td class=\"right\" data-value=\"36864\">36 KiB</td>"));
}

TEST(Html, SortsWithinGroups) {
  EXPECT_THAT(render_html(small()), HasSubstr("</tbody>\n<tbody>\n<tr class=\"group\">"));
}

TEST(Html, NamesNothingElsewhere) {
  std::string html = render_html(small());
  const std::string name_space = "http://www.w3.org/2000/svg";
  for (std::size_t at = 0; (at = html.find(name_space)) != std::string::npos;) {
    html.erase(at, name_space.size());
  }
  EXPECT_THAT(html, Not(HasSubstr("://")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(Html, ShowsWhatStandsOutByAClass) {
  Document document{.title = "t",
                    .blocks = {Heading{"A & B"}, Paragraph{"one\ntwo"}, Preformatted{"a <- b"}}};
  Table table{.columns = {{"name"}, {"size", Alignment::centre}}};
  for (const auto emphasis :
       {Emphasis::differs, Emphasis::strong, Emphasis::good, Emphasis::bad, Emphasis::faint}) {
    table.rows.emplace_back(CellRow{{Cell{"x"}, Cell{"y", 0.5, "", emphasis}}});
  }
  document.blocks.emplace_back(std::move(table));
  const std::string html = render_html(document);
  EXPECT_THAT(html, HasSubstr("<h2 id=\"a--b\">A &amp; B</h2>"));
  EXPECT_THAT(html, HasSubstr("<p>one<br>two</p>"));
  EXPECT_THAT(html, HasSubstr("<pre>a &lt;- b</pre>"));
  for (const std::string name : {"differs", "strong", "good", "bad", "faint"}) {
    EXPECT_THAT(html, HasSubstr("<td class=\"centre " + name + "\" data-value=\"0.5\">y</td>"));
  }
}

// A link leads to the heading of its text, as GitHub names headings.
TEST(Html, LeadsFromCellsToHeadings) {
  const Document document{
      .blocks = {Table{.columns = {{"claim"}},
                       .rows = {CellRow{{Cell{.text = "C1", .link = "C1: holds"}}}}},
                 Heading{"C1: holds"}, Heading{"C1: holds"}}};
  const std::string html = render_html(document);
  EXPECT_THAT(html, HasSubstr("<a href=\"#c1-holds\">C1</a>"));
  EXPECT_THAT(html, HasSubstr("<h2 id=\"c1-holds\">C1: holds</h2>"));
  EXPECT_THAT(html, HasSubstr("<h2 id=\"c1-holds-1\">"));
  EXPECT_THAT(html, Not(HasSubstr("<nav")));
}

TEST(Html, BeginsWithTheContentsOfThreeSectionsOrMore) {
  const Document document{.blocks = {Heading{"One & two"}, Heading{"Three"},
                                     Heading{"below", HeadingLevel::subsection}, Heading{"Four"}}};
  EXPECT_THAT(render_html(document),
              HasSubstr("<ul>\n<li><a href=\"#one--two\">One &amp; two</a></li>\n"
                        "<li><a href=\"#three\">Three</a></li>\n"
                        "<li><a href=\"#four\">Four</a></li>\n</ul>"));
}

TEST(Html, KeepsTheIndentOfARow) {
  EXPECT_THAT(render_html({.blocks = {Table{.columns = {{"a"}}, .rows = {CellRow{{{"  b"}}}}}}}),
              HasSubstr("style=\"padding-left:1.7rem\">  b<"));
}

TEST(Html, HoldsItsPictures) {
  EXPECT_THAT(render_html(small()), HasSubstr("<figure><svg"));
}

}  // namespace
}  // namespace llmarch::reports
