// The mixtures of llama.cpp, tensor by tensor, against its rules worked out by hand.
#include "sim/formats/gguf_mixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

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

constexpr std::array kParts{Role::value, Role::key,  Role::query,           Role::gate,
                            Role::up,    Role::down, Role::attention_output};

// "q4_k 2, q2_k 14": the types of sixteen layers, one after another.
std::string types_in(std::string_view name, Role role, const ModelShape& model) {
  std::string types;
  for (int first = 0, end = 0; first < 16; first = end) {
    const std::string_view type = format_at(name, role, first, 4096, model);
    while (end < 16 && format_at(name, role, end, 4096, model) == type) ++end;
    types += fmt::format("{}{} {}", first == 0 ? "" : ", ", type, end - first);
  }
  return types;
}

// What a mixture has beside its own type, in llama-quant.cpp's llama_tensor_get_type.
struct Departures {
  const char* name;
  const char* type;
  std::map<Role, std::string> others;
};

void expect_types(const std::vector<Departures>& mixtures, const ModelShape& model,
                  std::span<const Role> roles) {
  for (const auto& [name, type, others] : mixtures) {
    for (const Role role : roles) {
      const auto other = others.find(role);
      EXPECT_EQ(types_in(name, role, model),
                other == others.end() ? std::string(type) + " 16" : other->second)
          << name << ", " << name_of(role);
    }
  }
}

// n / 8 = 2 and n / 16 = 1; four queries share a key.
TEST(EveryMixture, HasTheTypesOfLlamaCppInADenseModel) {
  const auto value = [](const char* types) { return std::pair(Role::value, std::string(types)); };
  const auto down = [](const char* types) { return std::pair(Role::down, std::string(types)); };
  const auto output = [](const char* types) {
    return std::pair(Role::attention_output, std::string(types));
  };
  const std::string outer = "iq3_s 2, iq3_xxs 12, iq3_s 2";
  expect_types(
      {{"q2_k", "q2_k", {value("q4_k 16"), down("q3_k 16"), output("q3_k 16")}},
       {"q2_k_s", "q2_k", {value("q4_k 16"), down("q4_k 2, q2_k 14")}},
       {"q3_k_s", "q3_k", {}},
       {"q3_k_m", "q3_k", {value("q5_k 2, q4_k 14"), down("q5_k 1, q4_k 15"), output("q4_k 16")}},
       {"q3_k_l", "q3_k", {value("q5_k 16"), down("q5_k 16"), output("q5_k 16")}},
       {"q4_k_s", "q4_k", {value("q5_k 4, q4_k 12"), down("q5_k 2, q4_k 14")}},
       {"q5_k_s", "q5_k", {}},
       {"q6_k", "q6_k", {}},
       {"q8_0", "q8_0", {}},
       {"q4_0", "q4_0", {}},
       {"q4_1", "q4_1", {}},
       {"q5_0", "q5_0", {}},
       {"q5_1", "q5_1", {}},
       {"q4_0-imatrix", "q4_0", {down("q4_1 2, q4_0 14")}},
       {"q5_0-imatrix", "q5_0", {down("q5_1 2, q5_0 14")}},
       {"iq4_nl", "iq4_nl", {value("q5_k 16")}},
       {"iq4_xs", "iq4_xs", {value("q5_k 16")}},
       {"iq4_nl-static", "iq4_nl", {value("q5_k 16"), down("q5_k 2, iq4_nl 14")}},
       {"iq3_m", "iq3_s", {value("q4_k 16"), down("q4_k 2, iq3_s 14"), output("q4_k 16")}},
       {"iq3_s", "iq3_s", {value("q4_k 16")}},
       {"iq3_xs",
        "iq3_s",
        {value("q4_k 16"),
         {Role::key, "iq3_xxs 16"},
         {Role::query, "iq3_xxs 16"},
         {Role::gate, outer},
         {Role::up, outer}}},
       {"iq3_xxs",
        "iq3_xxs",
        {value("q4_k 16"), {Role::key, "iq2_s 16"}, {Role::query, "iq2_s 16"}, output("iq3_s 16")}},
       {"iq2_m", "iq2_s", {value("q4_k 16"), down("iq3_s 2, iq2_s 14"), output("iq3_s 16")}},
       {"iq2_s", "iq2_xs", {value("q4_k 16"), down("iq3_s 2, iq2_xs 14"), output("iq3_s 16")}},
       {"iq2_xs", "iq2_xs", {value("q4_k 16"), down("q2_k 2, iq2_xs 14")}},
       {"iq2_xxs", "iq2_xxs", {value("q4_k 16"), down("q2_k 2, iq2_xxs 14")}},
       {"iq1_m", "iq1_m", {value("q4_k 16"), down("q2_k 2, iq1_m 14"), output("iq2_xxs 16")}},
       {"iq1_s", "iq1_s", {value("q4_k 16"), down("q2_k 2, iq1_s 14"), output("iq2_xxs 16")}},
       {"tq1_0", "tq1_0", {}},
       {"tq2_0", "tq2_0", {}}},
      kSixteenLayers, kParts);
}

