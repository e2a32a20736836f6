// How a config says that positions are rotated: older and newer fields, supported and refused
// types.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Contains;
using testing::ElementsAre;

const Json& unscaled_llama() {
  static const Json base = without(config("llama-3.1-8b"), "rope_scaling");
  return base;
}

// llama with this "rope_scaling".
Json scaled(const Json& scaling) {
  return with(unscaled_llama(), {{"rope_scaling", scaling}});
}

// llama as newer versions of the library write it.
Json newer(const Json& parameters) {
  return with(without(unscaled_llama(), "rope_theta"), {{"rope_parameters", parameters}});
}

Rotary rotary_of(const Json& config) {
  return *std::get<GroupedAttention>(spec_of(config).attention.at(0).value).rotary;
}

const Json kLlama3{{"rope_type", "llama3"},
                   {"factor", 8.0},
                   {"low_freq_factor", 1.0},
                   {"high_freq_factor", 4.0},
                   {"original_max_position_embeddings", 8192}};
const Json kYarn{
    {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32768}};

TEST(RopeScaling, IsNoneWhenAbsentAndThatIsRecorded) {
  EXPECT_FALSE(rotary_of(unscaled_llama()).scaling);
  EXPECT_EQ(rotary_of(unscaled_llama()).theta, 500000);
  EXPECT_THAT(load(unscaled_llama()).filled,
              Contains("rope_scaling = none (the frequencies are not stretched)"));
}

TEST(RopeScaling, IsNoneWhenNull) {
  EXPECT_FALSE(rotary_of(scaled(nullptr)).scaling);
  EXPECT_EQ(load(scaled(nullptr)).filled,
            std::vector<std::string>{"head_dim = 128 (hidden_size / num_attention_heads)"});
}

TEST(RopeScaling, IsNoneWhenDefault) {
  EXPECT_FALSE(rotary_of(scaled({{"rope_type", "default"}})).scaling);
  EXPECT_FALSE(rotary_of(scaled({{"type", "default"}})).scaling);
}

TEST(RopeScaling, ReadsLlama3) {
  const auto scaling = std::get<Llama3Scaling>(*rotary_of(scaled(kLlama3)).scaling);
  EXPECT_EQ(scaling.factor, 8);
  EXPECT_EQ(scaling.low_frequency_factor, 1);
  EXPECT_EQ(scaling.high_frequency_factor, 4);
  EXPECT_EQ(scaling.original_context, 8192);
}

TEST(RopeScaling, FillsYarnByTheLibrarysRules) {
  const auto scaling = std::get<YarnScaling>(*rotary_of(scaled(kYarn)).scaling);
  EXPECT_EQ(scaling.factor, 4);
  EXPECT_EQ(scaling.original_context, 32768);
  EXPECT_EQ(scaling.beta_fast, 32);
  EXPECT_EQ(scaling.beta_slow, 1);
  EXPECT_FALSE(scaling.mscale || scaling.mscale_all_dim || scaling.attention_factor);
  const std::vector<std::string> filled = load(scaled(kYarn)).filled;
  for (const char* fill :
       {"beta_fast = 32 (transformers' default)", "beta_slow = 1 (transformers' default)",
        "mscale = none (the rotary tables are not scaled by it)",
        "mscale_all_dim = none (the softmax is not scaled by it)",
        "attention_factor = none (it follows from the factor)"}) {
    EXPECT_THAT(filled, Contains(fill));
  }
}

TEST(RopeScaling, ReadsEveryFieldOfYarn) {
  const Json full = with(kYarn, {{"beta_fast", 16},
                                 {"beta_slow", 2},
                                 {"mscale", 0.5},
                                 {"mscale_all_dim", 0.25},
                                 {"attention_factor", 1.5},
                                 {"truncate", true}});
  const auto scaling = std::get<YarnScaling>(*rotary_of(scaled(full)).scaling);
  EXPECT_EQ(scaling.beta_fast, 16);
  EXPECT_EQ(scaling.beta_slow, 2);
  EXPECT_EQ(scaling.mscale, 0.5);
  EXPECT_EQ(scaling.mscale_all_dim, 0.25);
  EXPECT_EQ(scaling.attention_factor, 1.5);
}

TEST(RopeScaling, TakesTheOlderNameOfTheType) {
  const Json older = with(without(kYarn, "rope_type"), {{"type", "yarn"}});
  EXPECT_TRUE(rotary_of(scaled(older)).scaling);
  EXPECT_TRUE(rotary_of(scaled(with(kYarn, {{"type", "yarn"}}))).scaling);
}

TEST(RopeScaling, RefusesTwoTypesThatDisagree) {
  EXPECT_EQ(report(scaled(with(kLlama3, {{"type", "linear"}}))),
            R"(config.json: error: 'rope_type' is 'llama3' and 'type' is 'linear'
      = they name the same thing: keep the right one
)");
}

TEST(RopeScaling, RefusesATypeThatIsNotSupportedByName) {
  EXPECT_EQ(report(scaled({{"rope_type", "ntk"}, {"factor", 2.0}})),
            R"(config.json: error: rope type 'ntk' is not supported
      = supported: default, linear, dynamic, llama3, yarn, longrope, proportional
)");
}

TEST(RopeScaling, AsksForATypeBeforeItJudgesOtherFields) {
  EXPECT_EQ(report(scaled({{"factor", 2.0}})),
            R"(config.json: error: missing field 'rope_type' in rope_scaling
      = nothing is guessed: copy the field from the published config
)");
}

