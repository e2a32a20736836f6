// Types of 2026 whose configs must state what their classes fill otherwise, and gates by name.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

std::vector<std::string> layer_names(const ArchSpec& spec) {
  std::vector<std::string> names;
  for (const std::size_t layer : layer_sequence(spec)) names.push_back(spec.layer.at(layer).name);
  return names;
}

const GroupedAttention& attention_called(const ArchSpec& spec, const std::string& name) {
  for (const auto& kind : spec.attention) {
    if (kind.name == name) return std::get<GroupedAttention>(kind.value);
  }
  throw std::logic_error("there is no attention " + name);
}

// --- MiMo: twice the key/value heads in layers with a window, or what a newer config states.

TEST(MimoV2, HasTheKeyValueHeadsThatItsConfigStatesForAWindow) {
  const Json pro = config("mimo-v2.5-pro");
  EXPECT_EQ(attention_called(spec_of(pro), "local").kv_heads, 8);
  EXPECT_EQ(
      attention_called(spec_of(with(pro, {{"swa_num_key_value_heads", 32}})), "local").kv_heads,
      32);
  const Json flash = config("mimo-v2-flash");
  EXPECT_EQ(attention_called(spec_of(flash), "local").kv_heads, 8);
  EXPECT_THAT(report(with(flash, {{"swa_num_key_value_heads", 4}})),
              HasSubstr("'swa_num_key_value_heads' in the config is 4; only 8 is supported"));
}

TEST(MimoV2, MustStateTheSizesThatItsClassFillsForAnotherModel) {
  for (const char* key : {"num_hidden_layers", "vocab_size", "layernorm_epsilon", "v_head_dim"}) {
    EXPECT_THAT(report(without(config("mimo-v2.5-pro"), key)), HasSubstr(key));
    EXPECT_EQ(report(without(config("mimo-v2-flash"), key)), "") << key;
  }
}

TEST(MimoV2, HasTensorNamesOnlyWhereQueriesKeysAndValuesAreApart) {
  Json pro = config("mimo-v2.5-pro");
  EXPECT_FALSE(load(pro).naming);
  pro["attention_projection_layout"] = "split";
  EXPECT_TRUE(load(pro).naming);
}

// --- Mellum: no windows and only mixtures, where its config names no types of layers.

Json small_mellum() {
  return {{"model_type", "mellum"},
          {"num_hidden_layers", 2},
          {"rope_parameters", {{"full_attention", {{"rope_theta", 500000.0}}}}}};
}

TEST(Mellum, HasNeitherWindowsNorDenseLayersByDefault) {
  const ArchSpec spec = spec_of(small_mellum());
  EXPECT_EQ(layer_names(spec).front(), layer_names(spec).back());
  EXPECT_FALSE(std::get<GroupedAttention>(spec.attention.front().value).window);
  EXPECT_TRUE(
      std::get<MixtureFeedForward>(spec.feed_forward.front().value).router.normalized_weights);
}

TEST(Mellum, HasTheLayersThatItsConfigNames) {
  const ArchSpec spec =
      spec_of(with(small_mellum(), {{"layer_types", {"sliding_attention", "full_attention"}},
                                    {"mlp_layer_types", {"dense", "sparse"}}}));
  EXPECT_EQ(layer_names(spec), (std::vector<std::string>{"local_dense", "global_moe"}));
}

TEST(Mellum, MustStateHowItsLayersAreRotated) {
  EXPECT_THAT(report(without(small_mellum(), "rope_parameters")),
              HasSubstr("'rope_parameters' is not stated"));
}

// --- Sarvam: two classes fill different heads, so the config must say which.

TEST(SarvamMoe, MustStateWhatItsTwoClassesFillDifferently) {
  const Json sarvam = config("sarvam-30b");
  for (const char* key : {"head_dim", "num_attention_heads", "max_position_embeddings"}) {
    EXPECT_THAT(report(without(sarvam, key)), HasSubstr(key));
  }
}

// --- Gemma 4 in its unified form has the text model of Gemma 4.

TEST(Gemma4, IsTheSameTextModelInItsUnifiedForm) {
  Json unified = config("gemma-4-12b");
  Json plain = unified;
  plain["model_type"] = "gemma4";
  plain["text_config"]["model_type"] = "gemma4_text";
  EXPECT_EQ(architecture_of(spec_of(unified)), architecture_of(spec_of(plain)));
  unified["text_config"].erase("model_type");
  EXPECT_EQ(architecture_of(spec_of(unified)), architecture_of(spec_of(plain)));
}

// --- Laguna: its gate may be named.

TEST(Laguna, HasTheGateThatItsConfigNames) {
  const Json laguna = config("laguna-xs-2.1");
  const auto gate = [&](const Json& gating) {
    return attention_called(spec_of(with(laguna, {{"gating", gating}})), "local").output_gate;
  };
  EXPECT_FALSE(gate(false));
  EXPECT_EQ(gate(true)->width, GateWidth::head);
  EXPECT_EQ(gate("per-head")->width, GateWidth::head);
  EXPECT_EQ(gate("per-element")->width, GateWidth::element);
  EXPECT_THAT(report(with(laguna, {{"gating", "per-layer"}})),
              HasSubstr("unknown 'gating' 'per-layer' in the config"));
}

// --- Grok 2.5: published under the type of another model.

TEST(Grok, IsToldFromAnotherModelOfItsTypeByItsClass) {
  Json grok = config("grok-2.5");
  EXPECT_EQ(report(grok), "");
  grok["architectures"] = {"GitForCausalLM"};
  EXPECT_THAT(report(grok), HasSubstr("model type 'git' is not supported"));
}

TEST(Grok, HasScoresThatGrowOnlyWhereTheirLengthIsStated) {
  const auto growth = [](const Json& json) {
    return std::get<GroupedAttention>(spec_of(json).attention.front().value).score_growth_length;
  };
  const Json grok = config("grok-2.5");
  EXPECT_EQ(growth(grok), 1024);
  EXPECT_EQ(growth(with(grok, {{"attn_temperature_len", -1}})), std::nullopt);
  EXPECT_EQ(growth(without(grok, "attn_temperature_len")), std::nullopt);
  EXPECT_THAT(report(with(grok, {{"attn_temperature_len", 1}})), HasSubstr("whose logarithm is 0"));
}

TEST(Grok, MustStateWhatItsClassWouldFillForAnotherModel) {
  const Json grok = config("grok-2.5");
  for (const char* key : {"residual_moe", "embedding_multiplier_scale", "output_multiplier_scale",
                          "moe_intermediate_size"}) {
    EXPECT_THAT(report(without(grok, key)), HasSubstr(key));
  }
  EXPECT_THAT(report(with(grok, {{"residual_moe", false}})), HasSubstr("only true is supported"));
  EXPECT_THAT(report(with(grok, {{"rope_type", "yarn"}})), HasSubstr("rope_type"));
}

}  // namespace
}  // namespace llmarch::spec_test
