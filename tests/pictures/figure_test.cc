// Figures of models: is every one legible and free of collisions, and does it show what the spec
// says?
#include "reports/pictures/figure_layout.h"

#include <gmock/gmock.h>

#include "reports/say/mask_figure.h"
#include "reports/say/model_figures.h"
#include "sim/study_spec/study_fields.h"
#include "tests/pictures/collisions.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Figure figure_of(FigureKind kind, const std::vector<std::string>& names) {
  std::vector<Model> models;
  for (const std::string& name : names) models.push_back(make_model(model_spec(name), {}));
  std::vector<const Model*> drawn;
  for (const Model& each : models) drawn.push_back(&each);
  return model_figure(kind, drawn, Setting{});
}

std::ptrdiff_t boxes(const Drawing& drawing, Ink ink) {
  return std::ranges::count(shapes_of<Rect>(drawing), ink, &Rect::ink);
}

std::vector<std::string> said(const Drawing& drawing) {
  std::vector<std::string> texts;
  for (const Text& text : shapes_of<Text>(drawing)) texts.push_back(text.text);
  return texts;
}

class EveryFigure : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryFigure, IsLegibleAloneAndBesideGpt2) {
  const Model drawn = make_model(model_spec(GetParam()), {});
  const Model other = make_model(model_spec("gpt2"), {});
  for (const auto& [name, kind] : Names<FigureKind>::values) {
    for (const auto& models : {std::vector<const Model*>{&drawn}, {&drawn, &other}}) {
      const Figure figure = model_figure(kind, models, Setting{});
      if (figure.panels.empty()) continue;
      const Drawing drawing = lay_out(figure);
      EXPECT_THAT(collisions(drawing), IsEmpty()) << name;
      EXPECT_GE(smallest_text(drawing), 9) << name;
      EXPECT_LE(drawing.width, 800) << name;
      EXPECT_THAT(text_of(figure), HasSubstr(figure.caption));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryFigure, ::testing::ValuesIn(model_names()), test_name);

// 32 query heads in 8 groups of four, each with keys and with values.
TEST(AFigureOfHeads, DrawsThemInTheirGroups) {
  const Drawing drawing = lay_out(figure_of(FigureKind::heads, {"llama-3.1-8b"}));
  EXPECT_EQ(boxes(drawing, Ink::attention), 32);
  EXPECT_EQ(boxes(drawing, Ink::cache), 2 * 8);
  EXPECT_THAT(said(drawing),
              Contains("Grouped-query attention: 32 query heads, 8 key/value heads"));
}

// Of 71 query heads that share one key/value head, 32 are drawn.
TEST(AFigureOfHeads, DrawsTheFirstOfTooMany) {
  const Drawing drawing = lay_out(figure_of(FigureKind::heads, {"falcon-7b"}));
  EXPECT_EQ(boxes(drawing, Ink::attention), 32);
  EXPECT_EQ(boxes(drawing, Ink::cache), 2);
  EXPECT_THAT(said(drawing), Contains("…"));
}

TEST(AFigureOfHeads, IsThereOnlyWhereHeadsAre) {
  EXPECT_THAT(figure_of(FigureKind::heads, {"mamba-2.8b"}).panels, IsEmpty());
  EXPECT_THAT(figure_of(FigureKind::latent, {"llama-3.1-8b"}).panels, IsEmpty());
  EXPECT_EQ(figure_of(FigureKind::latent, {"llama-3.1-8b", "deepseek-v3"}).panels.size(), 1U);
}

TEST(AFigureOfLatentAttention, SaysItsWidthsAndWhatIsCached) {
  const Drawing drawing = lay_out(figure_of(FigureKind::latent, {"deepseek-v3"}));
  for (const auto* text :
       {"input: 7,168", "1,536", "128 × (128 + 64)", "512, cached", "64, cached", "128 × 128",
        "output: 128 × 128 → 7,168", "cached: 512 + 64 = 576 elements for each position"}) {
    EXPECT_THAT(said(drawing), Contains(text));
  }
  EXPECT_EQ(boxes(drawing, Ink::cache), 2);
}

// DeepSeek-V2-Lite projects its queries in one step.
TEST(AFigureOfLatentAttention, HasNoQueryLatentWhereThereIsNone) {
  EXPECT_THAT(said(lay_out(figure_of(FigureKind::latent, {"deepseek-v2-lite"}))),
              ::testing::Not(Contains("query latent")));
}

std::ptrdiff_t attended(const AttendedKeys& keys, Attended how) {
  std::ptrdiff_t count = 0;
  for (const auto& row : mask_of(keys).rows) count += std::ranges::count(row, how);
  return count;
}

// Of 24 positions: the triangle 1 + ... + 24; a window of six without its first triangle,
// 6 x 24 - 15; three chunks of eight, each 1 + ... + 8.
TEST(AMask, HasTheKeysThatAQueryAttendsTo) {
  EXPECT_EQ(attended({}, Attended::yes), 24 * 25 / 2);
  EXPECT_EQ(attended({.window = 1024}, Attended::yes), 6 * 24 - 15);
  EXPECT_EQ(attended({.chunk = 8192}, Attended::yes), 3 * 8 * 9 / 2);
  EXPECT_EQ(attended({.sinks = Sinks::some}, Attended::sink), 24);
}

// No key after the query, its own block always, and no more than two others.
TEST(AMask, ChoosesKeysUpToItsOwn) {
  for (const AttendedKeys& keys : {AttendedKeys{.chosen = 2048}, {.chosen = 16, .block = 128}}) {
    const MaskFigure mask = mask_of(keys);
    for (std::size_t query = 0; query < mask.rows.size(); ++query) {
      const auto& row = mask.rows[query];
      EXPECT_EQ(row[query], Attended::yes);
      EXPECT_EQ(
          std::count(row.begin() + static_cast<std::ptrdiff_t>(query) + 1, row.end(), Attended::no),
          std::ssize(row) - static_cast<std::ptrdiff_t>(query) - 1);
      EXPECT_LE(std::ranges::count(row, Attended::yes), 3 * (keys.block > 0 ? 4 : 1));
    }
  }
}

// Groups of four that are complete, beside a window of six: the first query with one is the tenth,
// whose window leaves the first four positions.
TEST(AMask, ShowsCompressedEntriesOfCompleteGroups) {
  const MaskFigure mask = mask_of({.window = 128, .entry = 128});
  EXPECT_EQ(std::ranges::count(mask.rows[9], Attended::entry), 4);
  EXPECT_EQ(std::ranges::count(mask.rows[2], Attended::entry), 0);
  EXPECT_EQ(std::ranges::count(mask.rows[23], Attended::entry), 24 - 6);
}

TEST(AFigureOfMasks, NamesEachReachOnce) {
  const Figure figure = figure_of(FigureKind::masks, {"gemma-3n-e4b"});
  ASSERT_EQ(figure.panels.size(), 2U);
  EXPECT_EQ(figure.panels[0].details.front(), "every position up to its own");
  EXPECT_EQ(figure.panels[1].details.front(), "the last 512 positions");
  EXPECT_EQ(figure_of(FigureKind::masks, {"gpt-oss-20b"}).panels.at(0).details.at(1),
            "yellow: a sink, a learned score and no key");
}

// Ten times five local layers and a global one, and then two local ones.
TEST(AFigureOfLayers, HasACellForEachLayer) {
  const Figure figure = figure_of(FigureKind::layers, {"gemma-3-27b"});
  const auto& layers = std::get<LayersFigure>(figure.panels.at(0).body);
  EXPECT_EQ(layers.layers.size(), 62U);
  EXPECT_EQ(std::ranges::count(layers.layers, layers.layers[5]), 10);
  EXPECT_THAT(layers.kinds, Contains(HasSubstr("the last 1,024 positions")));
}

// At 8k in bf16: 2 x 61 x 8,192 x (512 + 64) = 549 MiB of either model.
TEST(BarsOfACache, AreOfTheContext) {
  const Figure figure = figure_of(FigureKind::cache, {"deepseek-v3", "llama-3.1-8b"});
  const auto& bars = std::get<BarsFigure>(figure.panels.at(0).body).bars;
  EXPECT_EQ(bars[0].value, 2.0 * 61 * 8192 * (512 + 64));
  EXPECT_EQ(bars[1].value, 2.0 * 32 * 8192 * 2 * 8 * 128);  // 1 GiB
  EXPECT_EQ(bars[1].text, "1 GiB");
  EXPECT_EQ(bars[0].text, "549 MiB, 46.4 % less");
  EXPECT_EQ(figure.caption, "DeepSeek-V3 / R1 holds 549 MiB, and Llama 3.1 8B 1 GiB.");
}

TEST(BarsOfParameters, DrawWhatATokenTouchesApart) {
  const Figure figure = figure_of(FigureKind::parameters, {"kimi-k2", "gpt2"});
  const auto& bars = std::get<BarsFigure>(figure.panels.at(0).body).bars;
  EXPECT_EQ(bars[0].value, 1'026'408'232'448.0);
  EXPECT_EQ(bars[0].text, "32.86 B of 1.026 T (3.2 %)");
  EXPECT_EQ(bars[1].value, bars[1].part);
  EXPECT_EQ(figure.caption, "A token touches 3.2 % of the parameters of Kimi K2.");
}

}  // namespace
}  // namespace llmarch::reports
