// What single families do otherwise than most decoders, field by field: where norms and blocks
// stand, what multiplies what, and which values are refused.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::HasSubstr;

const GroupedAttention& grouped(const ArchSpec& spec, std::size_t index = 0) {
  return std::get<GroupedAttention>(spec.attention.at(index).value);
}
const MixtureFeedForward& mixture(const ArchSpec& spec) {
  return std::get<MixtureFeedForward>(spec.feed_forward.front().value);
}
std::size_t sublayer_count(const ArchSpec& spec) {
  return sublayers_of(spec.layer.front().value).size();
}

// --- Gemma 3n: the class sparsifies ten layers where there are more than ten, and else none.

TEST(Gemma3n, IsSparseByDefaultOnlyWithMoreThanTenLayers) {
  for (const int layers : {9, 10, 11}) {
    Json gemma = config("gemma-3n-e2b");
    Json& text = gemma["text_config"];
    text.erase("activation_sparsity_pattern");
    text["layer_types"].erase(text["layer_types"].begin() + layers, text["layer_types"].end());
    text.update(
        {{"num_hidden_layers", layers}, {"num_kv_shared_layers", 4}, {"intermediate_size", 8192}});
    Integer sparse;
    const ArchSpec spec = spec_of(gemma);
    for (const std::size_t layer : layer_sequence(spec)) {
      const Reference& reference = spec.layer.at(layer).value.feed_forward.value();
      const FeedForward& kind = spec.feed_forward.at(reference.index).value;
      if (std::get<DenseFeedForward>(kind).activation_sparsity) sparse += 1;
    }
    EXPECT_EQ(sparse, layers > 10 ? 10 : 0) << layers;
  }
}

// --- Falcon: one norm before both blocks, one before each, or blocks in sequence.

TEST(Falcon, HasItsBlocksOnOneNormOrOnTwo) {
  const ArchSpec small = spec_of(config("falcon-7b"));
  EXPECT_EQ(sublayer_count(small), 1U);
  EXPECT_FALSE(sublayers_of(small.layer.front().value).front().blocks.front().norm);
  EXPECT_EQ(grouped(small).kv_heads, 1);
  const Json large = config("falcon-180b");
  const auto has_own_norms = [](const ArchSpec& spec) {
    return sublayers_of(spec.layer.front().value).front().blocks.front().norm.has_value();
  };
  EXPECT_TRUE(has_own_norms(spec_of(large)));
  EXPECT_FALSE(has_own_norms(spec_of(with(large, {{"num_ln_in_parallel_attn", 1}}))));
}

TEST(Falcon, HasItsBlocksInSequenceWhereTheyAreNotParallel) {
  const Json json = with(config("falcon-7b"), {{"parallel_attn", false}, {"multi_query", false}});
  const ArchSpec spec = spec_of(json);
  EXPECT_EQ(sublayer_count(spec), 2U);
  EXPECT_EQ(grouped(spec).kv_heads, 71);
}

TEST(Falcon, IsRefusedInFormsThatItsClassDoesNotHave) {
  EXPECT_THAT(report(with(config("falcon-180b"), {{"parallel_attn", false}})),
              HasSubstr("'new_decoder_architecture' is true and 'parallel_attn' false"));
  EXPECT_THAT(report(with(config("falcon-7b"), {{"num_ln_in_parallel_attn", 2}})),
              HasSubstr("'num_ln_in_parallel_attn' in the config is 2; only 1 is supported"));
  EXPECT_THAT(report(without(with(config("falcon-7b"), {{"n_head", 71}}), "num_attention_heads")),
              HasSubstr("'n_head'"));
}

TEST(Falcon, MayRepeatItsFieldsByTheNamesOfItsFirstVersion) {
  const Json json = with(config("falcon-7b"), {{"n_layer", 32}, {"n_head", 71}});  // falcon-40b
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(spec_of(config("falcon-7b"))));
  EXPECT_THAT(report(with(json, {{"n_layer", 60}})),
              HasSubstr("'n_layer' in the config is 60; only 32 is supported"));
}

// --- GPT-NeoX, Phi, StableLM, Cohere.

