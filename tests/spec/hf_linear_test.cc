// Configs of models with linear attention that is neither gated DeltaNet nor Mamba: MiniMax and
// Kimi Linear.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

Json minimax() {
  return config("minimax-m1-80k");
}
Json kimi() {
  return config("kimi-linear-48b-a3b");
}

// The defaults of MiniMaxConfig.
Json plain_minimax() {
  return {{"model_type", "minimax"}, {"num_hidden_layers", 4}};
}

template <class Kind>
std::vector<bool> layers_with(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::vector<bool> layers;
  for (const std::size_t kind : layer_sequence(spec)) {
    layers.push_back(has_mixer(spec, spec.layer.at(kind).value, [](const Mixer& mixer) {
      return std::holds_alternative<Kind>(mixer);
    }));
  }
  return layers;
}

TEST(LightningLayers, AreThoseOfTheirNumbersOrTheirNames) {
  const std::vector<bool> lightning{true, true, false, true};
  const Json numbers = with(plain_minimax(), {{"attn_type_list", {0, 0, 1, 0}}});
  EXPECT_EQ(layers_with<LightningAttention>(numbers), lightning);
  const Json names =
      with(plain_minimax(),
           {{"layer_types",
             {"linear_attention", "linear_attention", "full_attention", "linear_attention"}}});
  EXPECT_EQ(layers_with<LightningAttention>(names), lightning);
  EXPECT_THAT(report(with(names, {{"attn_type_list", {0, 1, 1, 0}}})),
              HasSubstr("'attn_type_list' and 'layer_types' differ"));
}

TEST(LightningLayers, AreEverySecondFromTheSecondOnWhereNothingIsStated) {
  EXPECT_EQ(layers_with<LightningAttention>(plain_minimax()),
            (std::vector<bool>{false, true, false, true}));
}

TEST(AMiniMaxConfig, MultipliesStreamAndBranchOfEachKindOfSublayer) {
  const Json config = with(
      plain_minimax(),
      {{"linear_attn_alpha_factor", 2}, {"full_attn_beta_factor", 3}, {"layernorm_mlp_alpha", 4}});
  const ArchSpec spec = spec_of(config);
  const std::vector<Sublayer> full = sublayers_of(spec.layer.at(0).value);
  const std::vector<Sublayer> lightning = sublayers_of(spec.layer.at(1).value);
  EXPECT_EQ(full.at(0).stream_multiplier, std::nullopt);
  EXPECT_EQ(full.at(0).branch_multiplier, 3);
  EXPECT_EQ(lightning.at(0).stream_multiplier, 2);
  EXPECT_EQ(lightning.at(0).branch_multiplier, std::nullopt);
  EXPECT_EQ(lightning.at(1).stream_multiplier, 4);
  EXPECT_EQ(spec.norm.placement, NormPlacement::before_residual);
  EXPECT_THAT(report(with(config, {{"mlp_alpha_factor", 5}})), HasSubstr("layernorm_mlp_alpha"));
}

TEST(AMiniMaxConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change : {Json{{"shared_intermediate_size", 512}}, Json{{"hidden_act", "gelu"}},
                             Json{{"postnorm", false}}, Json{{"sliding_window", 128}}}) {
    EXPECT_THAT(report(with(minimax(), change)), HasSubstr(change.begin().key()));
  }
  EXPECT_THAT(report(without(minimax(), "postnorm")), HasSubstr("postnorm"));
}

TEST(AKimiConfig, CountsItsLayersFromOne) {
  const std::vector<bool> delta = layers_with<KimiDeltaAttention>(kimi());
  EXPECT_EQ(delta.size(), 27);
  EXPECT_EQ(std::count(delta.begin(), delta.end(), true), 20);
  EXPECT_FALSE(delta.at(3));
  EXPECT_FALSE(delta.at(26));
}

Json with_linear(const Json& change) {
  Json config = kimi();
  config["linear_attn_config"].update(change);
  return config;
}

TEST(AKimiConfig, ListsEveryLayerOnce) {
  EXPECT_THAT(report(with_linear({{"full_attn_layers", {4, 8, 12, 16, 20, 24}}})),
              HasSubstr("a layer is in neither"));
  EXPECT_THAT(report(with_linear({{"full_attn_layers", {3, 4, 8, 12, 16, 20, 24, 27}}})),
              HasSubstr("lists layer 3"));
  EXPECT_THAT(report(with_linear({{"full_attn_layers", {4, 8, 12, 16, 20, 24, 27, 28}}})),
              HasSubstr("lists layer 28"));
}

TEST(AKimiConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"mla_use_nope", false}}, Json{{"num_expert_group", 8}},
        Json{{"moe_router_activation_func", "softmax"}}, Json{{"hidden_act", "swish2"}}}) {
    EXPECT_THAT(report(with(kimi(), change)), HasSubstr(change.begin().key()));
  }
  EXPECT_THAT(report(with(kimi(), {{"hidden_act", "situ"}})), HasSubstr("activation_situ_beta"));
}

// The weight of a single expert is not normalised.
TEST(AKimiConfig, NormalisesTheWeightsOfSeveralExperts) {
  const auto router = [](const Json& config) {
    const ArchSpec spec = spec_of(config);
    for (const auto& [name, feed_forward] : spec.feed_forward) {
      if (const auto* mixture = std::get_if<MixtureFeedForward>(&feed_forward)) {
        return mixture->router;
      }
    }
    throw std::logic_error("there is no mixture");
  };
  EXPECT_TRUE(router(kimi()).normalized_weights);
  EXPECT_FALSE(router(with(kimi(), {{"num_experts_per_token", 1}})).normalized_weights);
}

}  // namespace
}  // namespace llmarch::spec_test
