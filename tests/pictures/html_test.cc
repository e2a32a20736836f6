#include "reports/html.h"

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

TEST(Html, HoldsItsPictures) {
  EXPECT_THAT(render_html(small()), HasSubstr("<figure><svg"));
}

}  // namespace
}  // namespace llmarch::reports
