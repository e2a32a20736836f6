#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "reports/document/chart_axis.h"
#include "reports/pictures/chart_layout.h"
#include "reports/render/terminal_chart.h"
#include "tests/pictures/collisions.h"

namespace llmarch::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> tick_texts(const Axis& axis, const std::vector<double>& values,
                                    std::size_t most) {
  std::vector<std::string> texts;
  const ChartAxis placed(axis, values, most);
  for (const Tick& tick : placed.ticks()) texts.push_back(tick.text);
  return texts;
}

// `lines` lines that end close to each other, with a mark where x is 4,096.
Chart crowded(std::size_t lines) {
  Chart chart{.name = "kv",
              .caption = "KV cache over context",
              .x = {"context, tokens", Scale::logarithmic, TickFormat::tokens},
              .y = {"KV cache", Scale::logarithmic, TickFormat::bytes}};
  for (std::size_t i = 0; i < lines; ++i) {
    Series series{.label = fmt::format("model-with-a-name-{}", i)};
    for (double x = 1024; x <= 131072; x *= 2) {
      series.points.push_back({x, x * 4096 * (1 + 0.01 * static_cast<double>(i))});
    }
    chart.series.push_back(std::move(series));
  }
  chart.marks.push_back({{4096, 4096.0 * 4096}, "4,096"});
  chart.marks.push_back({{4200, 4200.0 * 4096}, "4,200"});
  return chart;
}

TEST(ChartAxes, CountTokensAndBytesInTwos) {
  EXPECT_THAT(tick_texts({"", Scale::logarithmic, TickFormat::tokens}, {1024, 16384}, 9),
              ElementsAre("1k", "2k", "4k", "8k", "16k"));
  EXPECT_THAT(tick_texts({"", Scale::logarithmic, TickFormat::bytes}, {3.0 * 1024, 20.0 * 1024}, 9),
              ElementsAre("2 KiB", "4 KiB", "8 KiB", "16 KiB"));
}

TEST(ChartAxes, CountOtherThingsInTens) {
  EXPECT_THAT(tick_texts({"", Scale::logarithmic, TickFormat::counts}, {1e9, 2e12}, 9),
              ElementsAre("1 B", "10 B", "100 B", "1 T"));
}

// The lowest figure stands between two ticks, and the axis begins at the one below it.
TEST(ChartAxes, BeginAtTheLastTickBelowTheFigures) {
  const Axis axis{"", Scale::logarithmic, TickFormat::counts};
  EXPECT_THAT(tick_texts(axis, {1.2e9, 9e9}, 9), ElementsAre("1 B", "2 B", "5 B"));
  EXPECT_DOUBLE_EQ(ChartAxis(axis, {1.2e9, 9e9}, 9).share(1e9), 0);
}

TEST(ChartAxes, SayWhetherTheyAreLogarithmic) {
  EXPECT_EQ(title_of({"context, tokens", Scale::logarithmic}), "context, tokens (logarithmic)");
  EXPECT_EQ(title_of({"bytes", Scale::linear}), "bytes (linear)");
}

TEST(ChartAxes, LeavePowersOutWhereTheyAreMany) {
  EXPECT_THAT(tick_texts({"", Scale::logarithmic, TickFormat::tokens}, {1024, 1048576}, 6),
              ElementsAre("1k", "4k", "16k", "64k", "256k", "1M"));
}

TEST(ChartAxes, ThatAreLinearBeginAtZero) {
  EXPECT_THAT(tick_texts({}, {37, 100}, 6), ElementsAre("0", "20", "40", "60", "80", "100"));
}

TEST(ChartAxes, OfLogarithmsShowNothingThatIsNotAboveZero) {
  const ChartAxis axis({"", Scale::logarithmic, TickFormat::plain}, {0, -1, 1, 100}, 5);
  EXPECT_FALSE(axis.shows(0));
  EXPECT_FALSE(axis.shows(-1));
  EXPECT_FALSE(axis.shows(std::nan("")));
  EXPECT_DOUBLE_EQ(axis.share(1), 0);
  EXPECT_DOUBLE_EQ(axis.share(10), 0.5);
}

