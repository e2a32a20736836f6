// The sublayers of a layer: what a file may say of them, and what it may not.
#include <gtest/gtest.h>

#include "sim/toml/toml_writer.h"
#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

constexpr const char* kShort = "attention = \"local\"\nfeed_forward = \"mixture\"\n";

std::string with_layer(const std::string& text) {
  return altered(kShort, text);
}

ArchSpec spec_with_layer(const std::string& text) {
  return load_toml_spec(with_layer(text)).spec.value();
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

TEST(Sublayers, AreAttentionAndThenAFeedForwardInShort) {
  const ArchSpec spec = *load_toml_spec(kSmallSpec).spec;
  const std::vector<Sublayer> sublayers = sublayers_of(spec.layer.front().value);
  ASSERT_EQ(sublayers.size(), 2U);
  EXPECT_EQ(sublayers[0].blocks.front().attention->name, "local");
  EXPECT_EQ(sublayers[1].blocks.front().feed_forward->name, "mixture");
  EXPECT_EQ(norm_around(spec, sublayers[0]), spec.norm);
}

TEST(Sublayers, MayBeOneAlone) {
  const ArchSpec spec = *load_toml_spec(replaced(with_layer("attention = \"local\"\n"), "[[stack]]",
                                                 "[layer.feed]\nfeed_forward = \"mixture\"\n"
                                                 "[[stack]]\nlayers = [\"feed\"]\nrepeat = 1\n"
                                                 "[[stack]]"))
                             .spec;
  EXPECT_EQ(mixers_of(spec.layer.at(0).value), std::vector<std::size_t>{0});
  EXPECT_TRUE(feed_forwards_of(spec.layer.at(0).value).empty());
  EXPECT_TRUE(mixers_of(spec.layer.at(1).value).empty());
}

// Attention and the feed-forward on one norm: x + attention(n) + feed_forward(n).
TEST(Sublayers, HoldBlocksSideBySide) {
  const ArchSpec spec = spec_with_layer(
      "sublayers = [{ blocks = [{ attention = \"local\" }, { feed_forward = \"mixture\" }] }]\n");
  const std::vector<Sublayer> sublayers = sublayers_of(spec.layer.front().value);
  ASSERT_EQ(sublayers.size(), 1U);
  EXPECT_EQ(sublayers.front().blocks.size(), 2U);
  EXPECT_EQ(norm_around(spec, sublayers.front()), spec.norm);
}

// The same blocks with a norm for each, and none around both.
TEST(Sublayers, HaveNoNormWhereTheirBlocksHave) {
  const ArchSpec spec = spec_with_layer(
      "[[layer.block.sublayers]]\n"
      "[[layer.block.sublayers.blocks]]\n"
      "attention = \"local\"\n"
      "norm = { kind = \"layer\", epsilon = 1e-5, placement = \"before\", without = \"bias\" }\n"
      "[[layer.block.sublayers.blocks]]\n"
      "feed_forward = \"mixture\"\n"
      "norm = { kind = \"layer\", epsilon = 1e-5, placement = \"before\" }\n");
  const Sublayer sublayer = sublayers_of(spec.layer.front().value).front();
  EXPECT_EQ(norm_around(spec, sublayer), std::nullopt);
  EXPECT_EQ(sublayer.blocks.front().norm->without, NormOmission::bias);
  EXPECT_EQ(sublayer.blocks.back().norm->without, std::nullopt);
}

TEST(Sublayers, AreWrittenAsTheyAreRead) {
  const ArchSpec spec = spec_with_layer(
      "sublayers = [\n"
      "  { blocks = [{ attention = \"local\" }, { feed_forward = \"mixture\", delay = 1 }] },\n"
      "  { norm = { kind = \"rms\", epsilon = 1e-5, placement = \"after\", without = "
      "\"weight_and_bias\" }, "
      "blocks = [{ feed_forward = \"mixture\" }] },\n"
      "]\n");
  const std::string text = write_toml_spec(spec, {});
  const ArchSpec again = load_toml_spec(text).spec.value();
  EXPECT_EQ(write_toml_spec(again, {}), text);
  const std::vector<Sublayer> sublayers = sublayers_of(again.layer.front().value);
  EXPECT_EQ(sublayers.at(0).blocks.at(1).delay, Integer(1));
  EXPECT_EQ(sublayers.at(1).norm, sublayers_of(spec.layer.front().value).at(1).norm);
}

TEST(ALayer, DoesSomething) {
  EXPECT_EQ(check_report(with_layer("")),
            R"(my-model.toml:32:8: error: the layer does nothing
   32 | [layer.block]
      |        ^~~~~
      = add 'attention', 'feed_forward' or both, or list 'sublayers'
)");
  EXPECT_EQ(check_report(with_layer("sublayers = []\n")),
            R"(my-model.toml:32:8: error: the layer does nothing
   32 | [layer.block]
      |        ^~~~~
      = add 'attention', 'feed_forward' or both, or list 'sublayers'
)");
}

TEST(ALayer, IsWrittenInShortOrInFull) {
  EXPECT_EQ(
      check_report(with_layer("attention = \"local\"\n"
                              "sublayers = [{ blocks = [{ feed_forward = \"mixture\" }] }]\n")),
      R"(my-model.toml:34:1: error: 'sublayers' stands beside attention or feed_forward
   34 | sublayers = [{ blocks = [{ feed_forward = "mixture" }] }]
      | ^~~~~~~~~
      = these two are sublayers in short: name them within 'sublayers' instead
)");
}

TEST(ABlock, IsAMixerOrAFeedForward) {
  EXPECT_EQ(
      check_report(with_layer(
          "sublayers = [{ blocks = [{ attention = \"local\", feed_forward = \"mixture\" }] }]\n")),
      R"(my-model.toml:33:26: error: a block names both attention and feed_forward
   33 | sublayers = [{ blocks = [{ attention = "local", feed_forward = "mixture" }] }]
      |                          ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      = a block is one of the two; blocks side by side are entries of 'blocks'
)");
  EXPECT_EQ(first_line(check_report(with_layer("attention = \"local\"\nfeed_forward = \"mixture\"\n"
                                               "[layer.other]\nsublayers = [{ blocks = [{}] }]\n"
                                               "[[stack]]\nlayers = [\"other\"]\nrepeat = 1\n"))),
            "my-model.toml:36:26: error: a block names neither attention nor feed_forward");
}

TEST(ASublayer, AddsABlock) {
  EXPECT_EQ(check_report(with_layer("sublayers = [{ blocks = [] }, "
                                    "{ blocks = [{ attention = \"local\" }] }, "
                                    "{ blocks = [{ feed_forward = \"mixture\" }] }]\n")),
            R"(my-model.toml:33:25: error: the sublayer has no blocks
   33 | sublayers = [{ blocks = [] }, { blocks = [{ attention = "local" }] }, { blocks = [{ feed_forward...
      |                         ^~
      = a sublayer adds at least one block at once
)");
  EXPECT_EQ(first_line(check_report(
                with_layer("sublayers = [{ blocks = [{ attention = \"local\", delay = 1 }] }, "
                           "{ blocks = [{ feed_forward = \"mixture\" }] }]\n"))),
            "my-model.toml:33:16: error: every block of the sublayer is delayed");
}

// A block of the last sublayer cannot be delayed: no sublayer comes after it.
TEST(ADelayedBlock, IsAddedWithinItsLayer) {
  EXPECT_EQ(check_report(with_layer("[[layer.block.sublayers]]\n"
                                    "blocks = [{ attention = \"local\" }]\n"
                                    "[[layer.block.sublayers]]\n"
                                    "blocks = [\n"
                                    "  { attention = \"local\" },\n"
                                    "  { feed_forward = \"mixture\", delay = 1 },\n"
                                    "]\n")),
            R"(my-model.toml:38:39: error: delay = 1, and 0 sublayers follow in this layer
   38 |   { feed_forward = "mixture", delay = 1 },
      |                                       ^
      = the output is added after one of them: lower 'delay'
)");
}

TEST(ANorm, OfTheRmsKindHasNoBiasToBeWithout) {
  EXPECT_EQ(
      check_report(altered("placement = \"before\"", "placement = \"before\", without = \"bias\"")),
      R"(my-model.toml:9:72: error: an rms norm has no bias that it could be without
    9 | norm = { kind = "rms", epsilon = 1e-6, placement = "before", without = "bias" }
      |                                                                        ^~~~~~
      = delete 'without', or write without = "weight_and_bias"
)");
}

TEST(ANorm, OfABlockStandsWithinItsBranch) {
  EXPECT_EQ(first_line(check_report(
                with_layer("feed_forward = \"mixture\"\n"
                           "[layer.other]\n"
                           "sublayers = [{ blocks = [{ attention = \"local\", "
                           "norm.kind = \"rms\", norm.epsilon = 1e-6, norm.placement = "
                           "\"after_residual\" }] }]\n"
                           "[[stack]]\nlayers = [\"other\"]\nrepeat = 1\n"))),
            "my-model.toml:35:106: error: a block's norm cannot be placed after_residual");
}

TEST(AListOfSublayers, IsShort) {
  std::string many = "sublayers = [";
  for (int i = 0; i < 65; ++i) many += "{ blocks = [{ attention = \"local\" }] }, ";
  EXPECT_EQ(
      check_report(with_layer("feed_forward = \"mixture\"\n[layer.other]\n" + many +
                              "]\n[[stack]]\nlayers = [\"other\"]\nrepeat = 1\n"))
          .substr(0, 89),
      "my-model.toml:35:13: error: 'sublayers' in layer 'other' lists 65 tables, and may list 64");
}

TEST(AMissingKey, IsNamedByItsHeader) {
  EXPECT_EQ(check_report(with_layer("attention = \"local\"\nfeed_forward = \"mixture\"\n"
                                    "[[layer.other.sublayers]]\n"
                                    "[[stack]]\nlayers = [\"other\"]\nrepeat = 1\n")),
            R"(my-model.toml:35:1: error: missing key 'blocks' in sublayer 1 of layer 'other'
   35 | [[layer.other.sublayers]]
      | ^~~~~~~~~~~~~~~~~~~~~~~~~
      = add [[layer.other.sublayers.blocks]] (what runs side by side on the sublayer's input; the outputs are summed)
)");
}

}  // namespace
}  // namespace llmarch::spec_test
