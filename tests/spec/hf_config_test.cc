// What the fields of a config mean for each model type, and which models are refused by name.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

const Json& llama() {
  static const Json base = config("llama-3.2-1b");
  return base;
}
const Json& qwen() {
  static const Json base = config("qwen3-0.6b");
  return base;
}
// Six layers are enough to see which are dense.
const Json& qwen_moe() {
  static const Json base = with(config("qwen3-30b-a3b"), {{"num_hidden_layers", 6}});
  return base;
}
const Json& deepseek() {
  static const Json base = with(config("deepseek-v3"), {{"num_hidden_layers", 6}});
  return base;
}

// The layers in order: 'D' for a dense feed-forward, 'M' for a mixture.
std::string pattern(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::string letters;
  for (const std::size_t kind : layer_sequence(spec)) {
    const Layer& layer = spec.layer.at(kind).value;
    letters += has_feed_forward(spec, layer, is_mixture) ? 'M' : 'D';
  }
  return letters;
}

template <class Kind>
Kind attention_of(const Json& config) {
  return std::get<Kind>(spec_of(config).attention.at(0).value);
}

// The mixture of a model whose layers are all mixtures.
MixtureFeedForward mixture_of(const Json& config) {
  return std::get<MixtureFeedForward>(spec_of(config).feed_forward.at(0).value);
}

Json all_mixtures() {
  return with(deepseek(), {{"first_k_dense_replace", 0}});
}

TEST(ModelType, IsRefusedByNameWhenItIsNotSupported) {
  const std::string near = report(with(llama(), {{"model_type", "llama4"}}));
  EXPECT_THAT(near, HasSubstr("config.json: error: model type 'llama4' is not supported\n"));
  EXPECT_THAT(
      near,
      HasSubstr("supported: afmoe, apertus, arcee, baichuan, bailing_hybrid, bailing_moe_v2, "));
  EXPECT_THAT(near, HasSubstr(", youtu; the nearest is 'llama'\n"));
  const std::string far = report(with(llama(), {{"model_type", "xyzzyx"}}));
  EXPECT_THAT(far, HasSubstr(", youtu\n"));
}

TEST(ModelType, IsRequired) {
  EXPECT_EQ(report(without(llama(), "model_type")),
            R"(config.json: error: missing field 'model_type' in the config
      = nothing is guessed: copy the field from the published config
)");
  EXPECT_EQ(
      report(with(llama(), {{"model_type", ""}})),
      R"(config.json: error: 'model_type' in the config is "", and must be a text that is not empty
)");
}

TEST(Config, PassesOverAnnotations) {
  EXPECT_EQ(report(with(llama(), {{"_name_or_path", "meta-llama/Llama-3.2-1B"}})), "");
}

TEST(Config, ReportsEveryProblemAtOnce) {
  const Json changed = with(
      llama(), {{"vocab_size", 0}, {"hidden_act", "swiglu"}, {"rope_theta", Json::array({1e4})}});
  EXPECT_EQ(
      report(changed),
      R"(config.json: error: 'vocab_size' in the config is 0, and must be a whole number from 1 to 16777216
config.json: error: 'rope_theta' in the config is [10000.0], and must be a number above 0 and at most 1000000000000000
config.json: error: 'hidden_act' is 'swiglu', an activation that is not supported
      = supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu, relu2, sigmoid, tanh
)");
}

TEST(Config, ObeysTheRulesOfEverySpec) {
  EXPECT_EQ(report(with(llama(), {{"num_key_value_heads", 3}})),
            R"(config.json: error: attention.gqa.kv_heads: 3 kv_heads do not divide 32 query_heads
      = each key/value head serves the same number of query heads
)");
}

TEST(Config, ShowsOnlyTheBeginningOfAWrongValue) {
  EXPECT_EQ(report(with(llama(), {{"hidden_size", std::string(50, 'a')}})),
            "config.json: error: 'hidden_size' in the config is \"" + std::string(39, 'a') +
                "..., and must be a whole number from 1 to 16777216\n");
}

