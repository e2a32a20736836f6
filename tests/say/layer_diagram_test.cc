// The sublayers of a model's layers as items of a diagram.
#include "reports/say/layer_diagram.h"

#include <gmock/gmock.h>

#include "tests/support/tiny_models.h"

namespace llmarch::reports {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

SublayerBlock attention() {
  return {Reference{"mix", 0}, std::nullopt};
}
SublayerBlock feed_forward(std::size_t index) {
  return {std::nullopt, Reference{"feed", index}};
}

// A dense feed-forward, number 0, and a mixture, number 1; a layer for each list of sublayers.
ArchSpec model_of(const std::vector<std::vector<Sublayer>>& layers) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.feed_forward.push_back({"mixture", tiny_mixture()});
  spec.layer.clear();
  spec.stack.clear();
  for (const auto& sublayers : layers) {
    const std::size_t index = spec.layer.size();
    const std::string name = "layer " + std::to_string(index);
    spec.layer.push_back({name, Layer{std::nullopt, std::nullopt, sublayers}});
    spec.stack.push_back({{{name, index}}, 1});
  }
  return spec;
}

// The parts of a branch's block, its norms left out.
std::vector<DiagramPart> block_of(const FrameItem& item) {
  for (const DiagramBox& step : std::get<DiagramBranch>(item).steps) {
    if (step.parts.front().kind != BoxKind::norm) return step.parts;
  }
  return {};
}

std::vector<std::string> titles_of(const std::vector<DiagramPart>& parts) {
  std::vector<std::string> titles;
  for (const DiagramPart& part : parts) titles.push_back(part.title.text);
  return titles;
}

TEST(BlocksSideBySide, AreOneBoxOfPartsThatAreAddedUp) {
  const auto items = sublayer_items(model_of({{{{attention(), feed_forward(0)}}}}));
  ASSERT_EQ(items.size(), 1U);
  const auto parts = block_of(items.front());
  EXPECT_THAT(titles_of(parts), ElementsAre("Grouped-query attention", "Feed-forward, SiLU"));
  EXPECT_EQ(parts[0].join, Join::alternative);
  EXPECT_EQ(parts[1].join, Join::sum);
  EXPECT_EQ(parts[0].where.text, "");
}

// Two of one title are not alternatives, of which the common facts would be taken together.
TEST(BlocksSideBySide, OfOneTitleStandForThemselves) {
  const auto items = sublayer_items(model_of({{{{attention(), attention()}}}}));
  EXPECT_THAT(titles_of(block_of(items.front())),
              ElementsAre("Grouped-query attention", "Grouped-query attention"));
}

TEST(ABlock, SaysItsOwnNormAndWhenItIsAdded) {
  SublayerBlock late = feed_forward(0);
  late.norm = Norm{NormKind::rms, 1e-6, NormPlacement::before};
  late.delay = 2;
  const auto items = sublayer_items(model_of({{{{late}}, {{attention()}}, {{attention()}}}}));
  ASSERT_EQ(items.size(), 3U);
  const DiagramPart part = block_of(items.front()).front();
  EXPECT_THAT(part.details, Contains(DiagramText{"its own RMSNorm before"}));
  EXPECT_THAT(part.details, Contains(DiagramText{"added 2 sublayers later"}));
}

TEST(LayersOfOneSublayer, AreAlternativesInOneBox) {
  const auto items =
      sublayer_items(model_of({{{{attention()}}}, {{{feed_forward(0)}}}, {{{feed_forward(1)}}}}));
  ASSERT_EQ(items.size(), 1U);
  const auto parts = block_of(items.front());
  EXPECT_THAT(titles_of(parts),
              ElementsAre("Grouped-query attention", "Feed-forward, SiLU", "Mixture of experts"));
  EXPECT_EQ(parts[1].where.text, "1 of 3 layers: 2");
}

// A layer of both beside a layer of a feed-forward alone.
TEST(LayersOfDifferentLengths, KeepAttentionApartFromFeedForwards) {
  const auto items =
      sublayer_items(model_of({{{{attention()}}, {{feed_forward(0)}}}, {{{feed_forward(1)}}}}));
  ASSERT_EQ(items.size(), 3U);
  EXPECT_THAT(titles_of(block_of(items[0])), ElementsAre("Grouped-query attention"));
  EXPECT_THAT(titles_of(block_of(items[1])), ElementsAre("Mixture of experts"));
  EXPECT_THAT(titles_of(block_of(items[2])), ElementsAre("Feed-forward, SiLU"));
}

TEST(TheLayersOfAnAlternative, StandAtTheFirstOfItsBlocks) {
  const auto items = sublayer_items(
      model_of({{{{attention(), feed_forward(0)}}}, {{{attention(), feed_forward(1)}}}}));
  ASSERT_EQ(items.size(), 1U);
  const auto parts = block_of(items.front());
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0].where.text, "1 of 2 layers: 1");
  EXPECT_THAT(parts[1].where.text, IsEmpty());
  EXPECT_EQ(parts[2].where.text, "1 of 2 layers: 2");
  EXPECT_EQ(parts[3].join, Join::sum);
}

// The same blocks with another norm around one of them count as another alternative.
TEST(Alternatives, AreToldApartByTheNormsOfTheirBlocks) {
  SublayerBlock before = feed_forward(0);
  before.norm = Norm{NormKind::rms, 1e-6, NormPlacement::before};
  SublayerBlock after = feed_forward(0);
  after.norm = Norm{NormKind::rms, 1e-6, NormPlacement::after};
  const auto parts = block_of(sublayer_items(model_of({{{{before}}}, {{{after}}}})).front());
  ASSERT_EQ(parts.size(), 3U);  // what is common, and the two
  EXPECT_THAT(parts[1].details, ElementsAre(DiagramText{"its own RMSNorm before"}));
  EXPECT_THAT(parts[2].details, ElementsAre(DiagramText{"its own RMSNorm after"}));
}

}  // namespace
}  // namespace llmarch::reports
