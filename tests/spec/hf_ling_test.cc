// Configs of Ling, Solar Open 2 and Muse Glimmer, and of decoders with one thing changed in each.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

template <class Kind>
const Kind& mixer_of(const ArchSpec& spec) {
  for (const auto& [name, mixer] : spec.attention) {
    if (const auto* kind = std::get_if<Kind>(&mixer)) return *kind;
  }
  throw std::logic_error("there is no such mixer");
}

template <class Kind>
std::ptrdiff_t count_layers(const ArchSpec& spec) {
  std::ptrdiff_t count = 0;
  for (const std::size_t kind : layer_sequence(spec)) {
    count += has_mixer(spec, spec.layer.at(kind).value,
                       [](const Mixer& mixer) { return std::holds_alternative<Kind>(mixer); });
  }
  return count;
}

TEST(Ling25, HasLatentAttentionInTheLastLayerOfEachGroup) {
  const ArchSpec spec = spec_of(config("ling-2.5-1t"));
  EXPECT_EQ(count_layers<LatentAttention>(spec), 80 / 8);
  EXPECT_EQ(count_layers<LightningAttention>(spec), 70);
  const auto& lightning = mixer_of<LightningAttention>(spec);
  EXPECT_EQ(lightning.head_dim, 8192 / 64);
  EXPECT_EQ(lightning.norm_groups, 8);
  EXPECT_EQ(lightning.rotary.value().dim, Integer(128 / 2));
  EXPECT_EQ(mixer_of<LatentAttention>(spec).rotary.value().dim, std::nullopt);
}

// 22 layers in groups of 8: those from the 17th on are left over.
TEST(Ling25, HasLatentAttentionInTheLayersThatFillNoGroup) {
  const ArchSpec spec = spec_of(with(config("ling-2.5-1t"), {{"num_hidden_layers", 22}}));
  EXPECT_EQ(count_layers<LatentAttention>(spec), 2 + 6);
}

TEST(Ling25, IsRefusedWhereItsTwoClassesDiffer) {
  const Json ling = config("ling-2.5-1t");
  for (const char* key :
       {"layer_group_size", "group_norm_size", "routed_scaling_factor", "first_k_dense_replace",
        "hidden_size", "max_position_embeddings", "rope_theta"}) {
    EXPECT_THAT(report(without(ling, key)), HasSubstr(key));
  }
  for (const Json& change : {Json{{"use_qk_norm", false}}, Json{{"linear_silu", true}},
                             Json{{"use_bias", true}}, Json{{"num_kv_heads_for_linear_attn", 32}},
                             Json{{"moe_shared_expert_intermediate_size", 512}},
                             Json{{"head_dim", 96}}, Json{{"num_shared_experts", nullptr}}}) {
    EXPECT_THAT(report(with(ling, change)), HasSubstr(change.begin().key()));
  }
  EXPECT_THAT(report(with(ling, {{"group_norm_size", 3}})), HasSubstr("3 norm_groups"));
}

TEST(Ling3, HasKimiDeltaAttentionWithoutLatents) {
  const ArchSpec spec = spec_of(config("ling-3.0-tiny"));
  EXPECT_EQ(count_layers<KimiDeltaAttention>(spec), 18);
  const auto& delta = mixer_of<KimiDeltaAttention>(spec);
  EXPECT_EQ(delta.decay_latent_dim, std::nullopt);
  EXPECT_EQ(delta.gate_latent_dim, std::nullopt);
  EXPECT_EQ(delta.least_log_decay, -5);
  EXPECT_EQ(mixer_of<LatentAttention>(spec).output_gate.value().width, GateWidth::head);
}

TEST(Ling3, GatesAttentionAsItsConfigSays) {
  constexpr const char* kKey = "gated_attention_proj_granularity_type";
  const Json ling = config("ling-3.0-tiny");
  const auto gate = [&](const Json& value) {
    return mixer_of<LatentAttention>(spec_of(with(ling, {{kKey, value}}))).output_gate;
  };
  EXPECT_EQ(gate("element_wise").value().width, GateWidth::element);
  EXPECT_FALSE(gate(nullptr));
  EXPECT_THAT(report(with(ling, {{kKey, "token_wise"}})), HasSubstr(kKey));
  EXPECT_THAT(report(with(ling, {{"no_kda_lora", false}})), HasSubstr("no_kda_lora"));
  EXPECT_THAT(report(without(ling, "kda_lower_bound")), HasSubstr("kda_lower_bound"));
}