TEST(Heads, AreDividedByTheirNumberWhenNoWidthIsGiven) {
  const Json no_width = without(llama(), "head_dim");
  EXPECT_EQ(attention_of<GroupedAttention>(no_width).head_dim, 64);  // 2048 / 32
  EXPECT_EQ(report(with(no_width, {{"num_attention_heads", 24}, {"num_key_value_heads", 8}})),
            R"(config.json: error: num_attention_heads = 24 does not divide hidden_size = 2048
      = state 'head_dim', or correct one of the two
)");
}

TEST(Heads, OfGpt2AreDividedByTheirNumber) {
  EXPECT_EQ(report(with(config("gpt2"), {{"n_head", 10}})),
            R"(config.json: error: n_head = 10 does not divide n_embd = 768
      = a head is n_embd / n_head wide
)");
}

TEST(Heads, OfKeysAndValuesAreAsManyAsOfQueriesWhenNotGiven) {
  const auto kv_heads = [](const Json& config) {
    return attention_of<GroupedAttention>(config).kv_heads;
  };
  EXPECT_EQ(kv_heads(without(llama(), "num_key_value_heads")), 32);
  EXPECT_EQ(kv_heads(with(qwen(), {{"num_key_value_heads", nullptr}})), 16);
}

TEST(Biases, AreReadWhereTheModelTypeHasThem) {
  const auto attention = attention_of<GroupedAttention>(with(llama(), {{"attention_bias", true}}));
  EXPECT_TRUE(attention.qkv_bias && attention.output_bias);
  const auto latent = attention_of<LatentAttention>(with(deepseek(), {{"attention_bias", true}}));
  EXPECT_TRUE(latent.compression_bias && latent.output_bias);
}

// The windows of the layers in order; 0 where a layer has none.
std::vector<std::int64_t> windows(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::vector<std::int64_t> windows;
  for (const std::size_t kind : layer_sequence(spec)) {
    const Layer& layer = spec.layer.at(kind).value;
    const Mixer& mixer = spec.attention.at(mixers_of(layer).front()).value;
    windows.push_back(std::get<GroupedAttention>(mixer).window.value_or(0).value());
  }
  return windows;
}

TEST(Windows, OfQwenBeginAtALayerWhereTheyAreInUse) {
  const Json four =
      with(qwen(), {{"num_hidden_layers", 4}, {"sliding_window", 512}, {"max_window_layers", 3}});
  EXPECT_THAT(windows(four), ElementsAre(0, 0, 0, 0));
  const Json used = with(four, {{"use_sliding_window", true}});
  EXPECT_THAT(windows(used), ElementsAre(0, 0, 0, 512));
  EXPECT_THAT(windows(with(used, {{"max_window_layers", 0}})), ElementsAre(512, 512, 512, 512));
  EXPECT_THAT(windows(with(used, {{"sliding_window", nullptr}})), ElementsAre(0, 0, 0, 0));
  const Json named =
      with(used, {{"layer_types",
                   {"sliding_attention", "full_attention", "full_attention", "full_attention"}}});
  EXPECT_THAT(windows(named), ElementsAre(512, 0, 0, 0));
}

TEST(Windows, OfQwenMixturesAreOnEveryLayerWhereTheyAreInUse) {
  const Json used = with(qwen_moe(), {{"use_sliding_window", true}, {"sliding_window", 512}});
  EXPECT_THAT(windows(used), Each(512));
}

// The class of transformers that makes the mask fails too.
TEST(Windows, AreRefusedWhereLayersHaveThemAndNoneIsStated) {
  const char* const expected =
      R"(config.json: error: there are layers with a window, and 'sliding_window' states none
      = state it, or name every layer 'full_attention' in 'layer_types'
)";
  const Json types{"sliding_attention", "full_attention"};
  EXPECT_EQ(report(with(qwen(), {{"num_hidden_layers", 2}, {"layer_types", types}})), expected);
  EXPECT_EQ(report(with(config("gemma-2-9b"), {{"sliding_window", nullptr}})), expected);
}