TEST(ChartAxes, StandWithoutFigures) {
  EXPECT_THAT(collisions(lay_out(Chart{.caption = "none"})), IsEmpty());
  EXPECT_THAT(collisions(lay_out(Chart{.series = {{"one", {{1, 1}}}}})), IsEmpty());
}

TEST(AChart, KeepsTheNamesOfItsLinesApart) {
  for (const std::size_t lines : {1U, 2U, 7U, 12U}) {
    EXPECT_THAT(collisions(lay_out(crowded(lines))), IsEmpty()) << lines;
  }
}

std::set<Ink> inks_of_lines(const Chart& chart) {
  std::set<Ink> inks;
  for (const Line& line : shapes_of<Line>(lay_out(chart))) {
    if (line.ink >= Ink::series_1 && line.places.size() > 2) inks.insert(line.ink);
  }
  return inks;
}

TEST(AChart, HasEightLinesInEightColours) {
  EXPECT_EQ(inks_of_lines(crowded(8)).size(), 8U);
}

TEST(AChart, NamesLinesThatCoincideTogether) {
  Chart chart = crowded(3);
  chart.series[2].points = chart.series[0].points;
  EXPECT_EQ(inks_of_lines(chart).size(), 2U);
  std::vector<std::string> said;
  for (const Text& text : shapes_of<Text>(lay_out(chart))) said.push_back(text.text);
  EXPECT_THAT(said, ::testing::Contains("model-with-a-name-0 ="));
  EXPECT_THAT(said, ::testing::Contains("model-with-a-name-2"));
}

// Forty marks at one place: those that find no room have no text, and none is on another.
TEST(AChart, KeepsTheTextsOfItsMarksApart) {
  Chart chart = crowded(2);
  for (int i = 0; i < 40; ++i) chart.marks.push_back({{4300.0 + i, 4300.0 * 4096}, "4,300"});
  EXPECT_THAT(collisions(lay_out(chart)), IsEmpty());
}

TEST(AChart, SaysItsSettingBesideWhatItShows) {
  Chart chart = crowded(1);
  chart.setting = "batch 1, KV bf16";
  std::vector<std::string> said;
  for (const Text& text : shapes_of<Text>(lay_out(chart))) said.push_back(text.text);
  EXPECT_THAT(said, ::testing::Contains("KV cache (logarithmic); batch 1, KV bf16"));
  EXPECT_THAT(said, ::testing::Contains("context, tokens (logarithmic)"));
}

TEST(AChart, DrawsNoMorePointsThanCanBeSeen) {
  Chart chart{.series = {{"one", {}}}};
  for (int i = 0; i < 100'000; ++i) chart.series[0].points.push_back({i * 1.0, i % 7 * 1.0});
  std::size_t places = 0;
  for (const Line& line : shapes_of<Line>(lay_out(chart))) {
    if (line.ink == Ink::series_1) places = std::max(places, line.places.size());
  }
  EXPECT_GT(places, 800U);
  EXPECT_LT(places, 2'000U);
}

TEST(AChart, IsDrawnInCharactersToo) {
  Chart chart{.x = {"x"}, .y = {"y"}, .series = {{"up", {{0, 0}, {10, 10}}}}};
  chart.marks.push_back({{5, 5}, "half way"});
  const std::string text = render_terminal_chart(chart, 40);
  EXPECT_THAT(text, HasSubstr("10 ┤                                 *\n"));
  EXPECT_THAT(text, HasSubstr(" 0 ┤*\n"));
  EXPECT_THAT(text, HasSubstr("  * up\n  X half way\n"));
}

}  // namespace
}  // namespace llmarch::reports
