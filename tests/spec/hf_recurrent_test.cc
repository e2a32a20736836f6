// Configs of models with layers of linear attention: which layers they are, and how wide.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json qwen3_next() {
  return config("qwen3-next-80b-a3b");
}

// The text model of Qwen3.5-27B by itself.
Json qwen3_5() {
  return config("qwen3.5-27b").at("text_config");
}

// The defaults of OlmoHybridConfig.
Json olmo_hybrid() {
  return {{"model_type", "olmo_hybrid"}};
}

std::vector<std::string> mixer_names(const Json& config) {
  const ArchSpec spec = spec_of(config);
  std::vector<std::string> names;
  for (const std::size_t kind : layer_sequence(spec)) {
    const Layer& layer = spec.layer.at(kind).value;
    names.push_back(spec.attention.at(mixers_of(layer).front()).name);
  }
  return names;
}

GatedDeltaNet delta_net_in(const Json& config) {
  const ArchSpec spec = spec_of(config);
  for (const auto& [name, mixer] : spec.attention) {
    if (const auto* delta = std::get_if<GatedDeltaNet>(&mixer)) return *delta;
  }
  throw std::logic_error("there is no gated DeltaNet");
}

GroupedAttention attention_in(const Json& config) {
  const ArchSpec spec = spec_of(config);
  for (const auto& [name, mixer] : spec.attention) {
    if (const auto* grouped = std::get_if<GroupedAttention>(&mixer)) return *grouped;
  }
  throw std::logic_error("there is no attention");
}

TEST(LinearLayers, AreAllButEveryFourthUnlessAnIntervalIsStated) {
  const Json four =
      with(without(qwen3_next(), "full_attention_interval"), {{"num_hidden_layers", 5}});
  EXPECT_THAT(mixer_names(four), ElementsAre("delta", "delta", "delta", "gqa", "delta"));
  EXPECT_THAT(mixer_names(with(four, {{"full_attention_interval", 2}})),
              ElementsAre("delta", "gqa", "delta", "gqa", "delta"));
}

TEST(LinearLayers, AreThoseThatLayerTypesNames) {
  const Json stated =
      with(qwen3_5(), {{"num_hidden_layers", 3},
                       {"layer_types", {"full_attention", "linear_attention", "full_attention"}}});
  EXPECT_THAT(mixer_names(stated), ElementsAre("gqa", "delta", "gqa"));
}

TEST(LinearLayers, OfAnotherTypeAreRefused) {
  EXPECT_THAT(report(with(qwen3_5(), {{"num_hidden_layers", 1}, {"layer_types", {"mamba"}}})),
              HasSubstr("layer type 'mamba' is not supported"));
}

TEST(AQwenConfig, IsRefusedWhereItAsksForWhatIsNotBuilt) {
  for (const Json& change :
       {Json{{"attention_bias", true}}, Json{{"hidden_act", "gelu"}},
        Json{{"attn_output_gate", false}}, Json{{"mamba_ssm_dtype", "bfloat16"}},
        Json{{"use_sliding_window", true}}}) {
    EXPECT_THAT(report(with(qwen3_5(), change)), HasSubstr(change.begin().key()));
  }
}

// A quarter of a head, wherever the share is stated.
TEST(AQwenConfig, TurnsAQuarterOfEachHead) {
  EXPECT_EQ(attention_in(qwen3_5()).rotary.value().dim, Integer(64));
  EXPECT_EQ(attention_in(without(qwen3_next(), "partial_rotary_factor")).rotary.value().dim,
            Integer(64));
  EXPECT_EQ(attention_in(with(qwen3_next(), {{"partial_rotary_factor", 0.5}})).rotary.value().dim,
            Integer(128));
}

// hidden 3840, 30 heads: 3/4 of 128, and twice that.
TEST(AnOlmoHybridConfig, MakesItsHeadsFromThoseOfAttention) {
  for (const Json& config :
       {olmo_hybrid(), with(olmo_hybrid(), {{"linear_key_head_dim", nullptr},
                                            {"linear_num_key_heads", nullptr}})}) {
    const GatedDeltaNet delta = delta_net_in(config);
    EXPECT_EQ(delta.key_heads, 30);
    EXPECT_EQ(delta.value_heads, 30);
    EXPECT_EQ(delta.key_head_dim, 96);
    EXPECT_EQ(delta.value_head_dim, 192);
    EXPECT_TRUE(delta.negative_eigenvalues);
  }
}

// The library fills theta where the parameters are null; a theta of null turns nothing.
TEST(AnOlmoHybridConfig, IsNotRotatedWhereThetaIsNull) {
  EXPECT_EQ(attention_in(with(olmo_hybrid(), {{"rope_parameters", nullptr}})).rotary.value().theta,
            10000);
  EXPECT_FALSE(
      attention_in(with(olmo_hybrid(),
                        {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", nullptr}}}}))
          .rotary.has_value());
}

TEST(AnOlmoHybridConfig, HasLayersOfBothTypes) {
  for (const char* type : {"linear_attention", "full_attention"}) {
    EXPECT_THAT(
        report(with(olmo_hybrid(), {{"num_hidden_layers", 2}, {"layer_types", {type, type}}})),
        HasSubstr("all layers are of one type"));
  }
}

TEST(AnOlmoHybridConfig, WithKeysOfNoWidthIsRefused) {
  EXPECT_THAT(report(with(olmo_hybrid(), {{"linear_num_key_heads", 3000}})),
              HasSubstr("3/4 of hidden_size / linear_num_key_heads is 0"));
}

}  // namespace
}  // namespace llmarch::spec_test
