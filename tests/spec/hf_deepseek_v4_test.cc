// Configs of DeepSeek-V4: which layers have which attention and which mixture, under older names
// and newer, and what is refused.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

// Four layers that state nothing but that.
Json plain() {
  return {{"model_type", "deepseek_v4"}, {"num_hidden_layers", 4}};
}

// s: the window alone, c: entries that an index chooses, h: all entries; in capitals with experts
// from a table.
std::string layers_of(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::string layers;
  for (const std::size_t kind : layer_sequence(spec)) {
    const Layer& layer = spec.layer.at(kind).value;
    const auto& attention =
        std::get<CompressedAttention>(spec.attention.at(layer.attention->index).value);
    const auto& mixture =
        std::get<MixtureFeedForward>(spec.feed_forward.at(layer.feed_forward->index).value);
    const auto& compression = attention.compression;
    const char name = !compression ? 's' : compression->index ? 'c' : 'h';
    layers += mixture.router.listed_by_token ? static_cast<char>(std::toupper(name)) : name;
  }
  return layers;
}

CompressedAttention attention_of(const Json& config, std::size_t layer) {
  const ArchSpec spec = spec_of(config);
  const Layer& kind = spec.layer.at(layer_sequence(spec).at(layer)).value;
  return std::get<CompressedAttention>(spec.attention.at(kind.attention->index).value);
}

TEST(ADeepseekV4Config, SaysWhatALayerIsByItsRateOrByName) {
  EXPECT_EQ(layers_of(plain()), "HHHc");
  EXPECT_EQ(layers_of(with(plain(), {{"compress_ratios", {0, 4, 128, 4}}, {"num_hash_layers", 1}})),
            "Schc");
  EXPECT_EQ(layers_of(with(plain(), {{"layer_types",
                                      {"sliding_attention", "heavily_compressed_attention",
                                       "compressed_sparse_attention", "sliding_attention"}},
                                     {"mlp_layer_types", {"moe", "hash_moe", "moe", "hash_moe"}}})),
            "sHcS");
}

TEST(ADeepseekV4Config, TakesRatesUnderOlderNames) {
  const Json older = with(plain(), {{"compress_rate_csa", 8}, {"compress_rate_hca", 32}});
  EXPECT_EQ(attention_of(older, 0).compression->positions, 32);
  EXPECT_EQ(attention_of(older, 3).compression->positions, 8);
  const Json newer =
      with(plain(), {{"compress_rates",
                      {{"compressed_sparse_attention", 8}, {"heavily_compressed_attention", 32}}}});
  EXPECT_EQ(attention_of(newer, 0).compression->positions, 32);
  EXPECT_THAT(report(with(newer, {{"compress_rate_hca", 16}})), HasSubstr("compress_rate_hca"));
}

TEST(ADeepseekV4Config, ScalesTheLayersWithEntriesAlone) {
  const Json scaled = with(
      plain(), {{"compress_ratios", {0, 4, 128, 4}},
                {"rope_scaling",
                 {{"type", "yarn"}, {"factor", 16}, {"original_max_position_embeddings", 64}}}});
  EXPECT_FALSE(attention_of(scaled, 0).rotary.scaling.has_value());
  EXPECT_EQ(attention_of(scaled, 0).rotary.theta, 10000);
  EXPECT_EQ(attention_of(scaled, 1).rotary.theta, 160000);
  const auto yarn = std::get<YarnScaling>(*attention_of(scaled, 1).rotary.scaling);
  EXPECT_EQ(yarn.attention_factor, 1) << "the tables are not scaled";
}

TEST(ADeepseekV4Config, RefusesWhatIsNotComputed) {
  EXPECT_THAT(report(with(plain(), {{"compress_ratios", {0, 4, 64, 4}}})),
              HasSubstr("'compress_ratios' lists 64"));
  EXPECT_THAT(report(with(plain(), {{"compress_ratios", {0, 4}}})), HasSubstr("compress_ratios"));
  EXPECT_THAT(report(with(plain(), {{"scoring_func", "softmax"}})), HasSubstr("scoring_func"));
  EXPECT_THAT(report(with(plain(), {{"n_shared_experts", 2}})), HasSubstr("n_shared_experts"));
  EXPECT_THAT(report(with(plain(), {{"num_key_value_heads", 2}})),
              HasSubstr("num_key_value_heads"));
  EXPECT_THAT(report(with(plain(), {{"hidden_act", "gelu"}})), HasSubstr("hidden_act"));
}

// Its prediction layer and the tables of hash layers are no parameters of the text model.
TEST(ADeepseekV4Config, SaysThatItsPredictionLayerIsNotCounted) {
  EXPECT_THAT(load(config("deepseek-v4-flash")).notes,
              testing::Contains(HasSubstr("num_nextn_predict_layers = 1")));
}

}  // namespace
}  // namespace llmarch::spec_test