TEST(Windows, AreRefusedForATypeInWhichTheyAreNotBuilt) {
  EXPECT_EQ(
      report(with(config("smollm3-3b"), {{"use_sliding_window", true}})),
      R"(config.json: error: 'use_sliding_window' in the config is true; only false is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

TEST(Windows, OfGemmaAreThoseThatItsLayerTypesName) {
  const Json gemma = config("gemma-2-9b");
  const auto layers = gemma.at("num_hidden_layers").get<int>();
  Json types = Json::array();
  for (int i = 0; i < layers; ++i)
    types.push_back(i % 2 == 0 ? "sliding_attention" : "full_attention");
  EXPECT_EQ(architecture_of(spec_of(with(gemma, {{"layer_types", types}}))),
            architecture_of(spec_of(gemma)));
  types.push_back("full_attention");
  EXPECT_EQ(report(with(gemma, {{"layer_types", types}})),
            R"(config.json: error: 'layer_types' lists 43 layers, and num_hidden_layers = 42
      = it has one entry for each layer
)");
  types.at(0) = "chunked_attention";
  EXPECT_EQ(report(with(gemma, {{"layer_types", types}})),
            R"(config.json: error: layer type 'chunked_attention' is not supported
      = supported: sliding_attention, full_attention
)");
}

TEST(LayerTypes, AreOneForEachLayerAndOfAKindThatTheTypeHas) {
  Json types = Json::array();
  for (int i = 0; i < 28; ++i) types.push_back("full_attention");
  EXPECT_EQ(architecture_of(spec_of(with(qwen(), {{"layer_types", types}}))),
            architecture_of(spec_of(qwen())));
  types.back() = "linear_attention";
  EXPECT_EQ(report(with(qwen(), {{"layer_types", types}})),
            R"(config.json: error: layer type 'linear_attention' is not supported
      = supported: sliding_attention, full_attention
)");
  EXPECT_EQ(report(with(qwen(), {{"layer_types", {"full_attention"}}})),
            R"(config.json: error: 'layer_types' lists 1 layers, and num_hidden_layers = 28
      = it has one entry for each layer
)");
}

TEST(DenseAndMixture, FollowTheSparseStep) {
  EXPECT_EQ(pattern(qwen_moe()), "MMMMMM");
  EXPECT_EQ(pattern(with(qwen_moe(), {{"decoder_sparse_step", 2}})), "DMDMDM");
  EXPECT_EQ(pattern(with(qwen_moe(), {{"decoder_sparse_step", 4}})), "DDDMDD");
  EXPECT_EQ(pattern(with(qwen_moe(), {{"decoder_sparse_step", 7}})), "DDDDDD");
}

TEST(DenseAndMixture, FollowTheLayersNamedDense) {
  EXPECT_EQ(pattern(with(qwen_moe(), {{"mlp_only_layers", {0, 5}}})), "DMMMMD");
  EXPECT_EQ(pattern(with(qwen_moe(), {{"mlp_only_layers", {1, 2}}, {"decoder_sparse_step", 2}})),
            "DDDMDM");
  EXPECT_EQ(report(with(qwen_moe(), {{"mlp_only_layers", {0, 1.5}}})),
            "config.json: error: 'mlp_only_layers' in the config is [0,1.5], and must be a list of "
            "whole numbers\n");
}

TEST(DenseAndMixture, FollowTheNumberOfDenseLayers) {
  EXPECT_EQ(pattern(with(deepseek(), {{"first_k_dense_replace", 0}})), "MMMMMM");
  EXPECT_EQ(pattern(with(deepseek(), {{"first_k_dense_replace", 1}})), "DMMMMM");
  EXPECT_EQ(pattern(with(deepseek(), {{"first_k_dense_replace", 6}})), "DDDDDD");
}

TEST(DenseAndMixture, DefineOnlyWhatOccurs) {
  EXPECT_EQ(spec_of(all_mixtures()).feed_forward.size(), 1U);
  EXPECT_EQ(spec_of(deepseek()).feed_forward.size(), 2U);
}

TEST(DenseAndMixture, OfManyLayersAreReadInTime) {
  Json named = Json::array();
  for (int i = 0; i < 100'000; ++i) named.push_back(i);
  const Json changed =
      with(qwen_moe(), {{"num_hidden_layers", 100'000}, {"mlp_only_layers", named}});
  EXPECT_EQ(layer_count(spec_of(changed)), 100'000);
  EXPECT_EQ(report(with(qwen_moe(), {{"num_hidden_layers", 100'001}})),
            "config.json: error: 'num_hidden_layers' in the config is 100001, and must be a whole "
            "number from 1 to 100000\n");
}

TEST(LatentAttention, ProjectsQueriesInOneStepWhenTheRankIsNull) {
  EXPECT_EQ(attention_of<LatentAttention>(deepseek()).query_latent_dim, Integer(1536));
  const Json one_step = with(deepseek(), {{"q_lora_rank", nullptr}});
  EXPECT_EQ(attention_of<LatentAttention>(one_step).query_latent_dim, std::nullopt);
}

TEST(LatentAttention, RotatesAsItsInterleavingSays) {
  const auto layout = [](const Json& config) {
    return attention_of<LatentAttention>(config).rotary->layout;
  };
  EXPECT_EQ(layout(deepseek()), RotaryLayout::interleaved);
  EXPECT_EQ(layout(with(deepseek(), {{"rope_interleave", false}})), RotaryLayout::half_split);
}

TEST(LatentAttention, AcceptsWidthsThatRepeatOthersAndRefusesThoseThatContradict) {
  EXPECT_EQ(report(with(deepseek(), {{"head_dim", 64}, {"qk_head_dim", 192}})), "");
  EXPECT_EQ(report(with(deepseek(), {{"head_dim", 128}})),
            R"(config.json: error: 'head_dim' in the config is 128; only 64 is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

TEST(Experts, HaveNoGroupsWhenThereIsOne) {
  EXPECT_TRUE(mixture_of(all_mixtures()).router.groups);
  const Json one = with(all_mixtures(), {{"n_group", 1}, {"topk_group", 1}});
  EXPECT_FALSE(mixture_of(one).router.groups);
  EXPECT_EQ(report(with(one, {{"topk_group", 4}})),
            R"(config.json: error: 'topk_group' is 4, and there is one group
      = n_group = 1 means that there are no groups: topk_group must be 1
)");
}

TEST(Experts, ThatAreSharedAreAsWideAsAllTogether) {
  EXPECT_EQ(mixture_of(with(all_mixtures(), {{"n_shared_experts", 3}})).shared_width,
            Integer(3 * 2048));
  EXPECT_EQ(mixture_of(with(all_mixtures(), {{"n_shared_experts", nullptr}})).shared_width,
            std::nullopt);
  EXPECT_EQ(
      report(with(all_mixtures(), {{"n_shared_experts", 8193}})),
      R"(config.json: error: n_shared_experts x moe_intermediate_size = 16779264, and may be at most 16777216
      = check the sizes
)");
}

TEST(Experts, AreScoredAsDeepSeekV3Does) {
  EXPECT_EQ(
      report(with(deepseek(), {{"scoring_func", "softmax"}})),
      R"(config.json: error: 'scoring_func' in the config is "softmax"; only "sigmoid" is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

TEST(NewerConfigs, AreReadAsTheLibraryWritesThemToday) {
  Json changed = with(without(without(deepseek(), "rope_theta"), "torch_dtype"),
                      {{"dtype", "bfloat16"},
                       {"head_dim", 64},
                       {"qk_head_dim", 192},
                       {"rope_interleave", true},
                       {"rope_parameters", deepseek().at("rope_scaling")}});
  changed.erase("rope_scaling");
  changed["rope_parameters"]["rope_theta"] = 10000;
  changed["rope_parameters"]["rope_type"] = "yarn";
  EXPECT_EQ(architecture_of(spec_of(changed)), architecture_of(spec_of(deepseek())));
}

}  // namespace
}  // namespace llmarch::spec_test
