// Configs whose attention chooses its keys by an index: DeepSeek-V3.2, GLM-5 and MiniMax M3; and
// what must hold in their specs.
#include <gmock/gmock.h>

#include "sim/spec/rules.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

LatentAttention latent_of(const ArchSpec& spec, std::size_t index) {
  return std::get<LatentAttention>(spec.attention.at(index).value);
}

// I: a layer with an index, s: one that takes the choice of an earlier layer.
std::string index_pattern(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::string pattern;
  for (const std::size_t kind : layer_sequence(spec)) {
    const auto mixer = mixers_of(spec.layer.at(kind).value).front();
    pattern += latent_of(spec, mixer).key_index ? 'I' : 's';
  }
  return pattern;
}

Json glm(std::int64_t layers) {
  Json config = without(without(spec_test::config("glm-5.2"), "indexer_types"), "mlp_layer_types");
  return with(config, {{"num_hidden_layers", layers}});
}

TEST(IndexedConfigs, StateTheIndexOfDeepSeek) {
  const LatentAttention attention = latent_of(spec_of(config("deepseek-v3.2")), 0);
  EXPECT_EQ(attention.chosen_keys, Integer(2048));
  EXPECT_EQ(attention.key_index->heads, 64);
  EXPECT_EQ(attention.key_index->head_dim, 128);
  EXPECT_EQ(attention.key_index->layout, RotaryLayout::half_split);
  EXPECT_EQ(latent_of(spec_of(config("glm-5")), 0).key_index->layout, RotaryLayout::interleaved);
}

TEST(IndexedConfigs, RefuseTheOtherRotation) {
  EXPECT_THAT(report(with(config("deepseek-v3.2"), {{"indexer_rope_interleave", true}})),
              HasSubstr("indexer_rope_interleave"));
  EXPECT_THAT(report(with(config("glm-5"), {{"indexer_rope_interleave", false}})),
              HasSubstr("indexer_rope_interleave"));
  EXPECT_THAT(report(with(config("glm-5"), {{"rope_interleave", false}})),
              HasSubstr("rope_interleave"));
}

// Layer i has an index where max(i - offset + 1, 0) is a multiple of the period.
TEST(IndexedConfigs, ShareIndicesByPeriodByPatternOrByName) {
  EXPECT_EQ(index_pattern(glm(8)), "IIIsssIs");  // index_topk_freq 4, index_skip_topk_offset 3
  EXPECT_EQ(index_pattern(with(glm(6), {{"index_topk_freq", 2}, {"index_skip_topk_offset", 2}})),
            "IIsIsI");
  EXPECT_EQ(index_pattern(with(glm(5), {{"index_topk_pattern", "FSSFS"}})), "IssIs");
  EXPECT_EQ(index_pattern(with(
                glm(4), {{"indexer_types", Json::array({"full", "full", "shared", "shared"})}})),
            "IIss");
}

TEST(IndexedConfigs, RefuseASharedIndexThatNoLayerHas) {
  EXPECT_THAT(report(with(glm(4), {{"index_topk_pattern", "SFFF"}})),
              HasSubstr("the first layer has no index"));
  EXPECT_THAT(report(with(glm(4), {{"index_topk_pattern", "FFXF"}})),
              HasSubstr("indexer type 'X' is not supported"));
  EXPECT_THAT(report(with(glm(4), {{"index_topk_pattern", "FF"}})), HasSubstr("lists 2 layers"));
}

Json minimax(const char* key, const Json& value) {
  Json config = spec_test::config("minimax-m3");
  config["sparse_attention_config"][key] = value;
  return config;
}

TEST(IndexedConfigs, RefuseIndicesOfMiniMaxThatAreNotComputed) {
  EXPECT_THAT(report(minimax("sparse_init_block", 1)), HasSubstr("sparse_init_block"));
  EXPECT_THAT(report(minimax("sparse_local_block", 2)), HasSubstr("sparse_local_block"));
  EXPECT_THAT(report(minimax("sparse_score_type", "mean")), HasSubstr("sparse_score_type"));
  EXPECT_THAT(report(minimax("sparse_num_index_heads", 8)),
              HasSubstr("8 index heads, and 4 key/value heads"));
  EXPECT_THAT(report(minimax("sparse_disable_index_value", Json::array({0, 0, 0, 0}))),
              HasSubstr("layer 4 has an index with values"));
  EXPECT_THAT(report(with(config("minimax-m3"), {{"attention_output_gate", true}})),
              HasSubstr("attention_output_gate"));
}

std::vector<std::string> broken_in(const ArchSpec& spec) {
  std::vector<std::string> texts;
  for (const Problem& problem : broken_rules(spec)) {
    texts.push_back(problem.path + ": " + problem.message);
  }
  return texts;
}

TEST(SharedIndices, ComeAfterTheLayerThatHasThem) {
  ArchSpec spec = spec_of(config("glm-5.2"));
  EXPECT_TRUE(broken_in(spec).empty());
  std::swap(spec.stack.at(0), spec.stack.at(1));
  EXPECT_THAT(broken_in(spec),
              testing::ElementsAre(HasSubstr("no layer before this one has an index")));
}

TEST(SharedIndices, ChooseAsManyKeysAsAreTaken) {
  ArchSpec spec = spec_of(config("glm-5.2"));
  std::get<LatentAttention>(spec.attention.at(1).value).chosen_keys = 1024;
  EXPECT_THAT(broken_in(spec), testing::ElementsAre(HasSubstr("does not choose its 1024 keys")));
}

TEST(AnIndexOfKeys, NeedsTheLatentOfTheQueryAndANumberOfKeys) {
  ArchSpec spec = spec_of(config("glm-5"));
  auto& attention = std::get<LatentAttention>(spec.attention.front().value);
  attention.query_latent_dim.reset();
  attention.chosen_keys.reset();
  EXPECT_THAT(broken_in(spec), testing::ElementsAre(HasSubstr("without chosen_keys"),
                                                    HasSubstr("without query_latent_dim")));
}

TEST(AnIndexOfBlocks, IsTheOnlyReach) {
  ArchSpec spec = spec_of(config("minimax-m3"));
  auto& attention = std::get<GroupedAttention>(spec.attention.at(1).value);
  attention.window = 128;
  attention.block_index->head_dim = 32;
  EXPECT_THAT(broken_in(spec),
              testing::ElementsAre(HasSubstr("window is given beside block_index"),
                                   HasSubstr("head_dim = 32, and 64 elements are turned")));
}

}  // namespace
}  // namespace llmarch::spec_test