TEST(SolarOpen2, HasFullAttentionInEveryFourthLayerFromTheFirst) {
  Json solar = without(config("solar-open-2-250b"), "gqa_layers");
  EXPECT_EQ(count_layers<GroupedAttention>(spec_of(solar)), 48 / 4);
  EXPECT_EQ(count_layers<GroupedAttention>(spec_of(with(solar, {{"gqa_interval", 5}}))), 48 / 6);
  EXPECT_EQ(count_layers<GroupedAttention>(spec_of(with(solar, {{"gqa_layers", {1, 47}}}))), 2);
  EXPECT_THAT(report(with(solar, {{"gqa_layers", {48}}})), HasSubstr("lists layer 48"));
  EXPECT_THAT(report(with(solar, {{"gqa_layers", Json::array()}})), HasSubstr("full attention"));
}

TEST(SolarOpen2, RotatesAndGatesAttentionAsItsConfigSays) {
  const Json solar = config("solar-open-2-250b");
  const auto attention = [&](const Json& change) {
    return mixer_of<GroupedAttention>(spec_of(with(solar, change)));
  };
  EXPECT_FALSE(attention({{"use_rope", false}}).rotary);
  EXPECT_TRUE(attention({{"use_rope", true}}).rotary);
  EXPECT_TRUE(attention({{"use_gqa_gate", true}}).output_gate);
  EXPECT_FALSE(attention({{"use_gqa_gate", false}}).output_gate);
  EXPECT_THAT(report(with(solar, {{"use_gqa_gate_bias", true}})), HasSubstr("use_gqa_gate_bias"));
  EXPECT_THAT(report(with(solar, {{"head_dim", nullptr}})), HasSubstr("head_dim"));
}

TEST(SolarOpen2, ProjectsItsDecaysThroughALatentUnlessItsConfigSaysOtherwise) {
  const Json solar = config("solar-open-2-250b");
  const auto delta = [](const Json& config) {
    return mixer_of<KimiDeltaAttention>(spec_of(config));
  };
  EXPECT_EQ(delta(solar).decay_latent_dim, Integer(128));
  EXPECT_TRUE(delta(solar).negative_eigenvalues);
  EXPECT_EQ(delta(with(solar, {{"kda_use_full_proj", true}})).gate_latent_dim, std::nullopt);
  EXPECT_FALSE(delta(with(solar, {{"kda_allow_neg_eigval", false}})).negative_eigenvalues);
  EXPECT_EQ(delta(without(solar, "linear_attn_config")).heads, 64);
}

Json muse_with(const Json& change) {
  Json config = spec_test::config("muse-glimmer-30b");
  config["text_config"].update(change);
  return config;
}

TEST(MuseGlimmer, RotatesTheLayersWithAWindowAlone) {
  const ArchSpec spec = spec_of(muse_with(Json::object()));
  EXPECT_EQ(spec.embedding_norm_without, NormOmission::weight_and_bias);
  for (const auto& [name, mixer] : spec.attention) {
    const auto& attention = std::get<GroupedAttention>(mixer);
    EXPECT_EQ(attention.rotary.has_value(), attention.window.has_value());
    EXPECT_EQ(attention.score_multiplier, 3.87 / std::sqrt(128));
  }
  const std::vector<Sublayer> sublayers = sublayers_of(spec.layer.front().value);
  EXPECT_EQ(sublayers.at(0).blocks.at(0).norm.value().epsilon, 1e-8);
  EXPECT_THAT(report(muse_with({{"layer_rope_theta", Json::array({0})}})),
              HasSubstr("layer_rope_theta"));
  Json thetas = Json::array();
  for (int i = 0; i < 52; ++i) thetas.push_back(500000.0);
  EXPECT_THAT(report(muse_with({{"layer_rope_theta", thetas}})), HasSubstr("layer 3 is rotated"));
}

// Counted from the last layer back, so that the last has full attention.
TEST(MuseGlimmer, HasFullAttentionInTheLastOfItsLayers) {
  Json muse = muse_with({{"num_hidden_layers", 6}});
  for (const char* key : {"layer_types", "layer_rope_theta"}) muse["text_config"].erase(key);
  const ArchSpec spec = spec_of(muse);
  std::vector<bool> full;
  for (const std::size_t kind : layer_sequence(spec)) {
    full.push_back(has_mixer(spec, spec.layer.at(kind).value, [](const Mixer& mixer) {
      return !std::get<GroupedAttention>(mixer).window;
    }));
  }
  EXPECT_EQ(full, (std::vector<bool>{false, true, false, false, false, true}));
}