// Values that fewer than four queries share, in types that then have other ones.
TEST(EveryMixture, HasFewerBitsForValuesOfFewQueries) {
  for (const auto& [name, types] : {std::pair("q2_k", "q3_k 16"),
                                    {"q2_k_s", "q2_k 16"},
                                    {"iq4_nl", "iq4_nl 16"},
                                    {"iq3_m", "q4_k 16"},
                                    {"iq3_s", "iq3_s 16"},
                                    {"iq3_xs", "iq3_s 16"},
                                    {"iq3_xxs", "iq3_xxs 16"},
                                    {"iq2_m", "iq3_s 16"},
                                    {"iq2_s", "iq3_s 16"},
                                    {"iq2_xs", "q2_k 16"},
                                    {"iq2_xxs", "q2_k 16"},
                                    {"iq1_m", "q2_k 16"},
                                    {"iq1_s", "q2_k 16"}}) {
    EXPECT_EQ(types_in(name, Role::value, {16, 0, 3, false}), types) << name;
    EXPECT_EQ(types_in(name, Role::value, {16, 3, 3, false}), types) << name;
  }
  EXPECT_EQ(types_in("iq2_xs", Role::value, {16, 4, 1, false}), "q4_k 16");
}

TEST(EveryMixture, HasMoreBitsInAttentionWithEightExperts) {
  const ModelShape model{16, 8, 1, false};
  for (const char* name : {"q2_k", "q3_k_s", "q3_k_m", "q4_k_s", "q4_k_m", "iq4_nl", "iq4_xs",
                           "iq3_m", "iq3_s", "iq3_xs", "iq3_xxs", "iq2_m", "iq2_xs", "iq1_s"}) {
    EXPECT_EQ(types_in(name, Role::attention_output, model), "q5_k 16") << name;
  }
  for (const auto& [name, types] : {std::pair("q2_k_s", "q2_k 16"),
                                    {"q3_k_l", "q3_k 16"},
                                    {"q5_k_s", "q5_k 16"},
                                    {"q4_0", "q4_0 16"}}) {
    EXPECT_EQ(types_in(name, Role::attention_output, model), types) << name;
  }
  for (const char* name : {"q2_k_s", "q4_0", "q6_k", "iq3_xxs"}) {
    EXPECT_EQ(types_in(name, Role::key, model), "q8_0 16") << name;
    EXPECT_EQ(types_in(name, Role::value, model), "q8_0 16") << name;
  }
  for (const char* name : {"iq2_m", "iq2_s", "iq2_xs", "iq2_xxs", "iq1_m", "iq1_s"}) {
    EXPECT_EQ(types_in(name, Role::key, model), "q4_k 16") << name;
    EXPECT_EQ(types_in(name, Role::value, model), "q4_k 16") << name;
  }
}

// The layers of q4_k_m that have more bits: 0, 1, 4, 7, 10, 13, 14 and 15.
TEST(Iq3M, HasMoreBitsForDownProjectionsOfEightExperts) {
  EXPECT_EQ(types_in("iq3_m", Role::down, {16, 8, 1, false}),
            "q4_k 2, iq3_s 2, q4_k 1, iq3_s 2, q4_k 1, iq3_s 2, q4_k 1, iq3_s 2, q4_k 3");
}

TEST(HeadsAndTables, HaveTypesOfTheirOwnInNarrowMixtures) {
  struct Ends {
    const char* name;
    const char* head;
    const char* table;
  };
  for (const auto& [name, head, table] :
       {Ends{"iq3_xxs", "q5_k", "iq3_s"}, Ends{"iq2_m", "q5_k", "iq3_s"},
        Ends{"iq2_s", "q5_k", "iq3_s"}, Ends{"iq2_xs", "q5_k", "q2_k"},
        Ends{"iq1_s", "q5_k", "q2_k"}, Ends{"iq1_m", "q5_k", "q2_k"}, Ends{"tq1_0", "q6_k", "q4_k"},
        Ends{"tq2_0", "q6_k", "q4_k"}, Ends{"q4_0", "q6_k", "q4_0"},
        Ends{"q2_k", "q6_k", "q2_k"}}) {
    EXPECT_EQ(format_at(name, Role::head, 0), head) << name;
    EXPECT_EQ(format_at(name, Role::token_embedding, 0), table) << name;
  }
}