TEST(GptNeoX, HasItsBlocksInSequenceWhereItSaysSo) {
  const Json json = config("pythia-1.4b");
  EXPECT_EQ(sublayer_count(spec_of(json)), 1U);
  EXPECT_EQ(sublayer_count(spec_of(with(json, {{"use_parallel_residual", false}}))), 2U);
  EXPECT_EQ(grouped(spec_of(json)).rotary->dim, 32);  // 0.25 x 128
}

TEST(GptNeoX, ReadsTheRotaryFieldsOfNewerConfigs) {
  Json json = config("pythia-1.4b");
  json.erase("rotary_pct");
  json.erase("rotary_emb_base");
  json["rope_parameters"] = {
      {"rope_type", "default"}, {"rope_theta", 10000}, {"partial_rotary_factor", 0.25}};
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(spec_of(config("pythia-1.4b"))));
}

// GPT-NeoX-20B's own config.json has them.
TEST(GptNeoX, PassesOverDropoutByBertsNames) {
  const Json json = config("pythia-1.4b");
  const Json with_dropout =
      with(json, {{"attention_probs_dropout_prob", 0}, {"hidden_dropout_prob", 0}});
  EXPECT_EQ(architecture_of(spec_of(with_dropout)), architecture_of(spec_of(json)));
}

TEST(Phi, NormalisesQueriesAndKeysWhereItSaysSo) {
  EXPECT_EQ(grouped(spec_of(config("phi-2"))).qk_norm, std::nullopt);
  EXPECT_EQ(grouped(spec_of(with(config("phi-2"), {{"qk_layernorm", true}}))).qk_norm,
            QkNorm::layer_per_head);
}

TEST(Cohere2, RotatesOnlyInLayersWithAWindow) {
  const ArchSpec spec = spec_of(config("command-r7b"));
  EXPECT_EQ(grouped(spec, 0).window, 4096);
  EXPECT_TRUE(grouped(spec, 0).rotary);
  EXPECT_FALSE(grouped(spec, 1).window);
  EXPECT_FALSE(grouped(spec, 1).rotary);
  EXPECT_EQ(spec.norm.without, NormOmission::bias);
  EXPECT_EQ(spec.logit_multiplier, 0.25);
}

// The class overwrites head_dim.
TEST(Cohere2, HasTheHeadDimThatFollowsFromItsWidth) {
  EXPECT_EQ(grouped(spec_of(with(config("command-r7b"), {{"head_dim", 128}}))).head_dim, 128);
  EXPECT_THAT(report(with(config("command-r7b"), {{"head_dim", 64}})),
              HasSubstr("'head_dim' in the config is 64; only 128 is supported"));
}

// --- Granite: a multiplier of 1 multiplies nothing, but for that of the scores.

TEST(Granite, MultipliesByWhatItsConfigSays) {
  const ArchSpec spec = spec_of(config("granite-3.3-8b"));
  EXPECT_EQ(spec.embedding_multiplier, 12);
  EXPECT_EQ(spec.residual_multiplier, 0.22);
  EXPECT_EQ(spec.logit_multiplier, 1.0 / 16);
  EXPECT_EQ(grouped(spec).score_multiplier, 1.0 / 128);
}

TEST(Granite, MultipliesByOneWhereNothingIsStated) {
  Json json = config("granite-3.3-8b");
  for (const char* key :
       {"embedding_multiplier", "residual_multiplier", "logits_scaling", "attention_multiplier"}) {
    json.erase(key);
  }
  const ArchSpec spec = spec_of(json);
  EXPECT_EQ(spec.embedding_multiplier, std::nullopt);
  EXPECT_EQ(spec.residual_multiplier, std::nullopt);
  EXPECT_EQ(spec.logit_multiplier, std::nullopt);
  EXPECT_EQ(grouped(spec).score_multiplier, 1);
}

// --- OLMo: a clip where there is one.

TEST(Olmo, ClipsWhereItsConfigSaysHow) {
  EXPECT_EQ(grouped(spec_of(config("olmo-7b"))).qkv_clip, std::nullopt);
  EXPECT_EQ(grouped(spec_of(with(config("olmo-7b"), {{"clip_qkv", 8.0}}))).qkv_clip, 8);
  EXPECT_EQ(spec_of(config("olmo-7b")).norm.without, NormOmission::weight_and_bias);
}

// --- Hunyuan: sizes for each layer, which must be alike.

