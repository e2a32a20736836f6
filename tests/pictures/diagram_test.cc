#include <gmock/gmock.h>

#include <deque>
#include <fstream>
#include <set>
#include <sstream>

#include "reports/pictures/diagram_layout.h"
#include "reports/say/model_diagram.h"
#include "tests/pictures/collisions.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class EveryModel : public ::testing::TestWithParam<std::string> {};

Model model(const std::string& name) {
  return make_model(model_spec(name), {});
}

std::vector<std::string> texts(const Drawing& drawing, Ink ink) {
  std::vector<std::string> found;
  for (const Text& text : shapes_of<Text>(drawing)) {
    if (text.ink == ink) found.push_back(text.text);
  }
  return found;
}

TEST_P(EveryModel, IsDrawnWithoutCollisions) {
  const Model drawn = model(GetParam());
  EXPECT_THAT(collisions(lay_out(model_diagram({&drawn}))), IsEmpty());
}

// What differs is bold and so wider; every model stands beside one unlike it.
TEST_P(EveryModel, IsDrawnWithoutCollisionsBesideGpt2) {
  const Model drawn = model(GetParam());
  const Model other = model("gpt2");
  EXPECT_THAT(collisions(lay_out(model_diagram({&drawn, &other}))), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryModel, ::testing::ValuesIn(model_names()), test_name);

// The names in quotes of each line `models = ["a", "b"]` of the studies. Variants are left out:
// their texts are as wide as those of the models that they change.
std::vector<std::vector<std::string>> compared_in_studies() {
  const std::vector<std::string> known = model_names();
  std::vector<std::vector<std::string>> compared;
  for (const auto* study : {"article.toml", "article-2026.toml"}) {
    std::ifstream file(std::string(LLMARCH_MODEL_SPECS "/../studies/") + study);
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("models = [")) continue;
      std::vector<std::string> names;
      std::istringstream quoted(line);
      for (std::string part; std::getline(quoted, part, '"');) {
        if (std::ranges::binary_search(known, part)) names.push_back(part);
      }
      if (names.size() > 1) compared.push_back(names);
    }
  }
  return compared;
}

TEST(TheArticles, DrawTheirPairsWithoutCollisionsAndLegibly) {
  const auto compared = compared_in_studies();
  EXPECT_GE(compared.size(), 20U);
  for (const std::vector<std::string>& names : compared) {
    std::deque<Model> models;
    std::vector<const Model*> drawn;
    for (const std::string& name : names) drawn.push_back(&models.emplace_back(model(name)));
    const Drawing drawing = lay_out(model_diagram(drawn));
    EXPECT_THAT(collisions(drawing), IsEmpty()) << names.front() << ", " << names.back();
    EXPECT_EQ(drawing.width, 400.0 * static_cast<double>(names.size()));
    if (names.size() == 2) {
      EXPECT_GE(smallest_text(drawing), 9);
    }
  }
}

// The places of boxes of one kind in each panel, from the left.
std::vector<Rect> boxes_of(const Drawing& drawing, Ink ink) {
  std::vector<Rect> boxes = shapes_of<Rect>(drawing);
  std::erase_if(boxes, [&](const Rect& box) { return box.ink != ink; });
  return boxes;
}

// Maverick's attention is higher, and DeepSeek-V3's mixture.
TEST(ADiagram, AlignsBlocksOfOneRole) {
  const Model deepseek = model("deepseek-v3");
  const Model maverick = model("llama-4-maverick");
  const Drawing drawing = lay_out(model_diagram({&deepseek, &maverick}));
  const auto level = [](const Rect& a, const Rect& b) {
    EXPECT_NE(a.x, b.x);
    EXPECT_DOUBLE_EQ(a.y + a.height, b.y + b.height);
  };
  for (const Ink ink : {Ink::experts, Ink::feed_forward, Ink::frame}) {
    const std::vector<Rect> boxes = boxes_of(drawing, ink);
    ASSERT_EQ(boxes.size(), 2U);
    level(boxes[0], boxes[1]);
  }
  const std::vector<Rect> tables = boxes_of(drawing, Ink::table);
  ASSERT_EQ(tables.size(), 4U);  // embedding and head of each
  level(tables[0], tables[2]);
  level(tables[1], tables[3]);
}

