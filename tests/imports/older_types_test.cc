// Model types that makers published with code of their own, and types that are another's under
// other names. Totals are those of the published checkpoints.
#include <gmock/gmock.h>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Contains;
using testing::HasSubstr;

const Json kChatGlm3{{"architectures", {"ChatGLMModel"}},
                     {"model_type", "chatglm"},
                     {"add_bias_linear", false},
                     {"add_qkv_bias", true},
                     {"apply_residual_connection_post_layernorm", false},
                     {"ffn_hidden_size", 13696},
                     {"hidden_size", 4096},
                     {"kv_channels", 128},
                     {"layernorm_epsilon", 1e-05},
                     {"multi_query_attention", true},
                     {"multi_query_group_num", 2},
                     {"num_attention_heads", 32},
                     {"num_layers", 28},
                     {"original_rope", true},
                     {"padded_vocab_size", 65024},
                     {"post_layer_norm", true},
                     {"rmsnorm", true},
                     {"seq_length", 8192},
                     {"tie_word_embeddings", false}};
const Json kQwen{{"architectures", {"QWenLMHeadModel"}},
                 {"model_type", "qwen"},
                 {"hidden_size", 4096},
                 {"intermediate_size", 22016},
                 {"kv_channels", 128},
                 {"layer_norm_epsilon", 1e-06},
                 {"no_bias", true},
                 {"num_attention_heads", 32},
                 {"num_hidden_layers", 32},
                 {"rotary_emb_base", 10000},
                 {"rotary_pct", 1.0},
                 {"seq_length", 8192},
                 {"tie_word_embeddings", false},
                 {"use_dynamic_ntk", true},
                 {"use_logn_attn", true},
                 {"vocab_size", 151936}};
const Json kMiniCpm{{"architectures", {"MiniCPMForCausalLM"}},
                    {"model_type", "minicpm"},
                    {"hidden_act", "silu"},
                    {"hidden_size", 2304},
                    {"intermediate_size", 5760},
                    {"max_position_embeddings", 4096},
                    {"num_attention_heads", 36},
                    {"num_hidden_layers", 40},
                    {"num_key_value_heads", 36},
                    {"rms_norm_eps", 1e-05},
                    {"rope_scaling", nullptr},
                    {"scale_emb", 12},
                    {"dim_model_base", 256},
                    {"scale_depth", 1.4},
                    {"vocab_size", 122753}};
const Json kExaone{{"architectures", {"ExaoneForCausalLM"}},
                   {"model_type", "exaone"},
                   {"auto_map", {{"AutoConfig", "configuration_exaone.ExaoneConfig"}}},
                   {"activation_function", "silu"},
                   {"embed_dropout", 0.0},
                   {"head_dim", 128},
                   {"hidden_size", 4096},
                   {"intermediate_size", 14336},
                   {"layer_norm_epsilon", 1e-05},
                   {"max_position_embeddings", 32768},
                   {"num_attention_heads", 32},
                   {"num_key_value_heads", 8},
                   {"num_layers", 32},
                   {"rope_scaling", nullptr},
                   {"rope_theta", 1000000.0},
                   {"tie_word_embeddings", false},
                   {"vocab_size", 102400}};

const Json kMpt{{"architectures", {"MPTForCausalLM"}},
                {"model_type", "mpt"},
                {"attn_config",
                 {{"alibi", true},
                  {"attn_type", "multihead_attention"},
                  {"clip_qkv", nullptr},
                  {"qk_ln", false},
                  {"softmax_scale", nullptr}}},
                {"d_model", 4096},
                {"expansion_ratio", 4},
                {"max_seq_len", 2048},
                {"n_heads", 32},
                {"n_layers", 32},
                {"no_bias", true},
                {"vocab_size", 50432}};
const Json kDbrx{
    {"architectures", {"DbrxForCausalLM"}},
    {"model_type", "dbrx"},
    {"attn_config", {{"clip_qkv", 8}, {"kv_n_heads", 8}, {"rope_theta", 500000}}},
    {"ffn_config", {{"ffn_hidden_size", 10752}, {"moe_num_experts", 16}, {"moe_top_k", 4}}},
    {"d_model", 6144},
    {"max_seq_len", 32768},
    {"n_heads", 48},
    {"n_layers", 40},
    {"tie_word_embeddings", false},
    {"vocab_size", 100352}};