TEST(Hunyuan, HasSizesThatAreAlikeInAllLayers) {
  const Json json = config("hunyuan-a13b");
  EXPECT_EQ(mixture(spec_of(json)).experts_per_token, 8);
  EXPECT_EQ(mixture(spec_of(with(json, {{"moe_topk", 8}}))).experts_per_token, 8);
  Json unlike = json;
  unlike["moe_topk"][3] = 4;
  EXPECT_THAT(report(unlike), HasSubstr("the entries of 'moe_topk' differ"));
  unlike = json;
  unlike["num_shared_expert"][0] = 2;
  EXPECT_THAT(report(unlike), HasSubstr("'num_shared_expert'"));
  EXPECT_THAT(report(with(json, {{"moe_topk", 1}})), HasSubstr("'moe_topk'"));
  EXPECT_THAT(report(with(json, {{"moe_intermediate_size", 1024}})),
              HasSubstr("'moe_intermediate_size'"));
}

TEST(Hunyuan, HasNoSharedExpertWhereItsConfigSaysSo) {
  const Json json = config("hunyuan-a13b");
  EXPECT_EQ(mixture(spec_of(json)).shared_width, 3072);
  EXPECT_EQ(mixture(spec_of(with(json, {{"use_mixed_mlp_moe", false}}))).shared_width,
            std::nullopt);
}

// theta 10000 x 1000 ^ (128 / 126).
TEST(Hunyuan, StretchesThetaByItsAlpha) {
  const Json json = config("hunyuan-a13b");
  EXPECT_NEAR(grouped(spec_of(json)).rotary->theta, 11158840, 10);
  EXPECT_EQ(grouped(spec_of(with(json, {{"rope_scaling", nullptr}}))).rotary->theta, 10000);
}

// --- Mistral: queries that grow with their position, counted from zero.

TEST(Ministral3, HasTheRotaryFieldsOfItsClassWhereItStatesNone) {
  const Json json = config("ministral-3-8b");
  EXPECT_EQ(architecture_of(spec_of(without(json, "rope_parameters"))),
            architecture_of(spec_of(json)));
  const Temperature growth = grouped(spec_of(json)).temperature.value();
  EXPECT_EQ(growth.floor, 16384);
  EXPECT_TRUE(growth.from_zero);
  Json lacking = json;
  lacking["rope_parameters"].erase("llama_4_scaling_beta");
  EXPECT_THAT(report(lacking), HasSubstr("missing field 'llama_4_scaling_beta'"));
}

TEST(Ministral3, HasNoGrowthOfQueriesWhereItsFactorIsZero) {
  Json json = config("ministral-3-8b");
  json["rope_parameters"]["llama_4_scaling_beta"] = 0.0;  // Devstral 2
  EXPECT_FALSE(grouped(spec_of(json)).temperature);
  json["rope_parameters"]["llama_4_scaling_beta"] = -0.1;
  EXPECT_THAT(report(json), HasSubstr("'llama_4_scaling_beta'"));
}

TEST(Mistral4, HasTheRotaryFieldsOfItsClassWhereItStatesNone) {
  const Json json = config("mistral-small-4-119b");
  EXPECT_EQ(architecture_of(spec_of(without(json, "rope_parameters"))),
            architecture_of(spec_of(json)));
}

// --- Mistral's own params.json.

Json mistral_params() {
  return {{"dim", 4096},         {"n_layers", 32},      {"head_dim", 128},
          {"hidden_dim", 14336}, {"n_heads", 32},       {"n_kv_heads", 8},
          {"norm_eps", 1e-5},    {"vocab_size", 32000}, {"sliding_window", 4096},
          {"max_seq_len", 32768}};
}

TEST(MistralParams, AreTheConfigOfTheClassThatDoesTheSame) {
  const ConfigLoad params = load(mistral_params());
  ASSERT_TRUE(params.spec) << report(mistral_params());
  EXPECT_EQ(architecture_of(*params.spec), architecture_of(spec_of(config("mistral-7b-v0.1"))));
  EXPECT_EQ(params.notes.front(), "Mistral's params.json, read as a config of mistral");
  EXPECT_FALSE(grouped(spec_of(without(mistral_params(), "sliding_window"))).window);
}