// 28 / 8 is 3, 7 x 28 / 8 is 24, and 30 / 16 is 1.
TEST(PartsOfTheLayers, AreRoundedDown) {
  const ModelShape model{28, 0, 4, false};
  EXPECT_EQ(format_at("q4_k_s", Role::down, 2, 4096, model), "q5_k");
  EXPECT_EQ(format_at("q4_k_s", Role::down, 3, 4096, model), "q4_k");
  EXPECT_EQ(format_at("iq3_xs", Role::gate, 2, 4096, model), "iq3_s");
  EXPECT_EQ(format_at("iq3_xs", Role::gate, 3, 4096, model), "iq3_xxs");
  EXPECT_EQ(format_at("iq3_xs", Role::gate, 23, 4096, model), "iq3_xxs");
  EXPECT_EQ(format_at("iq3_xs", Role::gate, 24, 4096, model), "iq3_s");
  EXPECT_EQ(format_at("q3_k_m", Role::down, 0, 4096, {30, 0, 4, false}), "q5_k");
  EXPECT_EQ(format_at("q3_k_m", Role::down, 1, 4096, {30, 0, 4, false}), "q4_k");
}

// With 80 layers, and only where queries share keys; q3_k and q4_k are raised, and nothing else.
TEST(TheModelOfSeventyBillion, IsToldByItsLayersAndItsQueries) {
  for (const auto& [name, queries, type] : {std::tuple("q4_k_s", 1, "q4_k"),
                                            {"q4_k_s", 2, "q5_k"},
                                            {"q3_k_s", 2, "q5_k"},
                                            {"q6_k", 2, "q6_k"},
                                            {"q4_0", 2, "q4_0"}}) {
    EXPECT_EQ(format_at(name, Role::value, 40, 4096, {80, 0, queries, false}), type) << name;
  }
}

TEST(ATensor, ThatLlamaCppNamesNowhereHasTheMixturesOwnType) {
  EXPECT_EQ(format_at("q4_k_m", Role::latent_down, 0), "q4_k");
  EXPECT_EQ(format_at("iq3_xs", Role::latent_down, 0), "iq3_s");
  EXPECT_EQ(format_at("q2_k", Role::latent_down, 0), "q2_k");
  for (const char* name : {"q2_k", "tq1_0", "tq2_0"}) {
    EXPECT_EQ(format_at(name, Role::latent_down, 0, 96), "q4_0") << name;
  }
}

// A head whose rows are no whole blocks of the mixture's own type is in q8_0, or else in 16 bits.
TEST(Heads, AreInEightBitsWhereTheirRowsAreNoWholeBlocks) {
  EXPECT_EQ(format_at("iq2_xxs", Role::head, 0, 96), "q8_0");
  EXPECT_EQ(format_at("iq2_xxs", Role::head, 0, 100), "f16");
}

TEST(SmallMatrices, StayInSixteenBitsAndAGateOfSharedExpertsInF32) {
  for (const Role role :
       {Role::stream_prediction, Role::residual_down, Role::per_layer_projection}) {
    EXPECT_EQ(format_at("q4_k_m", role, 0), "f16") << name_of(role);
  }
  EXPECT_EQ(format_at("q4_k_m", Role::shared_gate_vector, 0), "f32");
}

TEST(APureType, IsThatOfEveryMatrixOfWholeBlocks) {
  const auto pure = [](const StorageFormat& format, Role role, Integer columns) {
    return format_in_pure(format, {.role = role, .rows = 64, .columns = columns}).name;
  };
  EXPECT_EQ(pure(ggml::kQ4_K, Role::query, 256), "q4_k");
  EXPECT_EQ(pure(ggml::kQ4_K, Role::query, 96), "q5_0");
  EXPECT_EQ(pure(ggml::kQ4_K, Role::attention_norm, 256), "f32");
  EXPECT_EQ(pure(ggml::kF16, Role::query, 101), "f16");
  EXPECT_EQ(pure(ggml::kF32, Role::query, 101), "f32");
}

// The first value of fourteen, in the third layer of sixteen: values are counted by themselves,
// with experts or without. With two experts other tensors are counted by layers, with one they are
// not.
TEST(Values, AreCountedByTensorsAndOthersByLayersWhereThereAreExperts) {
  const auto type_at = [](Role role, Integer before, const ModelShape& model) {
    const Weight weight{.role = role, .rows = 64, .columns = 256};
    return format_in(mixture("q4_k_m"), {weight, 2, before, 14}, model).name;
  };
  EXPECT_EQ(type_at(Role::value, 0, {16, 32, 4, false}), "q6_k");
  EXPECT_EQ(type_at(Role::down, 0, {16, 2, 4, false}), "q4_k");
  EXPECT_EQ(type_at(Role::down, 0, {16, 1, 4, false}), "q6_k");
  EXPECT_EQ(type_at(Role::value, 12, kSixteenLayers), "q6_k");  // 7 x 14 / 8 = 12
  EXPECT_EQ(type_at(Role::down, 12, kSixteenLayers), "q4_k");   // 7 x 16 / 8 = 14
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
