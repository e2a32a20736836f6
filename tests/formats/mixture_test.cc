// The mixtures of llama.cpp, tensor by tensor, against its rules worked out by hand.
#include "sim/formats/gguf_mixture.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace llmarch {
namespace {

using Role = WeightRole;
using testing::ElementsAre;

const Mixture& mixture(std::string_view name) {
  return *std::ranges::find(gguf_mixtures(), name, &Mixture::name);
}

// A dense model with grouped queries; a test that needs another says so.
constexpr ModelShape kSixteenLayers{16, 0, 4, false};

std::string_view format_at(std::string_view name, Role role, Integer layer, Integer columns = 4096,
                           const ModelShape& model = kSixteenLayers) {
  const Weight weight{.role = role, .rows = 64, .columns = columns};
  return format_in(mixture(name), {weight, layer, layer, model.layers}, model).name;
}

std::vector<int> layers_in(std::string_view name, Role role, std::string_view format) {
  std::vector<int> layers;
  for (int layer = 0; layer < 16; ++layer) {
    if (format_at(name, role, layer) == format) layers.push_back(layer);
  }
  return layers;
}

// n / 8 = 2: the layers before 2 and from 14 on, and those of which layer - 2 is 2 modulo 3.
TEST(Q4KM, TakesSixBitsInAThirdOfTheLayersAndAtBothEnds) {
  for (const Role role : {Role::down, Role::value}) {
    EXPECT_THAT(layers_in("q4_k_m", role, "q6_k"), ElementsAre(0, 1, 4, 7, 10, 13, 14, 15));
    EXPECT_THAT(layers_in("q4_k_m", role, "q4_k"), ElementsAre(2, 3, 5, 6, 8, 9, 11, 12));
  }
  EXPECT_EQ(format_at("q4_k_m", Role::query, 0), "q4_k");
  EXPECT_EQ(format_at("q5_k_m", Role::down, 0), "q6_k");
  EXPECT_EQ(format_at("q5_k_m", Role::down, 2), "q5_k");
}

TEST(Q3KM, TakesMoreBitsInTheFirstLayers) {
  EXPECT_THAT(layers_in("q3_k_m", Role::value, "q5_k"), ElementsAre(0, 1));
  EXPECT_EQ(format_at("q3_k_m", Role::value, 2), "q4_k");
  EXPECT_THAT(layers_in("q3_k_m", Role::down, "q5_k"), ElementsAre(0));  // n / 16 = 1
  EXPECT_EQ(format_at("q3_k_m", Role::down, 1), "q4_k");
  EXPECT_EQ(format_at("q3_k_m", Role::attention_output, 1), "q4_k");
  EXPECT_EQ(format_at("q3_k_m", Role::up, 1), "q3_k");
}

TEST(Iq4Xs, TakesMoreBitsForValuesThatQueriesShare) {
  EXPECT_EQ(format_at("iq4_xs", Role::value, 9), "q5_k");
  EXPECT_EQ(format_at("iq4_xs", Role::value, 9, 4096, {16, 0, 2, false}), "iq4_xs");
  EXPECT_EQ(format_at("iq4_xs", Role::down, 0), "iq4_xs");
  EXPECT_THAT(layers_in("iq4_xs-static", Role::down, "q5_k"), ElementsAre(0, 1));
}

TEST(Heads, HaveSixBitsAtLeast) {
  const ModelShape tied{16, 0, 4, true};
  EXPECT_EQ(format_at("q4_k_m", Role::head, 0), "q6_k");
  EXPECT_EQ(format_at("q4_k_m", Role::token_embedding, 0), "q4_k");
  EXPECT_EQ(format_at("q4_k_m", Role::token_embedding, 0, 4096, tied), "q6_k");
  EXPECT_EQ(format_at("q8_0", Role::head, 0), "q8_0");
  EXPECT_EQ(format_at("iq2_xxs", Role::head, 0), "q5_k");
  EXPECT_EQ(format_at("iq2_xxs", Role::token_embedding, 0), "q2_k");
  EXPECT_EQ(format_at("q4_k_m", Role::head, 0, 96), "q8_0");
}

TEST(NormsBiasesAndRouters, StayInF32) {
  for (const Role role : {Role::attention_norm, Role::query_bias, Role::router,
                          Role::expert_up_bias, Role::convolution_taps, Role::position_embedding}) {
    EXPECT_EQ(format_at("q4_k_m", role, 0), "f32") << name_of(role);
  }
}

TEST(RowsThatAreNoWholeBlocks, GetATypeOfSmallerBlocks) {
  EXPECT_EQ(format_at("q4_k_m", Role::query, 0, 96), "q5_0");
  EXPECT_EQ(format_at("q5_k_s", Role::query, 0, 96), "q5_1");
  EXPECT_EQ(format_at("q6_k", Role::query, 0, 96), "q8_0");
  EXPECT_EQ(format_at("q3_k_s", Role::query, 0, 96), "q4_0");
  EXPECT_EQ(format_at("iq4_xs", Role::query, 0, 96), "iq4_nl");
  EXPECT_EQ(format_at("q4_k_m", Role::query, 0, 100), "f16");
}

// Mixtral: attn_v and attn_k in q8_0, attn_output in q5_k.
TEST(EightExperts, HaveMoreBitsInAttention) {
  const ModelShape mixtral{32, 8, 4, false};
  EXPECT_EQ(format_at("q4_k_m", Role::value, 9, 4096, mixtral), "q8_0");
  EXPECT_EQ(format_at("q4_k_m", Role::key, 9, 4096, mixtral), "q8_0");
  EXPECT_EQ(format_at("q4_k_m", Role::attention_output, 9, 4096, mixtral), "q5_k");
  EXPECT_EQ(format_at("q5_k_m", Role::attention_output, 9, 4096, mixtral), "q5_k");
}

TEST(TheModelOfSeventyBillion, HasMoreBitsForValues) {
  const ModelShape large{80, 0, 8, false};
  EXPECT_EQ(format_at("q4_k_m", Role::value, 10, 4096, large), "q5_k");  // q6_k in others
  EXPECT_EQ(format_at("q4_k_s", Role::value, 40, 4096, large), "q5_k");
  EXPECT_EQ(format_at("q4_k_s", Role::down, 40, 4096, large), "q4_k");
}

// In a mixture llama.cpp counts by layers, in a dense model by the tensors of the kind.
TEST(DownProjections, AreCountedByLayersWhereThereAreExperts) {
  const Weight down{.role = Role::expert_down, .rows = 64, .columns = 256, .copies = 32};
  const ModelShape experts{16, 32, 1, false};
  // The first layer with experts is layer 2: no more bits there, though it is the first of its
  // kind.
  EXPECT_EQ(format_in(mixture("q4_k_m"), {down, 2, 0, 14}, experts).name, "q4_k");
  const Weight dense{.role = Role::down, .rows = 64, .columns = 256};
  EXPECT_EQ(format_in(mixture("q4_k_m"), {dense, 2, 0, 14}, kSixteenLayers).name, "q6_k");
}

}  // namespace
}  // namespace llmarch