TEST(MistralParams, HaveTheGrowthOfQueriesOfNewerModels) {
  Json json = mistral_params();
  json["yarn"] = {{"factor", 16},
                  {"original_max_position_embeddings", 16384},
                  {"beta", 32},
                  {"alpha", 1},
                  {"apply_scale", false}};
  json["llama_4_scaling"] = {{"beta", 0.1}, {"original_max_position_embeddings", 16384}};
  const GroupedAttention attention = grouped(spec_of(json));
  EXPECT_EQ(attention.temperature->floor, 16384);
  EXPECT_TRUE(attention.temperature->from_zero);
  EXPECT_EQ(std::get<YarnScaling>(*attention.rotary->scaling).mscale_all_dim, 1);
  json["llama_4_scaling"]["original_max_position_embeddings"] = 8192;
  EXPECT_THAT(report(json), HasSubstr("of yarn and of llama_4_scaling differ"));
}

TEST(MistralParams, HaveExperts) {
  Json json = mistral_params();
  json["moe"] = {{"num_experts", 8}, {"num_experts_per_tok", 2}};
  EXPECT_EQ(mixture(spec_of(json)).experts, 8);
  EXPECT_EQ(mixture(spec_of(json)).expert_width, 14336);
  json["moe"]["num_shared_experts"] = 1;
  EXPECT_THAT(report(json), HasSubstr("unknown field 'num_shared_experts' in moe"));
  EXPECT_THAT(report(with(mistral_params(), {{"q_lora_rank", 1024}})),
              HasSubstr("unknown field 'q_lora_rank' in params.json"));
}

// --- DeepSeek: every so-many-th layer is a mixture.

TEST(DeepSeek, HasMixturesInEverySecondLayerWhereItsConfigSaysSo) {
  const ArchSpec spec = spec_of(with(config("deepseek-v3"), {{"moe_layer_freq", 2}}));
  const std::vector<std::size_t> layers = layer_sequence(spec);
  std::vector<bool> sparse;
  for (std::size_t i = 0; i < 7; ++i) {
    const Layer& layer = spec.layer.at(layers[i]).value;
    sparse.push_back(is_mixture(spec.feed_forward.at(layer.feed_forward->index).value));
  }
  EXPECT_EQ(sparse, (std::vector<bool>{false, false, false, false, true, false, true}));
}

// --- EXAONE 4: a pattern that is written out.

TEST(Exaone4, MayWriteItsPatternOut) {
  Json json = config("exaone-4.0-32b");
  json.erase("layer_types");
  json["sliding_window_pattern"] = 4;
  const ArchSpec numbered = spec_of(json);
  json["sliding_window_pattern"] = "LLLG";
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(numbered));
  for (const char* pattern : {"LLLLG", "GLLL", "LGLG", "LLL"}) {  // 64 layers
    json["sliding_window_pattern"] = pattern;
    EXPECT_THAT(report(json), HasSubstr("'sliding_window_pattern' is")) << pattern;
  }
}

// --- Qwen-VL: the text model, whose rotary sections are for pictures.

Json qwen_vl() {
  Json json = config("qwen2.5-7b");
  json["model_type"] = "qwen2_5_vl";
  json["rope_scaling"] = {{"type", "mrope"}, {"mrope_section", {16, 24, 24}}};
  json["vision_config"] = {{"depth", 32}};
  return json;
}

TEST(QwenVl, IsItsTextModel) {
  const ConfigLoad flat = load(qwen_vl());
  ASSERT_TRUE(flat.spec) << report(qwen_vl());
  EXPECT_TRUE(flat.spec->beside);
  EXPECT_EQ(architecture_of(*flat.spec), architecture_of(spec_of(config("qwen2.5-7b"))));
  Json inner = qwen_vl();
  inner.erase("model_type");
  inner["rope_scaling"]["rope_type"] = "default";
  const Json nested{{"model_type", "qwen2_5_vl"}, {"text_config", inner}};
  EXPECT_EQ(architecture_of(spec_of(nested)), architecture_of(*flat.spec));
}

TEST(QwenVl, OfTheThirdGenerationIsItsTextModelToo) {
  Json text = config("qwen3-4b");
  text["model_type"] = "qwen3_vl_text";
  text["rope_scaling"] = {
      {"rope_type", "default"}, {"mrope_section", {24, 20, 20}}, {"mrope_interleaved", true}};
  const Json nested{{"model_type", "qwen3_vl"}, {"text_config", text}};
  EXPECT_EQ(architecture_of(spec_of(nested)), architecture_of(spec_of(config("qwen3-4b"))));
}