TEST(RopeScaling, IsNoneWithoutATypeWhereNothingIsStretched) {
  EXPECT_EQ(architecture_of(spec_of(newer({{"rope_theta", 500000.0}}))),
            architecture_of(spec_of(unscaled_llama())));
  EXPECT_THAT(load(newer({{"rope_theta", 500000.0}})).filled,
              Contains("rope_type = default (this model type's default)"));
  EXPECT_NE(report(newer({{"rope_theta", 500000.0}, {"beta_fast", 16}})), "");
}

// As transformers reads it: the tables are multiplied by m(1), as if neither were stated.
TEST(RopeScaling, HasNoMscaleOfYarnThatIsZero) {
  const Json zero = with(kYarn, {{"mscale", 1.0}, {"mscale_all_dim", 0.0}});
  const auto scaling = std::get<YarnScaling>(*rotary_of(scaled(zero)).scaling);
  EXPECT_EQ(scaling.mscale, 1);
  EXPECT_FALSE(scaling.mscale_all_dim);
  EXPECT_NE(report(scaled(with(kYarn, {{"mscale_all_dim", -1}}))), "");
}

// As EXAONE 4.5 states it.
TEST(RopeScaling, MayHoldTheta) {
  const Json within = with(kLlama3, {{"rope_theta", 1e6}});
  EXPECT_EQ(
      rotary_of(with(without(unscaled_llama(), "rope_theta"), {{"rope_scaling", within}})).theta,
      1e6);
  EXPECT_THAT(report(scaled(within)), testing::HasSubstr("'rope_theta' in the config is 500000.0"));
}

TEST(RopeScaling, OfYarnBeginsAtTheConfigsContextWhereItStatesNone) {
  const Json bare = scaled(without(kYarn, "original_max_position_embeddings"));
  EXPECT_EQ(std::get<YarnScaling>(*rotary_of(bare).scaling).original_context, 131072);
  EXPECT_THAT(load(bare).filled, Contains("original_max_position_embeddings = 131072 "
                                          "(max_position_embeddings)"));
}

TEST(RopeScaling, PassesOverWhatItsTypeDoesNotHave) {
  const Json more = scaled(with(kLlama3, {{"finetuned", true}}));
  EXPECT_EQ(architecture_of(spec_of(more)), architecture_of(spec_of(scaled(kLlama3))));
  EXPECT_THAT(load(more).passed_over, ElementsAre("finetuned"));
}

TEST(RopeScaling, ReadsWhetherTheBoundsOfYarnAreRounded) {
  const auto fractional = [](const Json& rope) {
    return std::get<YarnScaling>(*rotary_of(scaled(rope)).scaling).fractional_bounds;
  };
  EXPECT_FALSE(fractional(kYarn));
  EXPECT_FALSE(fractional(with(kYarn, {{"truncate", true}})));
  EXPECT_TRUE(fractional(with(kYarn, {{"truncate", false}})));
}

TEST(RopeScaling, OfDynamicNtkIsMeasuredAgainstTheContextLimit) {
  const Json config = with(scaled({{"rope_type", "dynamic"}, {"factor", 2.0}}),
                           {{"max_position_embeddings", 4096}});
  const auto dynamic = std::get<DynamicScaling>(*rotary_of(config).scaling);
  EXPECT_EQ(dynamic.factor, 2);
  EXPECT_EQ(dynamic.original_context, 4096);
  EXPECT_EQ(spec_of(config).context_limit, 8192);
}

TEST(RopeScaling, RefusesPartlyRotatedHeads) {
  EXPECT_EQ(
      report(with(unscaled_llama(), {{"partial_rotary_factor", 0.5}})),
      R"(config.json: error: 'partial_rotary_factor' in the config is 0.5; only 1.0 is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

TEST(RopeParameters, SayTheSameAsTheOlderFields) {
  EXPECT_EQ(architecture_of(spec_of(newer(with(kLlama3, {{"rope_theta", 500000.0}})))),
            architecture_of(spec_of(scaled(kLlama3))));
  EXPECT_EQ(architecture_of(spec_of(newer({{"rope_type", "default"}, {"rope_theta", 500000.0}}))),
            architecture_of(spec_of(unscaled_llama())));
}

TEST(RopeParameters, TakeThetaFromBeside) {
  const Json beside = with(newer(kLlama3), {{"rope_theta", 10000.0}});
  EXPECT_EQ(rotary_of(beside).theta, 10000);
}

TEST(RopeParameters, RefuseAThetaBesideThatDiffers) {
  const Json both = with(newer(with(kLlama3, {{"rope_theta", 500000.0}})), {{"rope_theta", 1e4}});
  EXPECT_EQ(report(both),
            R"(config.json: error: 'rope_theta' in the config is 10000.0; only 500000.0 is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

TEST(RopeParameters, LeaveThetaToTheClass) {
  EXPECT_EQ(rotary_of(newer(kLlama3)).theta, 10000);
  EXPECT_THAT(load(newer(kLlama3)).filled,
              Contains("rope_theta = 10000 (this model type's default)"));
}

TEST(RopeParameters, RefuseARopeScalingBeside) {
  const Json both = with(newer({{"rope_type", "default"}, {"rope_theta", 1e4}}),
                         {{"rope_scaling", {{"factor", 2}}}});
  EXPECT_EQ(
      report(both),
      R"(config.json: error: 'rope_scaling' in the config is {"factor":2}; only null is supported
      = it changes the arithmetic, and no formula for another architecture is used in its place
)");
}

}  // namespace
}  // namespace llmarch::spec_test