// Two sums either way: one for each sublayer, or one for the only sublayer and one between its
// blocks.
TEST(ADiagram, DrawsBlocksSideBySideWithoutCollisions) {
  ArchSpec spec = model_spec("qwen3-30b-a3b");
  Layer& layer = spec.layer.front().value;
  const auto pluses = [&] {
    const Model drawn = make_model(spec, {});
    const Drawing drawing = lay_out(model_diagram({&drawn}));
    EXPECT_THAT(collisions(drawing), IsEmpty());
    return std::ranges::count(shapes_of<Circle>(drawing), Ink::addition, &Circle::ink);
  };
  EXPECT_EQ(pluses(), 2);
  layer.sublayers = {{{{layer.attention, {}}, {{}, layer.feed_forward}}}};
  layer.attention.reset();
  layer.feed_forward.reset();
  EXPECT_EQ(pluses(), 2);
}

// The tips of the arrows that point to the right: only a fork has them.
std::vector<Place> entries(const Drawing& drawing) {
  std::vector<Place> tips;
  for (const Polygon& arrow : shapes_of<Polygon>(drawing)) {
    const Place tip = arrow.places.front();
    const bool right =
        std::ranges::all_of(arrow.places, [&](const Place& corner) { return corner.x <= tip.x; });
    const bool up =
        std::ranges::all_of(arrow.places, [&](const Place& corner) { return corner.y >= tip.y; });
    if (right && !up) tips.push_back(tip);
  }
  return tips;
}

// In DeepSeek-V3 a layer has a dense feed-forward or a mixture, and each is entered on its own; in
// Gemma 3 the two kinds of layer have one attention with two reaches.
TEST(ADiagram, ForksWhereALayerHasOneOfTwoBlocks) {
  const Model deepseek = model("deepseek-v3");
  const Drawing drawing = lay_out(model_diagram({&deepseek}));
  const std::vector<Place> tips = entries(drawing);
  ASSERT_EQ(tips.size(), 2U);
  for (const Place& tip : tips) {
    const auto boxes = shapes_of<Rect>(drawing);
    const auto entered = std::ranges::count_if(boxes, [&](const Rect& box) {
      return box.x == tip.x && box.y < tip.y && tip.y < box.y + box.height &&
             (box.ink == Ink::feed_forward || box.ink == Ink::experts);
    });
    EXPECT_EQ(entered, 1);
  }
  const Model gemma = model("gemma-3-27b");
  EXPECT_THAT(entries(lay_out(model_diagram({&gemma}))), IsEmpty());
}

TEST(ADiagram, SaysTheSizesOfItsBlocks) {
  const Model llama = model("llama-3.1-8b");
  const std::vector<std::string> said = texts(lay_out(model_diagram({&llama})), Ink::text);
  for (const auto* text : {"128,256 tokens × 4,096", "32 query heads of 128", "8 key/value heads",
                           "2 × 8 × 128", "= 2,048", "hidden width 14,336", "× 32 layers"}) {
    EXPECT_THAT(said, Contains(text));
  }
}

TEST(ADiagram, OfOneModelMarksNothing) {
  const Model llama = model("llama-3.1-8b");
  EXPECT_THAT(texts(lay_out(model_diagram({&llama})), Ink::marked_text), IsEmpty());
}

// 256 experts against 384, 128 heads against 64; the latents are alike.
TEST(ADiagram, MarksWhatDiffers) {
  const Model deepseek = model("deepseek-v3");
  const Model kimi = model("kimi-k2");
  const Drawing drawing = lay_out(model_diagram({&deepseek, &kimi}));
  const std::vector<std::string> marked = texts(drawing, Ink::marked_text);
  for (const auto* text : {"256 experts, SwiGLU", "384 experts, SwiGLU", "128 heads", "64 heads",
                           "3 of 61 layers: 1-3", "1 of 61 layers: 1"}) {
    EXPECT_THAT(marked, Contains(text));
  }
  EXPECT_THAT(marked, Contains("marked: differs between the models"));
  EXPECT_THAT(marked, Not(Contains("key/value latent: 512")));
  EXPECT_THAT(texts(drawing, Ink::text), Contains("key/value latent: 512"));
}