TEST(QwenVl, HasAsManyKeyValueHeadsAsQueriesWhereTheyAreNull) {
  Json second = qwen_vl();
  Json third = config("qwen3-4b");
  third["model_type"] = "qwen3_vl_text";
  for (Json json : {second, third}) {
    Json stated = json;
    stated["num_key_value_heads"] = json.at("num_attention_heads");
    json["num_key_value_heads"] = nullptr;
    EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(spec_of(stated)));
  }
}

TEST(KimiK25, IsTheKimiK2WithinIt) {
  Json text = config("kimi-k2");
  text.erase("model_type");
  const Json nested{{"model_type", "kimi_k25"}, {"text_config", text}};
  EXPECT_EQ(architecture_of(spec_of(nested)), architecture_of(spec_of(config("kimi-k2"))));
}

// --- GPT-Neo: kinds of layers as sequences.

TEST(GptNeo, HasTheKindsOfLayersThatItsSequencesExpandTo) {
  Json json = config("gpt-neo-1.3b");
  json.erase("attention_layers");
  EXPECT_EQ(architecture_of(spec_of(json)), architecture_of(spec_of(config("gpt-neo-1.3b"))));
  json["attention_types"] = Json::parse(R"([[["global"], 24]])");
  EXPECT_EQ(spec_of(json).attention.size(), 1U);
  json["attention_types"] = Json::parse(R"([[["global"], 23]])");
  EXPECT_THAT(report(json), HasSubstr("'attention_types' lists 23 layers"));
  json["attention_types"] = Json::parse(R"([["global", 24]])");
  EXPECT_THAT(report(json), HasSubstr("'attention_types' is no list of sequences"));
  json = config("gpt-neo-1.3b");
  json["attention_layers"][0] = "local";
  EXPECT_THAT(report(json), HasSubstr("'attention_layers' is not what 'attention_types'"));
}

// --- Cohere's mixture: layers before the mixtures, shared experts that are averaged.

Json cohere_mixture() {
  return {{"model_type", "cohere2_moe"}, {"hidden_size", 64},       {"num_hidden_layers", 6},
          {"num_attention_heads", 4},    {"intermediate_size", 32}, {"vocab_size", 100},
          {"first_k_dense_replace", 2},  {"num_shared_experts", 2}, {"sliding_window_pattern", 2}};
}

TEST(Cohere2Moe, RotatesItsDenseLayersWithoutAWindow) {
  const ArchSpec spec = spec_of(cohere_mixture());
  std::vector<std::string> kinds;
  for (const std::size_t layer : layer_sequence(spec)) kinds.push_back(spec.layer.at(layer).name);
  EXPECT_EQ(kinds, (std::vector<std::string>{"global_rope_dense", "global_rope_dense", "local_moe",
                                             "global_moe", "local_moe", "global_moe"}));
}

TEST(Cohere2Moe, AveragesOrAddsItsSharedExperts) {
  const auto of = [](const Json& json) {
    const ArchSpec spec = spec_of(json);
    for (const auto& [name, feed] : spec.feed_forward) {
      if (is_mixture(feed)) return std::get<MixtureFeedForward>(feed);
    }
    throw std::logic_error("no mixture");
  };
  EXPECT_EQ(of(cohere_mixture()).shared_width, 64);
  EXPECT_EQ(of(cohere_mixture()).sum_multiplier, 0.5);
  const Json sum = with(cohere_mixture(), {{"shared_expert_combination_strategy", "sum"}});
  EXPECT_FALSE(of(sum).sum_multiplier);
  EXPECT_THAT(report(with(cohere_mixture(), {{"shared_expert_combination_strategy", "max"}})),
              HasSubstr("supported: average, sum"));
}

TEST(Cohere2Moe, HasAnRmsNormWhereItsEpsilonIsStated) {
  EXPECT_EQ(spec_of(cohere_mixture()).norm.kind, NormKind::layer);
  const ArchSpec rms = spec_of(with(cohere_mixture(), {{"rms_norm_eps", 1e-6}}));
  EXPECT_EQ(rms.norm.kind, NormKind::rms);
  EXPECT_EQ(rms.norm.epsilon, 1e-6);
}

}  // namespace
}  // namespace llmarch::spec_test
