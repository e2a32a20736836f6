// What a repository holds beside the text model. Counts are those of the published checkpoints.
#include <gmock/gmock.h>

#include "sim/cost/beside.h"
#include "sim/graph/lower.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

Json outer(const std::string& type, const Json& text, const Json& vision) {
  return {{"model_type", type}, {"text_config", text}, {"vision_config", vision}};
}

struct Counts {
  std::int64_t tower, projector;
  bool operator==(const Counts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.tower << " + " << counts.projector;
}

Counts counts_of(const Json& config) {
  const ArchSpec spec = spec_of(config);
  if (!spec.beside) return {};
  return {spec.beside->vision_tower.value_or(0).value(),
          spec.beside->projector.value_or(0).value()};
}

Json vicuna() {
  return {{"model_type", "llama"}, {"vocab_size", 32064}};
}

TEST(AVisionTower, OfGemma3IsASigLipWithAMatrixAndANorm) {
  EXPECT_EQ(counts_of(config("gemma-3-4b")),
            (Counts{416'866'032, 2'950'272}));  // 1152 x 2560 + 1152
}

TEST(AVisionTower, OfMistralSmallIsAPixtral) {
  EXPECT_EQ(counts_of(config("mistral-small-3.1-24b")), (Counts{403'305'472, 35'652'608}));
}

// Both tests hold the sum to that of the checkpoints: 871,932,416 and 303,507,456 + 20,979,712.
TEST(AVisionTower, OfLlama4ShufflesPixels) {
  Json text = config("llama-4-scout");
  if (text.contains("text_config")) text = text.at("text_config");
  const Json vision{
      {"hidden_size", 1408},          {"image_size", 336},        {"intermediate_size", 5632},
      {"num_hidden_layers", 34},      {"patch_size", 14},         {"projector_input_dim", 4096},
      {"projector_output_dim", 4096}, {"vision_output_dim", 4096}};
  EXPECT_EQ(counts_of(outer("llama4", text, vision)), (Counts{850'960'896, 20'971'520}));
}

TEST(AVisionTower, OfLlavaIsAClip) {
  const Json vision{
      {"model_type", "clip_vision_model"}, {"hidden_size", 1024},     {"image_size", 336},
      {"intermediate_size", 4096},         {"num_hidden_layers", 24}, {"patch_size", 14}};
  EXPECT_EQ(counts_of(outer("llava", vicuna(), vision)), (Counts{303'507'456, 20'979'712}));
}

TEST(AVisionTower, OfPaliGemmaIsASigLipOfSmallPictures) {
  const Json text{{"model_type", "gemma"}, {"hidden_size", 2048}};
  const Json vision{{"model_type", "siglip_vision_model"},
                    {"hidden_size", 1152},
                    {"intermediate_size", 4304},
                    {"num_hidden_layers", 27},
                    {"patch_size", 14}};
  EXPECT_EQ(counts_of(outer("paligemma", text, vision)), (Counts{412'442'352, 2'361'344}));
}

// With the merger 675,759,104, 676,550,144 and 576,388,336.
TEST(AVisionTower, OfQwenMergesPatches) {
  const Json text = config("qwen2.5-7b");
  const Json second{{"depth", 32}, {"embed_dim", 1280}, {"hidden_size", 3584}, {"mlp_ratio", 4}};
  EXPECT_EQ(counts_of(outer("qwen2_vl", text, second)), (Counts{631'183'360, 44'575'744}));
  const Json half{
      {"depth", 32}, {"hidden_size", 1280}, {"intermediate_size", 3420}, {"out_hidden_size", 3584}};
  EXPECT_EQ(counts_of(outer("qwen2_5_vl", text, half)), (Counts{631'975'680, 44'574'464}));
  Json third_text = config("qwen3-8b");
  third_text["model_type"] = "qwen3_vl_text";
  const Json third{{"depth", 27},
                   {"hidden_size", 1152},
                   {"out_hidden_size", 4096},
                   {"deepstack_visual_indexes", {8, 16, 24}}};
  EXPECT_EQ(counts_of(outer("qwen3_vl", third_text, third)), (Counts{415'891'440, 160'496'896}));
}

// Their repositories hold 885,429,488 and 1,291,212,016 parameters beside the text model.
TEST(WhatQwen36HoldsBesideItsTextModel, IsATowerAMergerAndAPredictionLayer) {
  for (const auto& [model, merger, all] :
       {std::tuple{"qwen3.6-27b", 44'838'656, 885'429'488},
        std::tuple{"qwen3.6-35b-a3b", 30'679'808, 1'291'212'016}}) {
    const ArchSpec spec = spec_of(config(model));
    EXPECT_EQ(counts_of(config(model)), (Counts{415'891'440, merger}));
    const OpGraph layer = lower_prediction_layer(spec);
    EXPECT_EQ(sum_of(beside_parameters(spec, &layer)), Elements(all)) << model;
  }
}

TEST(AVisionTower, ThatIsNotKnownIsNamedAndNotCounted) {
  const Json config = outer("some_vision_model", vicuna(), {{"depth", 3}});
  EXPECT_FALSE(spec_of(config).beside);
  EXPECT_THAT(load(config).notes,
              Contains("the parts of some_vision_model beside its text model are not counted"));
  const Json other = outer("llava", vicuna(), {{"model_type", "siglip_vision_model"}});
  EXPECT_FALSE(spec_of(other).beside);
}

TEST(AVisionTower, RefusesSizesThatAreNone) {
  Json wrong = config("gemma-3-4b");
  wrong["vision_config"]["hidden_size"] = -1;
  EXPECT_THAT(report(wrong), HasSubstr("'hidden_size' in vision_config is -1"));
  wrong["vision_config"] = 3;
  EXPECT_THAT(report(wrong),
              HasSubstr("'vision_config' in the config is 3, and must be an object"));
}

TEST(AVisionTower, SaysWhatItsClassFills) {
  EXPECT_THAT(load(config("gemma-3-4b")).filled,
              Contains("num_channels = 3 (the tower's default)"));
}

// DeepSeek-V3's: a layer of 11,507,286,272, 2 x 7168 x 7168 for the projection, 3 x 7168 of norms.
TEST(PredictionLayers, AreLayersOfTheLastKindWithAProjection) {
  const ArchSpec spec = spec_of(config("deepseek-v3"));
  EXPECT_EQ(spec.beside->prediction_layers, 1);
  const OpGraph layer = lower_prediction_layer(spec);
  const auto beside = beside_parameters(spec, &layer);
  ASSERT_EQ(beside.size(), 1U);
  EXPECT_EQ(beside.front().elements, Elements(11'610'068'224));
}

// DeepSeek-V3.2's attends with an index too: 13,959,424 parameters more than that of DeepSeek-V3.
// Its repository holds 685,355,329,792, of which 1,853,358,080 are the embedding and the head
// again.
TEST(PredictionLayers, HaveTheIndexOfTheLastLayer) {
  const ArchSpec spec = spec_of(config("deepseek-v3.2"));
  const OpGraph layer = lower_prediction_layer(spec);
  EXPECT_EQ(sum_of(beside_parameters(spec, &layer)), Elements(11'610'068'224 + 13'959'424));
}

// Each is what the repository holds beside the text model, less an embedding and a head that are
// stored again. Step's three have heads of their own, and ERNIE's has no norm before the head.
TEST(PredictionLayers, AreWhatTheirRepositoriesHold) {
  for (const auto& [model, layers, parameters] :
       {std::tuple{"glm-4.7-flash", 1, 31'221'488'576 - 29'943'393'920 - 2 * 154'880 * 2048},
        std::tuple{"glm-5", 1, 753'864'139'008 - 743'911'218'432},
        std::tuple{"glm-5.2", 1, 753'329'940'480 - 743'377'019'904},
        std::tuple{"hy3-preview", 1, 298'786'155'776 - 295'033'543'488},
        std::tuple{"longcat-flash", 1, 561'862'880'256 - 560'664'980'480 - 131'072 * 6144},
        std::tuple{"nemotron-3-super-120b", 1, 123'611'033'088 - 120'668'707'840},
        std::tuple{"qwen3-next-80b-a3b", 1, 81'324'862'720 - 79'674'391'296},
        std::tuple{"ernie-4.5-300b-a47b", 1, 300'474'051'776 - 299'484'163'264},
        std::tuple{"step-3.5-flash", 3, 199'384'301'376 - 196'956'130'368}}) {
    const ArchSpec spec = spec_of(with(config(model), {{"num_nextn_predict_layers", layers}}));
    const OpGraph layer = lower_prediction_layer(spec);
    EXPECT_EQ(sum_of(beside_parameters(spec, &layer)), Elements(parameters)) << model;
  }
}

// What is stated otherwise than in the published configs is not known.
TEST(PredictionLayers, OfOtherBlocksThanThoseThatAreKnownAreNotCounted) {
  EXPECT_FALSE(
      spec_of(with(config("nemotron-3-super-120b"), {{"mtp_hybrid_override_pattern", "*M"}}))
          .beside);
  Json step = config("step-3.5-flash");
  step["layer_types"].back() = "full_attention";
  EXPECT_FALSE(spec_of(step).beside);
  EXPECT_THAT(load(step).notes,
              Contains("num_nextn_predict_layers = 3: these layers of step3p5 are not counted"));
}

TEST(PredictionLayers, OfTypesWhoseLayersAreNotKnownAreNamed) {
  const Json more = with(config("qwen3-8b"), {{"num_nextn_predict_layers", 2}});
  EXPECT_FALSE(spec_of(more).beside);
  EXPECT_THAT(load(more).notes,
              Contains("num_nextn_predict_layers = 2: these layers of qwen3 are not counted"));
  EXPECT_THAT(load(with(more, {{"num_nextn_predict_layers", 0}})).notes, IsEmpty());
  EXPECT_THAT(load(config("minimax-m2")).notes,
              Contains("num_mtp_modules = 3: these layers of minimax_m2 are not counted"));
}

}  // namespace
}  // namespace llmarch::spec_test
