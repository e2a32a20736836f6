// Configs of models with a selective scan, of pure Mamba models, of Falcon-H1 and of LongCat-Flash.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

Json mamba2() {
  return {{"model_type", "mamba2"}, {"hidden_size", 2560}, {"num_heads", 80},
          {"n_groups", 1},          {"vocab_size", 50288}, {"tie_word_embeddings", true}};
}
Json jamba() {
  return {{"model_type", "jamba"}};
}
Json mamba() {
  return {{"model_type", "mamba"}, {"hidden_size", 2560}, {"num_hidden_layers", 64}};
}
Json longcat() {
  return {{"model_type", "longcat_flash"}};
}
Json falcon_h1() {
  return config("falcon-h1-0.5b");
}

TEST(AMambaConfig, IsMadeOfScans) {
  const ArchSpec spec = spec_of(mamba());
  const auto& scan = std::get<Mamba1>(spec.attention.front().value);
  EXPECT_EQ(scan.inner, 5120);
  EXPECT_EQ(scan.step_dim, 160);
  EXPECT_FALSE(spec.layer.front().value.feed_forward.has_value());
  EXPECT_EQ(spec.head, Head::tied);
  const ArchSpec automatic = spec_of(with(mamba(), {{"time_step_rank", "auto"}}));
  EXPECT_EQ(std::get<Mamba1>(automatic.attention.front().value).step_dim, 160);
}

// A sixteenth of 2,560, 2,561 and 2,576, rounded up.
TEST(AMambaConfig, ProjectsItsStepsThroughASixteenthOfHidden) {
  for (const auto& [hidden, steps] : {std::pair(2560, 160), {2561, 161}, {2576, 161}}) {
    const ArchSpec spec = spec_of(with(mamba(), {{"hidden_size", hidden}}));
    EXPECT_EQ(std::get<Mamba1>(spec.attention.front().value).step_dim, steps) << hidden;
  }
}

TEST(AFalconMambaConfig, HasNormsWithoutWeights) {
  const ArchSpec spec = spec_of(with(mamba(), {{"model_type", "falcon_mamba"}}));
  const auto& norm = std::get<Mamba1>(spec.attention.front().value).selection_norm;
  EXPECT_EQ(norm.value().epsilon, 1e-6);
  EXPECT_TRUE(norm->unweighted);
}

TEST(MambaConfigs, AreRefusedWhereTheyAskForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"use_bias", true}}, Json{{"rms_norm", false}}, Json{{"hidden_act", "gelu"}}}) {
    EXPECT_THAT(report(with(mamba(), change)), HasSubstr(change.begin().key()));
    EXPECT_THAT(report(with(mamba2(), change)), HasSubstr(change.begin().key()));
  }
  EXPECT_THAT(report(with(mamba2(), {{"head_dim", 32}})),
              HasSubstr("80 heads of 32 are not expand x hidden_size = 5120"));
  EXPECT_THAT(report(with(mamba(), {{"d_inner", 2560}})), HasSubstr("d_inner"));
  EXPECT_THAT(report(with(mamba(), {{"time_step_rank", "all"}})), HasSubstr("time_step_rank"));
}

TEST(AJambaConfig, PlacesItsLayersByPeriods) {
  const ArchSpec spec = spec_of(jamba());
  std::vector<std::size_t> attending;
  std::vector<std::size_t> mixtures;
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    const std::string& name = spec.layer.at(sequence[i]).name;
    if (name.starts_with("gqa")) attending.push_back(i);
    if (name.ends_with("moe")) mixtures.push_back(i);
  }
  EXPECT_THAT(attending, testing::ElementsAre(4, 12, 20, 28));
  EXPECT_EQ(mixtures.size(), 16);
  EXPECT_EQ(mixtures.front(), 1);
  EXPECT_EQ(spec_of(with(jamba(), {{"num_experts", 1}})).feed_forward.size(), 1);
}

TEST(AJambaConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"mamba_proj_bias", true}}, Json{{"hidden_act", "gelu"}}, Json{{"sliding_window", 8}},
        Json{{"attn_layer_offset", 8}}, Json{{"expert_layer_offset", 2}}}) {
    EXPECT_THAT(report(with(jamba(), change)), HasSubstr(change.begin().key()));
  }
}

TEST(AFalconH1Config, PutsMambaBesideAttention) {
  const ArchSpec spec = spec_of(falcon_h1());
  const std::vector<Sublayer> sublayers = sublayers_of(spec.layer.front().value);
  ASSERT_EQ(sublayers.size(), 2);
  ASSERT_EQ(sublayers[0].blocks.size(), 2);
  EXPECT_EQ(sublayers[0].blocks[0].input_multiplier, 1.25);
  EXPECT_FALSE(sublayers[0].blocks[1].input_multiplier.has_value());
  EXPECT_EQ(sublayers[0].blocks[1].output_multiplier, 0.9375);
  EXPECT_EQ(sublayers[1].blocks[0].output_multiplier, 0.5859375);
  const auto& mamba = std::get<Mamba2>(spec.attention.at(1).value);
  EXPECT_EQ(mamba.multipliers.value().query, 0.5);
  EXPECT_FALSE(mamba.norm_epsilon.has_value());
}

TEST(AFalconH1Config, NormalisesEachGroupBeforeTheGateOrAfterIt) {
  const Json grouped = with(falcon_h1(), {{"mamba_rms_norm", true}, {"mamba_n_groups", 2}});
  const auto mixer = [](const Json& config) {
    return std::get<Mamba2>(spec_of(config).attention.at(1).value);
  };
  EXPECT_EQ(mixer(grouped).norm_groups, 2);
  EXPECT_FALSE(mixer(grouped).norm_before_gate);
  EXPECT_TRUE(mixer(with(grouped, {{"mamba_norm_before_gate", true}})).norm_before_gate);
}

TEST(AFalconH1Config, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"projectors_bias", true}}, Json{{"mamba_proj_bias", true}},
        Json{{"mamba_use_mlp", false}}, Json{{"ssm_multipliers", {1, 1, 1}}},
        Json{{"mlp_multipliers", {1, -1}}}, Json{{"attn_layer_indices", {1, 2}}}}) {
    EXPECT_THAT(report(with(falcon_h1(), change)), HasSubstr(change.begin().key()));
  }
  EXPECT_THAT(report(with(falcon_h1(), {{"mamba_d_ssm", 1024}})),
              HasSubstr("24 heads of 64 are not mamba_d_ssm = 1024"));
}

TEST(ALongcatConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change : {Json{{"zero_expert_type", "drop"}}, Json{{"mla_scale_q_lora", false}},
                             Json{{"norm_topk_prob", true}}, Json{{"attention_method", "MHA"}},
                             Json{{"num_hidden_layers", 28}}, Json{{"q_lora_rank", nullptr}}}) {
    EXPECT_THAT(report(with(longcat(), change)), HasSubstr(change.begin().key()));
  }
}

TEST(ALongcatConfig, MayHaveNoIdentities) {
  const ArchSpec spec = spec_of(with(longcat(), {{"zero_expert_num", 0}}));
  const auto& mixture = std::get<MixtureFeedForward>(spec.feed_forward.back().value);
  EXPECT_FALSE(mixture.identity_experts.has_value());
}

}  // namespace
}  // namespace llmarch::spec_test