// One layer whole, one without attention, and one without a feed-forward.
Json small_nas() {
  const auto attention = [](const Json& group) {
    return Json{{"n_heads_in_group", group}, {"no_op", group.is_null()}};
  };
  const auto ffn = [](const Json& multiple) {
    return Json{{"ffn_mult", multiple}, {"no_op", multiple.is_null()}};
  };
  return {{"model_type", "nemotron-nas"},
          {"block_configs",
           {{{"attention", attention(8)}, {"ffn", ffn(5.25)}},
            {{"attention", attention(nullptr)}, {"ffn", ffn(0.5)}},
            {{"attention", attention(8)}, {"ffn", ffn(nullptr)}}}},
          {"hidden_act", "silu"},
          {"hidden_size", 8192},
          {"intermediate_size", nullptr},
          {"max_position_embeddings", 131072},
          {"num_attention_heads", 64},
          {"num_hidden_layers", 3},
          {"num_key_value_heads", nullptr},
          {"rms_norm_eps", 1e-05},
          {"rope_scaling", nullptr},
          {"rope_theta", 500000.0},
          {"tie_word_embeddings", false},
          {"vocab_size", 128256}};
}

Elements total_of(const Json& config) {
  return predict_parameters(lower(spec_of(config))).total;
}

TEST(OlderTypes, HaveTheParametersOfTheirCheckpoints) {
  EXPECT_EQ(total_of(kChatGlm3), Elements(6'243'584'000));
  EXPECT_EQ(total_of(kQwen), Elements(7'721'324'544));
  EXPECT_EQ(total_of(kMiniCpm), Elements(2'724'880'896));
  EXPECT_EQ(total_of(kExaone), Elements(7'818'448'896));
  EXPECT_EQ(total_of(kMpt), Elements(6'649'286'656));
  EXPECT_EQ(total_of(kDbrx), Elements(131'596'523'520));
}

TEST(OlderTypes, AreNotLoadedByNamesThatAreNotKnown) {
  EXPECT_EQ(load(kChatGlm3).naming, std::nullopt);
  EXPECT_EQ(load(kMiniCpm).naming, std::nullopt);
}

TEST(ChatGlm, RotatesHalfOfEachHeadFasterByItsRatio) {
  const ArchSpec spec = spec_of(with(kChatGlm3, {{"rope_ratio", 500}}));
  const auto& attention = std::get<GroupedAttention>(spec.attention.front().value);
  EXPECT_EQ(attention.rotary->dim, 64);           // 128 / 2
  EXPECT_EQ(attention.rotary->theta, 5'000'000);  // 500 x 10,000
  EXPECT_THAT(report(with(kChatGlm3, {{"post_layer_norm", false}})),
              HasSubstr("'post_layer_norm' in the config is false; only true is supported"));
}

TEST(MiniCpm, MultipliesEmbeddingsResidualsAndLogits) {
  const ArchSpec spec = spec_of(kMiniCpm);
  EXPECT_EQ(spec.embedding_multiplier, 12);
  EXPECT_NEAR(*spec.residual_multiplier, 0.221359, 1e-6);  // 1.4 / root of 40
  EXPECT_NEAR(*spec.logit_multiplier, 0.111111, 1e-6);     // 256 / 2,304
  EXPECT_NE(report(with(kMiniCpm, {{"num_experts", 8}})), "");
}

TEST(Dbrx, DividesTheWeightsOfExpertsByTheirSumOrNotAtAll) {
  const auto with_norm = [](const Json& norm) {
    return with(kDbrx, {{"ffn_config",
                         with(kDbrx["ffn_config"], {{"moe_normalize_expert_weights", norm}})}});
  };
  const auto normalized = [](const Json& config) {
    const ArchSpec spec = spec_of(config);
    return std::get<MixtureFeedForward>(spec.feed_forward.front().value).router.normalized_weights;
  };
  EXPECT_TRUE(normalized(kDbrx));
  EXPECT_TRUE(normalized(with_norm(1)));
  EXPECT_FALSE(normalized(with_norm(nullptr)));
  EXPECT_THAT(report(with_norm(2)), HasSubstr("'moe_normalize_expert_weights' in ffn_config is 2"));
}

// 8 key/value heads; widths of 2/3 x 5.25 x 8192 = 28,672 and 2/3 x 0.5 x 8192, up to 256: 2,816.
TEST(NemotronNas, HasLayersThatLackAttentionOrTheFeedForward) {
  const ArchSpec spec = spec_of(small_nas());
  ASSERT_EQ(spec.layer.size(), 3U);
  EXPECT_TRUE(spec.layer[0].value.attention && spec.layer[0].value.feed_forward);
  EXPECT_FALSE(spec.layer[1].value.attention);
  EXPECT_FALSE(spec.layer[2].value.feed_forward);
  EXPECT_EQ(std::get<GroupedAttention>(spec.attention.at(0).value).kv_heads, 8);
  EXPECT_EQ(std::get<DenseFeedForward>(spec.feed_forward.at(0).value).width, 28'672);
  EXPECT_EQ(std::get<DenseFeedForward>(spec.feed_forward.at(1).value).width, 2'816);
  // Embedding and head, the last norm; attention (twice) with its norm; feed-forwards with theirs.
  const std::int64_t attention = 2 * 8192 * 8192 + 2 * 8192 * 1024 + 8192;
  const std::int64_t ffn = 3 * 8192 * (28'672 + 2'816) + 2 * 8192;
  EXPECT_EQ(total_of(small_nas()), Elements(2 * 128'256 * 8192 + 8192 + 2 * attention + ffn));
}

TEST(NemotronNas, RefusesPartsOfOtherForms) {
  Json linear = small_nas();
  linear["block_configs"][0]["attention"]["replace_with_linear"] = true;
  EXPECT_THAT(report(linear), HasSubstr("'replace_with_linear'"));
  Json few = small_nas();
  few["num_hidden_layers"] = 4;
  EXPECT_THAT(report(few), HasSubstr("'block_configs' lists 3 layers, and num_hidden_layers = 4"));
}

TEST(AKindredType, IsReadAsTheTypeWhoseDecoderItHas) {
  const Json llama{{"model_type", "llama"},        {"head_dim", 128},
                   {"hidden_act", "silu"},         {"hidden_size", 4096},
                   {"intermediate_size", 14336},   {"max_position_embeddings", 32768},
                   {"num_attention_heads", 32},    {"num_hidden_layers", 32},
                   {"num_key_value_heads", 8},     {"rms_norm_eps", 1e-05},
                   {"rope_scaling", nullptr},      {"rope_theta", 1000000.0},
                   {"tie_word_embeddings", false}, {"vocab_size", 102400}};
  EXPECT_EQ(architecture_of(spec_of(kExaone)), architecture_of(spec_of(llama)));
  EXPECT_THAT(load(kExaone).notes, Contains("exaone: its decoder is that of llama"));
  EXPECT_EQ(load(kExaone).naming, std::nullopt);
}

TEST(AFixedField, MayListItsValueForEachLayer) {
  const Json fixed = with(config("qwen2.5-7b"), {{"is_causal", true}});
  EXPECT_EQ(report(fixed), "");
  EXPECT_EQ(report(with(fixed, {{"is_causal", {true, true}}})), "");
  EXPECT_NE(report(with(fixed, {{"is_causal", {true, false}}})), "");
  EXPECT_NE(report(with(fixed, {{"is_causal", false}})), "");
}

TEST(AHead, TakesItsBiasAndItsCapWithIt) {
  const Json model = with(config("phi-2"), {{"architectures", {"PhiModel"}}});
  EXPECT_FALSE(spec_of(model).head_bias);
  const Json sorted =
      with(config("gemma-2-2b"),
           {{"architectures", {"Gemma2ForSequenceClassification"}}, {"num_labels", 3}});
  EXPECT_EQ(spec_of(sorted).head_labels, 3);
  EXPECT_EQ(spec_of(sorted).logit_soft_cap, std::nullopt);
}

}  // namespace
}  // namespace llmarch::spec_test
