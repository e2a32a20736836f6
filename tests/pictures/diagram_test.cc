#include <gmock/gmock.h>

#include "reports/pictures/diagram_layout.h"
#include "reports/say/model_diagram.h"
#include "tests/pictures/collisions.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::Contains;
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

struct Pair {
  std::string left;
  std::string right;
};

class ArticlePair : public ::testing::TestWithParam<Pair> {};

TEST_P(ArticlePair, IsDrawnWithoutCollisions) {
  const Model left = model(GetParam().left);
  const Model right = model(GetParam().right);
  const Drawing drawing = lay_out(model_diagram({&left, &right}));
  EXPECT_THAT(collisions(drawing), IsEmpty());
  EXPECT_EQ(drawing.width, 800);
}

// Those that compare whole models.
INSTANTIATE_TEST_SUITE_P(
    Article, ArticlePair,
    ::testing::Values(Pair{"llama-3.1-8b", "olmo-2-7b"}, Pair{"olmo-2-7b", "gemma-3-27b"},
                      Pair{"gemma-3-27b", "mistral-small-3.1-24b"},
                      Pair{"deepseek-v3", "llama-4-maverick"}, Pair{"qwen3-0.6b", "llama-3.2-1b"},
                      Pair{"deepseek-v3", "qwen3-235b-a22b"}, Pair{"qwen3-4b", "smollm3-3b"},
                      Pair{"deepseek-v3", "kimi-k2"}));

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
  EXPECT_THAT(marked, Not(Contains("key/value latent: 512")));
  EXPECT_THAT(texts(drawing, Ink::text), Contains("key/value latent: 512"));
}

TEST(ADiagram, SaysOnceWhatAllAlternativesShare) {
  const Model gemma = model("gemma-3-27b");
  const std::vector<std::string> said = texts(lay_out(model_diagram({&gemma})), Ink::text);
  EXPECT_EQ(std::ranges::count(said, "16 key/value heads"), 1);
  EXPECT_THAT(said, Contains("attends to, caches the last 1,024"));
  EXPECT_THAT(said, Contains("attends to, caches every position"));
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
