#include "reports/pictures/svg.h"

#include <gmock/gmock.h>

#include "reports/pictures/pictures.h"
#include "reports/say/model_diagram.h"
#include "tests/pictures/well_formed.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WellFormedness, IsJudged) {
  EXPECT_EQ(fault_of("<a><b x=\"1\"/>c &lt;</a>"), "");
  EXPECT_EQ(fault_of("<a><b></a>"), "/a closes what is not open");
  EXPECT_EQ(fault_of("<a>"), "a is left open");
  EXPECT_EQ(fault_of("<a>x & y</a>"), "a bare &");
}

TEST(Svg, IsWellFormedForEveryModel) {
  for (const std::string& name : model_names()) {
    const Model model = make_model(model_spec(name), {});
    for (const Picture& picture : draw_pictures({.blocks = {model_diagram({&model})}}, "")) {
      EXPECT_EQ(fault_of(picture.svg), "") << name;
    }
  }
}

TEST(Svg, HoldsTextAsText) {
  const Drawing drawing{.width = 10, .height = 10, .shapes = {Text{{1, 2}, "a < b & \"c\"\x1b"}}};
  EXPECT_THAT(render_svg(drawing, SvgUse::file),
              HasSubstr(">a &lt; b &amp; &quot;c&quot;\\x1B</text>"));
}

TEST(Svg, OfAPageLeavesStyleAndPaperToIt) {
  EXPECT_THAT(render_svg({.width = 1, .height = 1}, SvgUse::file), HasSubstr("<style>"));
  EXPECT_THAT(render_svg({.width = 1, .height = 1}, SvgUse::page), Not(HasSubstr("<style>")));
}

TEST(Pictures, AreNamedAfterTheReportAndThemselves) {
  const Document document{.blocks = {Chart{.name = "kv cache"}, Paragraph{"p"},
                                     Diagram{.name = "blocks"}, Chart{.name = "kv-cache"}}};
  EXPECT_THAT(picture_files(document, "report"),
              ElementsAre("report-kv-cache.svg", "", "report-blocks.svg", "report-kv-cache-2.svg"));
  EXPECT_THAT(picture_files(document, ""),
              ElementsAre("kv-cache.svg", "", "blocks.svg", "kv-cache-2.svg"));
}

TEST(Pictures, StandBelowEachOtherInOne) {
  const Document document{.blocks = {Chart{.caption = "first"}, Chart{.caption = "second"}}};
  EXPECT_EQ(fault_of(render_picture(document)), "");
  EXPECT_THAT(render_picture(document), HasSubstr("viewBox=\"0 0 800 904\""));  // 440 + 24 + 440
}

}  // namespace
}  // namespace llmarch::reports
