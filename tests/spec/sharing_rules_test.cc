// What must hold where a layer reads another's cache, where the residual stream is several vectors
// wide, and where only a part of a head is turned.
#include <gmock/gmock.h>

#include <algorithm>

#include "sim/spec/rules.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

ArchSpec gemma3n() {
  return spec_of(config("gemma-3n-e2b"));
}

GroupedAttention& attention(ArchSpec& spec, const std::string& name) {
  for (auto& [known, mixer] : spec.attention) {
    if (known == name) return std::get<GroupedAttention>(mixer);
  }
  throw std::logic_error("no such attention");
}

// The paths of the broken rules, and what they say.
std::vector<std::string> broken(const ArchSpec& spec) {
  std::vector<std::string> texts;
  for (const Problem& problem : broken_rules(spec)) {
    texts.push_back(problem.path + ": " + problem.message);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SharedCaches, OfThePublishedModelBreakNoRule) {
  EXPECT_EQ(broken(gemma3n()), Texts{});
}

TEST(SharedCaches, AreReadAsTheyWereFilled) {
  ArchSpec spec = gemma3n();
  attention(spec, "local_shared").window = 511;
  EXPECT_EQ(
      broken(spec),
      Texts{"attention.local_shared.kv_from: kv_heads, head_dim, value_head_dim, window or chunk "
            "differ from those of attention 'local'"});
}

TEST(SharedCaches, BelongToALayerBefore) {
  ArchSpec spec = gemma3n();
  std::reverse(spec.stack.begin(), spec.stack.end());
  const Texts texts = broken(spec);
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(
      texts.at(0),
      "layer.global_shared_dense.attention: layer 1 reads the cache of attention 'global', and "
      "no layer before it has that");
}

TEST(SharedCaches, AreOwnedByTheAttentionThatIsNamed) {
  ArchSpec spec = gemma3n();
  GroupedAttention& global = attention(spec, "global_shared");
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    if (spec.attention[i].name == "local_shared") global.kv_from = Reference{"local_shared", i};
  }
  EXPECT_EQ(broken(spec), Texts{"attention.global_shared.kv_from: attention 'local_shared' has no "
                                "cache of its own"});
}

TEST(SharedCaches, HaveTheirValuesNormalisedOnce) {
  ArchSpec spec = gemma3n();
  attention(spec, "local_shared").value_norm = true;
  EXPECT_EQ(broken(spec),
            Texts{"attention.local_shared.value_norm: value_norm is given beside kv_from"});
}

// E2B has 30 layers, in fives of four local and a global one; the last 10 share.
TEST(SharedCaches, AreThoseOfTheLastLayersOfTheirKind) {
  const auto sharings = shared_caches(gemma3n());
  ASSERT_EQ(sharings.size(), 10U);
  EXPECT_EQ(sharings.front().layer, 20U);
  EXPECT_EQ(sharings.front().owner, 18U);
  EXPECT_EQ(sharings.at(4).owner, 19U);
  EXPECT_EQ(sharings.back().layer, 29U);
  EXPECT_EQ(sharings.back().owner, 19U);
}

TEST(ParallelStreams, AreCountedFromNought) {
  ArchSpec spec = gemma3n();
  spec.parallel_streams->active = 4;
  EXPECT_EQ(broken(spec), Texts{"parallel_streams.active: active = 4 is not among 4 streams"});
}

TEST(PartialRotation, StaysWithinAHead) {
  ArchSpec spec = gemma3n();
  attention(spec, "local").rotary->dim = 258;
  EXPECT_EQ(broken(spec),
            Texts{"attention.local.rotary.dim: dim = 258 is more than head_dim = 256"});
  attention(spec, "local").rotary->dim = 63;
  EXPECT_EQ(broken(spec), Texts{"attention.local.rotary.dim: dim = 63 cannot be rotated in pairs"});
  attention(spec, "local").rotary->dim = 64;
  EXPECT_EQ(broken(spec), Texts{});
}

// --- What a config of Gemma 3n may say otherwise.

// Everything else is filled; another number of layers is another model.
TEST(Gemma3n, AsksForTheNumberOfLayersAlone) {
  const ConfigLoad load = load_hf_config(R"({"model_type": "gemma3n_text"})", "bare");
  ASSERT_FALSE(load.spec);
  ASSERT_EQ(load.problems.size(), 1U);
  EXPECT_NE(load.problems.front().message.find("num_hidden_layers"), std::string::npos);
}

TEST(Gemma3n, TakesAWidthForEachLayer) {
  auto json = config("gemma-3n-e2b");
  json["text_config"]["intermediate_size"][29] = 4096;
  const ArchSpec spec = spec_of(json);
  const Layer& last = spec.layer.at(layer_sequence(spec).back()).value;
  const auto& dense =
      std::get<DenseFeedForward>(spec.feed_forward.at(feed_forwards_of(last).front()).value);
  EXPECT_EQ(dense.width, 4096);
  json["text_config"]["intermediate_size"] = 8192;
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(gemma3n()));
}

TEST(Gemma3n, SharesNothingWhereAllLayersWould) {
  auto json = config("gemma-3n-e2b");
  json["text_config"]["num_kv_shared_layers"] = 30;
  EXPECT_TRUE(shared_caches(spec_of(json)).empty());
}

TEST(Gemma3n, TakesNoClip) {
  auto json = config("gemma-3n-e2b");
  json["text_config"]["altup_coef_clip"] = nullptr;
  EXPECT_FALSE(spec_of(json).parallel_streams->coefficient_clip);
}

// The class keeps the scale's parameters and does not use them: it was counted without them.
TEST(Gemma3n, IsRefusedWhereItsScaleIsNotUsed) {
  auto json = config("gemma-3n-e2b");
  json["text_config"]["altup_correct_scale"] = false;
  EXPECT_THAT(report(json), testing::HasSubstr("'altup_correct_scale'"));
}

TEST(Gemma3n, TakesRotaryParametersByLayerType) {
  auto json = config("gemma-3n-e2b");
  auto& text = json["text_config"];
  text.erase("rope_theta");
  text.erase("rope_local_base_freq");
  text.erase("rope_scaling");
  text["rope_parameters"] = {
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 10000.0}}},
      {"full_attention", {{"rope_type", "default"}, {"rope_theta", 1000000.0}}}};
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(gemma3n()));
}

}  // namespace
}  // namespace llmarch::spec_test