// --- One thing changed in a decoder that is known.

Json small(const std::string& type, const Json& more = Json::object()) {
  return with({{"model_type", type},
               {"hidden_size", 64},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 4},
               {"intermediate_size", 96},
               {"vocab_size", 128}},
              more);
}

TEST(Baichuan, IsRotatedWhereItStatesItsPositionsAndHasAlibiElse) {
  const Json longest{{"model_max_length", 4096}};
  const ArchSpec large = spec_of(small("baichuan", longest));
  EXPECT_TRUE(mixer_of<GroupedAttention>(large).alibi);
  EXPECT_FALSE(mixer_of<GroupedAttention>(large).rotary);
  EXPECT_EQ(large.context_limit, 4096);
  const Json positions = with(longest, {{"max_position_embeddings", 2048}});
  EXPECT_TRUE(mixer_of<GroupedAttention>(spec_of(small("baichuan", positions))).rotary);
}

TEST(MiniCpm, MayHaveExpertsAsWideAsItsFeedForward) {
  const Json experts{{"num_experts", 8}, {"num_experts_per_tok", 2}};
  const ArchSpec spec = spec_of(small("minicpm", experts));
  const auto& mixture = std::get<MixtureFeedForward>(spec.feed_forward.front().value);
  EXPECT_EQ(mixture.experts, 8);
  EXPECT_EQ(mixture.expert_width, 96);
  EXPECT_TRUE(mixture.router.normalized_weights);
  EXPECT_FALSE(std::holds_alternative<MixtureFeedForward>(
      spec_of(small("minicpm", {{"num_experts", 0}})).feed_forward.front().value));
}

TEST(HyperClovaX, TakesNullForNoFactor) {
  const Json nulls{{"attention_multiplier", nullptr}, {"logits_scaling", nullptr}};
  const ArchSpec plain = spec_of(small("hyperclovax", nulls));
  EXPECT_EQ(mixer_of<GroupedAttention>(plain).score_multiplier, std::nullopt);
  const Json factors{
      {"attention_multiplier", 0.5}, {"logits_scaling", 0.25}, {"use_post_norm", true}};
  const ArchSpec spec = spec_of(small("hyperclovax", factors));
  EXPECT_EQ(mixer_of<GroupedAttention>(spec).score_multiplier, 0.5);
  EXPECT_EQ(spec.logit_multiplier, 0.25);
  EXPECT_EQ(spec.norm.placement, NormPlacement::before_and_after);
}

TEST(GraniteMoeShared, RunsASharedFeedForwardBesideItsExperts) {
  const ArchSpec spec = spec_of(small("granitemoeshared", {{"shared_intermediate_size", 48}}));
  EXPECT_EQ(std::get<MixtureFeedForward>(spec.feed_forward.front().value).shared_width, 48);
}

TEST(Jais2, HasBiasesUnlessItsConfigSaysOtherwise) {
  const ArchSpec spec = spec_of(small("jais2"));
  EXPECT_EQ(spec.norm.kind, NormKind::layer);
  EXPECT_TRUE(mixer_of<GroupedAttention>(spec).output_bias);
  const auto& mlp = std::get<DenseFeedForward>(spec.feed_forward.front().value);
  EXPECT_TRUE(mlp.bias);
  EXPECT_FALSE(mlp.gated);
  EXPECT_EQ(mlp.activation, Activation::relu_squared);
}

TEST(Ministral, HasItsWindowInEveryLayerUnlessTheTypesOfLayersAreStated) {
  const Json heads{{"num_key_value_heads", 2}};
  EXPECT_EQ(mixer_of<GroupedAttention>(spec_of(small("ministral", heads))).window, Integer(4096));
  const Json types{{"layer_types", {"sliding_attention", "full_attention"}}};
  EXPECT_EQ(spec_of(with(small("ministral", heads), types)).attention.size(), 2);
}

TEST(Youtu, HasLatentAttentionBeforeADenseFeedForward) {
  const ArchSpec spec = spec_of(small("youtu_llm"));
  EXPECT_EQ(mixer_of<LatentAttention>(spec).kv_latent_dim, 512);
  EXPECT_EQ(spec.head, Head::tied);
}

TEST(AKnownTypeThatIsNotBuilt, IsRefusedWithItsReason) {
  EXPECT_THAT(report(small("nanbeige")), HasSubstr("its layers are run several times over"));
  EXPECT_THAT(report(small("mllama")), HasSubstr("attend to a picture's vectors"));
}

}  // namespace
}  // namespace llmarch::spec_test
