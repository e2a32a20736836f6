// What stands around the fields of a decoder: configs in configs, classes with other heads, fields
// that no class has, and files that describe no model.
#include <gmock/gmock.h>

#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const Json& plain_llama() {
  static const Json base = config("llama-3.1-8b");
  return base;
}

TEST(AFieldThatTheTypeDoesNotHave, IsPassedOverAndReported) {
  const Json more =
      with(plain_llama(), {{"unsloth_fixed", true}, {"attn_logit_softcapping", 50.0}});
  EXPECT_EQ(architecture_of(spec_of(more)), architecture_of(spec_of(plain_llama())));
  EXPECT_THAT(load(more).passed_over, ElementsAre("attn_logit_softcapping", "unsloth_fixed"));
  EXPECT_THAT(load(plain_llama()).passed_over, IsEmpty());
}

TEST(AFieldThatTheTypeDoesNotHave, IsRefusedBesideCodeOfTheRepositorysOwn) {
  const Json own = with(
      plain_llama(), {{"auto_map", {{"AutoConfig", "configuration_own.OwnConfig"}}}, {"loops", 2}});
  EXPECT_EQ(
      report(own),
      R"(config.json: error: unknown field 'loops' in the config, beside code of the repository's own (auto_map)
      = that code may read it: --pass-over loops if it does not
)");
  const ConfigLoad passed = load_hf_config(own.dump(), "my-model", {.pass_over = {"loops"}});
  ASSERT_TRUE(passed.spec);
  EXPECT_EQ(architecture_of(*passed.spec), architecture_of(spec_of(plain_llama())));
  EXPECT_THAT(passed.passed_over, ElementsAre("loops"));
}

TEST(AFieldThatTheTypeDoesNotHave, IsNoSlipOfThePenWhereTheOtherFieldHasNoEffect) {
  const Json more = with(config("gpt-j-6b"), {{"num_layers", 28}});  // looks like num_labels
  EXPECT_THAT(load(more).passed_over, ElementsAre("num_layers"));
}

TEST(AFieldThatTheTypeDoesNotHave, IsNoSlipOfThePenForAFieldWhoseNameItHoldsWhole) {
  const Json more = with(plain_llama(), {{"v_head_dim", 64}});
  EXPECT_THAT(load(more).passed_over, ElementsAre("v_head_dim"));
}

TEST(AFieldOfTheLibrarysBaseClass, IsRefusedWhereItWouldChangeTheModel) {
  EXPECT_EQ(report(with(plain_llama(),
                        {{"pruned_heads", Json::object()}, {"add_cross_attention", false}})),
            "");
  EXPECT_NE(report(with(plain_llama(), {{"pruned_heads", {{"0", {1}}}}})), "");
  EXPECT_NE(report(with(plain_llama(), {{"add_cross_attention", true}})), "");
}

TEST(ATextModel, IsFoundWhereverItStands) {
  for (const char* place : {"text_config", "llm_config", "language_config"}) {
    const Json outer{{"model_type", "some_vision_model"}, {place, plain_llama()}};
    EXPECT_EQ(architecture_of(spec_of(outer)), architecture_of(spec_of(plain_llama()))) << place;
    EXPECT_THAT(load(outer).notes,
                Contains(std::string("the text model of some_vision_model: its ") + place));
  }
  const Json omni{{"thinker_config", {{"text_config", plain_llama()}}}};
  EXPECT_EQ(architecture_of(spec_of(omni)), architecture_of(spec_of(plain_llama())));
  EXPECT_THAT(load(omni).notes, Contains("the text model: its thinker_config.text_config"));
}

TEST(ATextModel, MayHaveTheDecoderOfAnotherType) {
  const Json phi = config("phi-4");
  const Json phi4mm =
      with(phi, {{"model_type", "phi4mm"}, {"vision_lora", {{"r", 256}}}, {"embd_layer", {}}});
  EXPECT_EQ(architecture_of(spec_of(phi4mm)), architecture_of(spec_of(phi)));
  EXPECT_THAT(load(phi4mm).notes, Contains("phi4mm: its decoder is that of phi3"));
  const Json exaone = config("exaone-4.0-32b");
  const Json outer{{"model_type", "exaone4_5"},
                   {"text_config",
                    with(exaone, {{"model_type", "exaone4_5_text"}, {"mtp_share_layers", true}})}};
  EXPECT_EQ(architecture_of(spec_of(outer)), architecture_of(spec_of(exaone)));
}

TEST(ATextModel, IsTiedAsTheConfigAroundItSays) {
  Json outer{{"model_type", "gemma3"}, {"text_config", config("gemma-3-1b")}};
  EXPECT_EQ(spec_of(outer).head, Head::tied);
  outer["tie_word_embeddings"] = false;
  EXPECT_EQ(spec_of(outer).head, Head::separate);
  outer["text_config"]["tie_word_embeddings"] = true;
  EXPECT_EQ(spec_of(outer).head, Head::separate);
  EXPECT_THAT(
      load(outer).notes,
      Contains("tie_word_embeddings is false in the config and true in its text_config: the "
               "former holds"));
}

Json of_class(const std::string& name) {
  return with(plain_llama(), {{"architectures", {name}}});
}

TEST(TheHead, IsThatOfTheClassThatTheConfigNames) {
  EXPECT_EQ(spec_of(of_class("LlamaForCausalLM")).head, Head::separate);
  EXPECT_EQ(spec_of(of_class("LlamaModel")).head, Head::none);
  EXPECT_THAT(load(of_class("LlamaModel")).notes, Contains("LlamaModel: there is no head"));
  const Json sorting = of_class("LlamaForSequenceClassification");
  EXPECT_EQ(spec_of(sorting).head_labels, Integer(2));
  EXPECT_EQ(spec_of(with(sorting, {{"num_labels", 1}})).head_labels, Integer(1));
  EXPECT_EQ(
      spec_of(with(sorting, {{"id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}}})).head_labels,
      Integer(3));
}

TEST(TheHead, IsAskedForWhereItsClassIsNotKnown) {
  const Json reward = of_class("LlamaForProcessRewardModel");
  EXPECT_EQ(report(reward),
            R"(config.json: error: the head of 'LlamaForProcessRewardModel' is not known
      = say which there is: --head none, tied or separate
)");
  const ConfigLoad said = load_hf_config(reward.dump(), "my-model", {.head = Head::none});
  ASSERT_TRUE(said.spec);
  EXPECT_EQ(said.spec->head, Head::none);
}

TEST(AFileThatDescribesNoModel, IsRecognised) {
  EXPECT_EQ(report({{"peft_type", "LORA"}, {"r", 16}, {"base_model_name_or_path", "org/base"}}),
            R"(config.json: error: this is an adapter (LORA of rank 16) for 'org/base', and no model
      = name the model that it adapts, and this file after it: MODEL+adapter=FILE
)");
  EXPECT_EQ(
      report(with(of_class("LlamaForCausalLMEagle3"), {{"draft_vocab_size", 32000}})),
      R"(config.json: error: 'LlamaForCausalLMEagle3' is a draft model, which proposes tokens to another one
      = draft models are not priced: name the config of the model that it drafts for
)");
}

}  // namespace
}  // namespace llmarch::spec_test
