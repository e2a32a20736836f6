// The parameters of models, against what their makers publish and what their checkpoints hold.
#include "sim/cost/predict.h"

#include <map>

#include "sim/cost/beside.h"
#include "sim/dtype.h"
#include "sim/graph/lower.h"
#include "tests/cost/priced.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

Parameters parameters_of(const std::string& model) {
  return predict_parameters(lower(model_spec(model)));
}

struct Figure {
  const char* model;
  std::int64_t elements;
};

TEST(Totals, AreThoseOfTheCheckpoints) {
  const Figure totals[] = {{"gpt2", 124'439'808},
                           {"llama-3.2-1b", 1'235'814'400},
                           {"llama-3.1-8b", 8'030'261'248},
                           {"qwen3-0.6b", 596'049'920},
                           {"qwen3-30b-a3b", 30'532'122'624},
                           {"qwen3-235b-a22b", 235'093'634'560},
                           {"deepseek-v3", 671'026'419'200},
                           {"kimi-k2", 1'026'408'232'448}};
  for (const auto& [model, total] : totals) {
    EXPECT_EQ(parameters_of(model).total, Elements(total)) << model;
  }
}

// By the reference implementation's own count, without the projections that sharing layers never
// use.
TEST(Totals, OfPerLayerEmbeddingsNeedNotBeResident) {
  const Parameters e2b = parameters_of("gemma-3n-e2b");
  EXPECT_EQ(e2b.total, Elements(4'435'182'688));
  // 30 tables of 262144 x 256 stand side by side.
  EXPECT_EQ(e2b.total - e2b.resident, Elements(30LL * 262'144 * 256));
  EXPECT_EQ(e2b.active.all, e2b.total);
  EXPECT_EQ(e2b.active.without_input_embedding, e2b.resident);
  EXPECT_EQ(e2b.active.without_embeddings, e2b.resident - Elements(262'400 * 2048));
  const Parameters e4b = parameters_of("gemma-3n-e4b");
  EXPECT_EQ(e4b.total, Elements(6'835'235'568));
  EXPECT_EQ(e4b.total - e4b.resident, Elements(35LL * 262'144 * 256));
}

// 20 of its layers fill a cache, 2 heads of 256 for keys and for values; bf16 is 2 bytes.
TEST(CacheElements, OfLayersThatReadAnothersCacheAreNone) {
  EXPECT_EQ(cache_bytes_per_token(lower(model_spec("gemma-3n-e2b"))), Bytes(2 * 20 * 2 * 2 * 256));
  EXPECT_EQ(Bytes(2 * 20 * 2 * 2 * 256), Bytes(40 * 1024));
  EXPECT_EQ(cache_bytes_per_token(lower(model_spec("gemma-3n-e4b"))), Bytes(2 * 20 * 2 * 2 * 256));
  // At 8k the 16 local layers hold 512 positions, the 4 global ones all.
  EXPECT_EQ(cache_elements(lower(model_spec("gemma-3n-e4b")), 8192, 1),
            Elements((16 * 512 + 4 * 8192) * 2 * 2 * 256));
}

TEST(ActiveParameters, AreAllMatricesThatATokenTouches) {
  const Figure active[] = {{"qwen3-30b-a3b", 3'353'032'704},
                           {"qwen3-235b-a22b", 22'190'763'520},
                           {"deepseek-v3", 37'552'297'472},
                           {"kimi-k2", 32'861'500'928}};
  for (const auto& [model, elements] : active) {
    EXPECT_EQ(parameters_of(model).active.all, Elements(elements)) << model;
  }
}

TEST(ActiveParameters, AreFewerWithoutTheInputEmbedding) {
  const Figure active[] = {{"deepseek-v3", 36'625'618'432},
                           {"kimi-k2", 31'687'095'808},
                           {"qwen3-30b-a3b", 3'041'867'776},
                           {"qwen3-235b-a22b", 21'568'433'664}};
  for (const auto& [model, elements] : active) {
    EXPECT_EQ(parameters_of(model).active.without_input_embedding, Elements(elements)) << model;
  }
}

TEST(ActiveParameters, WithoutBothEmbeddingsLeaveOutTheHeadToo) {
  // deepseek-v3: vocabulary 129280, hidden 7168, a head of its own.
  const ActiveParameters deepseek = parameters_of("deepseek-v3").active;
  EXPECT_EQ(deepseek.all - deepseek.without_input_embedding, Elements(129'280 * 7168));
  EXPECT_EQ(deepseek.all - deepseek.without_embeddings, Elements(2 * 129'280 * 7168));
}

TEST(ActiveParameters, KeepATiedTableAsTheHead) {
  // gpt2: vocabulary 50257, hidden 768.
  const Parameters gpt2 = parameters_of("gpt2");
  EXPECT_EQ(gpt2.active.all, gpt2.total);
  EXPECT_EQ(gpt2.active.without_input_embedding, gpt2.total);
  EXPECT_EQ(gpt2.total - gpt2.active.without_embeddings, Elements(50'257 * 768));
}

// Without an input embedding: neither the table of 31 x 10 nor that of one layer, 13 x 4; a head of
// its own stays.
TEST(ActiveParameters, LeaveOutBothTablesOfTheInput) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.per_layer_embedding = PerLayerEmbedding{13, 4, Activation::relu, false};
  const ActiveParameters active = predict_parameters(lower(spec)).active;
  EXPECT_EQ(active.all - active.without_input_embedding, Elements(31 * 10 + 13 * 4));
  EXPECT_EQ(active.without_input_embedding - active.without_embeddings, Elements(31 * 10));
}

TEST(TheCache, GrowsByWhatTheLayersKeepOfAToken) {
  const Figure bytes[] = {{"gpt2", 12 * 2 * 12 * 64 * 2},         // 36 KiB
                          {"llama-3.2-1b", 16 * 2 * 8 * 64 * 2},  // 32 KiB
                          {"qwen3-0.6b", 28 * 2 * 8 * 128 * 2},   // 112 KiB
                          {"deepseek-v3", 61 * (512 + 64) * 2}};  // 70,272 bytes
  for (const auto& [model, per_token] : bytes) {
    const OpGraph graph = lower(model_spec(model));
    EXPECT_EQ(cache_bytes_per_token(graph), Bytes(per_token)) << model;
    EXPECT_EQ(cache_bytes(graph, 100, 3), cache_bytes_per_token(graph) * 300) << model;
  }
  EXPECT_EQ(bytes[0].elements, 36 * 1024);
  EXPECT_EQ(bytes[1].elements, 32 * 1024);
  EXPECT_EQ(bytes[2].elements, 112 * 1024);
  EXPECT_EQ(bytes[3].elements, 70'272);
}

// LFM2: six layers of attention grow, and ten convolutions keep two rows of 2048 for a sequence.
TEST(TheCache, HoldsFixedStatesBesideWhatGrows) {
  const OpGraph graph = lower(model_spec("lfm2-1.2b"));
  EXPECT_EQ(cache_bytes_per_token(graph), Bytes(2 * 6 * 2 * 8 * 64));
  EXPECT_EQ(cache_elements(graph, 1, 3), Elements(3 * (6 * 2 * 8 * 64 + 10 * 2 * 2048)));
  EXPECT_EQ(cache_elements(graph, 8192, 3), Elements(3 * (8192 * 6 * 2 * 8 * 64 + 10 * 2 * 2048)));
}

// 16 of 64 layers grow by a key and a value of 4 heads of 256, two bytes an element. The other 48
// keep 48 states of 128 x 128, and three rows of 2 x 16 x 128 + 48 x 128 columns, in four bytes. An
// engine's own log says both: 16,384 MiB for 262,144 positions, and 149.625 MiB for each sequence.
TEST(TheCache, OfQwen36IsWhatAnEngineSays) {
  const OpGraph graph = lower(model_spec("qwen3.6-27b"));
  const Integer mebibyte = 1024 * 1024;
  const Bytes growing(Integer(262'144) * 16 * 2 * 4 * 256 * 2);
  const Bytes fixed(48 * (48 * 128 * 128 + 3 * (2 * 16 * 128 + 48 * 128)) * 4);
  EXPECT_EQ(growing, Bytes(16'384 * mebibyte));
  EXPECT_EQ(fixed, Bytes(149'625 * mebibyte / 1000));
  EXPECT_EQ(state_bytes_per_sequence(graph), fixed);
  EXPECT_EQ(cache_bytes(graph, 262'144, 1), growing + fixed);
  EXPECT_EQ(cache_bytes(graph, 262'144, 4), (growing + fixed) * 4);
  EXPECT_EQ(cache_bytes_per_token(graph) * 262'144, growing);
}

class EveryPublishedModel : public ::testing::TestWithParam<std::string> {};

class EveryExactlyPublishedModel : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryExactlyPublishedModel, HasThePublishedParametersToTheUnit) {
  const ArchSpec spec = model_spec(GetParam());
  EXPECT_EQ(parameters_of(GetParam()).total, Elements(*spec.published->exact_total));
}

std::vector<std::string> exactly_published_models() {
  std::vector<std::string> names;
  for (const std::string& name : model_names()) {
    const ArchSpec spec = model_spec(name);
    if (spec.published && spec.published->exact_total) names.push_back(name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryExactlyPublishedModel,
                         ::testing::ValuesIn(exactly_published_models()), test_name);

// All that the repository holds beside the text model.
Elements beside_of(const ArchSpec& spec) {
  std::optional<OpGraph> layer;
  if (spec.beside && spec.beside->prediction_layers) layer = lower_prediction_layer(spec);
  return sum_of(beside_parameters(spec, layer ? &*layer : nullptr)) +
         Elements(spec.published->beside_text.value_or(0));
}

// The makers round to one or two digits, some of them down: OLMo 2's 13,716,198,400 are their 13B.
// The figure may include a vision model's parameters, as Gemma 3's does.
TEST_P(EveryPublishedModel, HasAboutTheParametersThatAreStated) {
  const ArchSpec spec = model_spec(GetParam());
  ASSERT_TRUE(spec.published && (spec.published->total || spec.published->exact_total));
  // Some models state only a total with vision and audio, which is compared to the unit elsewhere.
  if (!spec.published->total) return;
  const double stated = spec.published->total->as_double();
  const double text = parameters_of(GetParam()).total.amount().as_double();
  const double beside = beside_of(spec).amount().as_double();
  EXPECT_LT(std::min(std::abs(text / stated - 1), std::abs((text + beside) / stated - 1)), 0.06);
}

TEST_P(EveryPublishedModel, HasWhatItsRepositoryHoldsBesideTheTextModel) {
  const ArchSpec spec = model_spec(GetParam());
  const Published& published = *spec.published;
  EXPECT_TRUE(published.repository_total || !published.beside_text);
  if (!published.repository_total) return;
  EXPECT_EQ(parameters_of(GetParam()).total + beside_of(spec),
            Elements(*published.repository_total));
}

TEST_P(EveryPublishedModel, HasComponentsThatAddUp) {
  const Parameters parameters = parameters_of(GetParam());
  Elements sum;
  for (const auto& [component, elements] : parameters.components) {
    EXPECT_GT(elements, Elements(0)) << name_of(component);
    sum += elements;
  }
  EXPECT_EQ(sum, parameters.total);
}

TEST_P(EveryPublishedModel, HasNoMoreActiveThanInTotal) {
  const Parameters parameters = parameters_of(GetParam());
  EXPECT_LE(parameters.active.all, parameters.total);
  EXPECT_LE(parameters.active.without_input_embedding, parameters.active.all);
  EXPECT_LT(parameters.active.without_embeddings, parameters.active.without_input_embedding);
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryPublishedModel, ::testing::ValuesIn(model_names()), test_name);

// Embedding 31 x 10; norms 10 each, three of them; queries and output 24 x 10, keys and values 12 x
// 10; router 8 x 10, 8 experts of 3 x 9 x 10; shared experts 3 x 11 x 10; head 31 x 10.
TEST(Components, AreThePartsOfTheModel) {
  MixtureFeedForward mixture = tiny_mixture();
  mixture.shared_width = 11;
  const Parameters parameters = predict_parameters(lower(tiny_model(tiny_grouped(), mixture)));
  const std::map<Component, std::int64_t> expected{
      {Component::token_embedding, 31 * 10},
      {Component::attention, 24 * 10 + 12 * 10 + 12 * 10 + 10 * 24},
      {Component::router, 8 * 10},
      {Component::experts, 8 * 3 * 9 * 10},
      {Component::shared_experts, 3 * 11 * 10},
      {Component::norms, 3 * 10},
      {Component::head, 31 * 10}};
  ASSERT_EQ(parameters.components.size(), expected.size());
  for (const auto& [component, elements] : parameters.components) {
    EXPECT_EQ(elements, Elements(expected.at(component))) << name_of(component);
  }
  EXPECT_EQ(parameters.total - parameters.active.all, Elements((8 - 2) * 3 * 9 * 10));
}

}  // namespace
}  // namespace llmarch