TEST(ADiagram, MarksNothingWhereMostDiffers) {
  const Model deepseek = model("deepseek-v3");
  const Model maverick = model("llama-4-maverick");
  const Drawing drawing = lay_out(model_diagram({&deepseek, &maverick}));
  EXPECT_THAT(texts(drawing, Ink::marked_text), IsEmpty());
  EXPECT_THAT(texts(drawing, Ink::faint_text),
              Contains("Nothing is marked, since most of it differs."));
}

// A block of another kind has other details, which say nothing more.
TEST(ADiagram, MarksTheTitleAloneOfABlockOfAnotherKind) {
  ArchSpec spec = model_spec("llama-3.1-8b");
  const Model grouped = make_model(spec, {});
  std::get<GroupedAttention>(spec.attention.front().value).kv_heads = 32;
  const Model multi_head = make_model(spec, {});
  EXPECT_THAT(texts(lay_out(model_diagram({&grouped, &multi_head})), Ink::marked_text),
              ElementsAre("Grouped-query attention", "Multi-head attention",
                          "marked: differs between the models"));
}

TEST(ADiagram, SaysOnceWhatAllAlternativesShare) {
  const Model gemma = model("gemma-3-27b");
  const std::vector<std::string> said = texts(lay_out(model_diagram({&gemma})), Ink::text);
  EXPECT_EQ(std::ranges::count(said, "16 key/value heads"), 1);
  EXPECT_THAT(said, Contains("attends to, caches the last 1,024"));
  EXPECT_THAT(said, Contains("attends to, caches every position"));
}

// Those of one column would look as if a column were chosen.
TEST(ADiagram, ScattersTheChosenExperts) {
  for (const auto* name : {"deepseek-v3", "kimi-k2", "qwen3-30b-a3b", "mixtral-8x7b"}) {
    const Model mixture = model(name);
    std::set<double> columns;
    for (const Rect& dot : boxes_of(lay_out(model_diagram({&mixture})), Ink::lit)) {
      columns.insert(dot.x);
    }
    EXPECT_GE(columns.size(), name == std::string("mixtral-8x7b") ? 2U : 5U) << name;
  }
}

TEST(ADiagram, ShowsAMixtureFromInside) {
  const Model deepseek = model("deepseek-v3");
  const std::vector<std::string> said = texts(lay_out(model_diagram({&deepseek})), Ink::text);
  EXPECT_THAT(said, Contains("router"));
  EXPECT_THAT(said, Contains("shared"));
  EXPECT_THAT(said, Contains("8 of 256"));
}

TEST(ADiagram, DrawsADotForEachExpertAndLightsTheChosen) {
  const Model deepseek = model("deepseek-v3");
  const auto boxes = shapes_of<Rect>(lay_out(model_diagram({&deepseek})));
  EXPECT_EQ(std::ranges::count(boxes, Ink::lit, &Rect::ink), 8);
  EXPECT_EQ(std::ranges::count(boxes, Ink::unlit, &Rect::ink), 256 - 8);
}

// The norms of a layer from the bottom up, and the last one above the layers.
TEST(ADiagram, StandsNormsWhereTheModelHasThem) {
  const auto norms = [](const std::string& name) {
    const Model drawn = model(name);
    return std::ranges::count(texts(lay_out(model_diagram({&drawn})), Ink::text), "RMSNorm");
  };
  EXPECT_EQ(norms("llama-3.1-8b"), 2 + 1);
  EXPECT_EQ(norms("olmo-2-7b"), 2 + 1);
  EXPECT_EQ(norms("gemma-3-27b"), 4 + 1);
}

}  // namespace
}  // namespace llmarch::reports
