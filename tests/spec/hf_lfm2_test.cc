// LFM2 configs: which layers have attention, and how wide the feed-forward is made.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json lfm2() {
  return config("lfm2-1.2b");
}

Integer width_of(const Json& config) {
  return std::get<DenseFeedForward>(spec_of(config).feed_forward.front().value).width;
}

std::vector<std::string> attention_names(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::vector<std::string> mixers;
  for (const std::size_t kind : layer_sequence(spec)) {
    mixers.push_back(spec.layer.at(kind).value.attention.value().name);
  }
  return mixers;
}

Json of_four_layers(const Json& changes) {
  return with(with(without(lfm2(), "full_attn_idxs"), {{"num_hidden_layers", 4}}), changes);
}

// int(2 / 3 of it), up to a multiple of 256.
TEST(AnLfm2FeedForward, IsTwoThirdsOfWhatIsStatedUpToAMultiple) {
  EXPECT_EQ(width_of(lfm2()), 8192) << "12288 x 2 / 3";
  EXPECT_EQ(width_of(with(lfm2(), {{"block_ff_dim", 10000}})), 6912) << "6666, up to 27 x 256";
  EXPECT_EQ(width_of(with(lfm2(), {{"block_ffn_dim_multiplier", 1.5}})), 12288);
  EXPECT_EQ(
      width_of(with(lfm2(), {{"block_ff_dim", 10000}, {"block_ffn_dim_multiplier", nullptr}})),
      6666);
  EXPECT_EQ(width_of(with(lfm2(), {{"block_auto_adjust_ff_dim", false}})), 12288);
}

TEST(AnLfm2FeedForward, IsReadByItsOwnNameFirst) {
  EXPECT_EQ(width_of(with(lfm2(), {{"intermediate_size", 768}})), 8192);
  EXPECT_EQ(width_of(with(without(lfm2(), "block_ff_dim"), {{"intermediate_size", 768}})), 512);
}

TEST(AnLfm2FeedForward, OfNoWidthIsRefused) {
  EXPECT_THAT(report(with(lfm2(), {{"block_ffn_dim_multiplier", 1e-9}})),
              HasSubstr("make the feed-forward 0 wide"));
}

TEST(Lfm2Layers, HaveAttentionWhereItIsListed) {
  EXPECT_THAT(attention_names(of_four_layers({{"full_attn_idxs", {1, 3}}})),
              ElementsAre("conv", "gqa", "conv", "gqa"));
  EXPECT_THAT(attention_names(
                  of_four_layers({{"layer_types", {"conv", "conv", "full_attention", "conv"}}})),
              ElementsAre("conv", "conv", "gqa", "conv"));
  EXPECT_THAT(attention_names(of_four_layers(Json::object())),
              ElementsAre("gqa", "gqa", "gqa", "gqa"))
      << "attention in every layer, as the class fills it";
}

TEST(AnLfm2Convolution, WithABiasIsRefused) {
  EXPECT_THAT(report(with(lfm2(), {{"conv_bias", true}})), HasSubstr("conv_bias"));
}

}  // namespace
}  // namespace llmarch::spec_test
