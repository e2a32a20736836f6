// Decode with drafts of a model's own prediction layers, against sums that can be done by hand.
#include "sim/study/drafting.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/study/beside_memory.h"
#include "sim/study/fit.h"
#include "sim/study/point_figures.h"
#include "sim/study/quantities.h"
#include "tests/support/model_specs.h"
#include "tests/support/tiny_models.h"
#include "tests/support/toy_machine.h"

namespace llmarch {
namespace {

Model predicting(ArchSpec spec) {
  if (!spec.beside) spec.beside.emplace();
  spec.beside->prediction_layers = 1;
  return make_model(std::move(spec), {});
}

DraftedStep step_of(const Model& model, const Setting& setting) {
  return drafted_step(model, stored(model, setting), setting);
}

TEST(TokensPerStep, AreOneMoreForEachDraftThatIsReached) {
  EXPECT_EQ(tokens_per_step(0, 0.85), 1);
  EXPECT_EQ(tokens_per_step(1, 0.85), 1.85);
  EXPECT_EQ(tokens_per_step(3, 0.5), 1 + 0.5 + 0.25 + 0.125);
  EXPECT_EQ(tokens_per_step(4, 1), 5);
  EXPECT_EQ(tokens_per_step(4, 2.8), 3.8);  // an average, and no share
}

// The tiny model has one layer, as a prediction layer does, with the same head. A prediction layer
// multiplies a matrix more, which leads from two vectors as wide as the stream to one, and has two
// norms more than the model.
TEST(APredictionLayer, WorksAsALayerWithTheHeadAndTheProjectionOfTwoVectors) {
  const Model model = predicting(tiny_model(tiny_grouped(), tiny_dense()));
  const Integer hidden = model.spec.hidden;
  const Work one = predict_total(model.graph, decode(7, 1));
  const Work draft = predict_total(*model.prediction, decode(7, 1));
  EXPECT_EQ(draft.matrix, one.matrix + Flops(2 * 2 * hidden * hidden));
  EXPECT_EQ(draft.weights_read, one.weights_read + Elements(2 * hidden * hidden + 2 * hidden));
  EXPECT_EQ(draft.cache_read, one.cache_read);
  EXPECT_EQ(own_parameters(*model.spec.beside, *model.prediction),
            model.parameters.total + Elements(2 * hidden * hidden + 2 * hidden) -
                Elements(2 * model.spec.vocabulary * hidden));
}

// Its own layer and its own head, tied or not, and the final norm only where it has one.
TEST(APredictionLayer, MayBeOfBlocksOfItsOwnWithAHeadOfItsOwn) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_mixture());
  spec.feed_forward.push_back({"dense", tiny_dense()});
  const Reference attention{spec.attention.front().name, 0};
  spec.beside.emplace();
  spec.beside->prediction_layer = PredictionLayer{attention, {"dense", 1}};
  const auto own = [](const ArchSpec& of) {
    const Model model = predicting(of);
    return own_parameters(*model.spec.beside, *model.prediction);
  };
  const ArchSpec dense = tiny_model(tiny_grouped(), tiny_dense());
  EXPECT_EQ(own(spec), own(dense));
  const Elements shared = own(spec);
  spec.head = Head::tied;
  spec.beside->prediction_layer->own_head = true;
  EXPECT_EQ(own(spec), shared + Elements(spec.vocabulary * spec.hidden));
  spec.beside->prediction_layer->no_final_norm = true;
  EXPECT_EQ(own(spec), shared + Elements(spec.vocabulary * spec.hidden - spec.hidden));
}

// Two drafts, the first of which attends to 7 keys and the second to 8; the model runs on three
// tokens, which attend to 7, 8 and 9.
TEST(ADraftedStep, IsOneRunOfTheModelAndOneOfAPredictionLayerForEachDraft) {
  const Model model = predicting(tiny_model(tiny_grouped(), tiny_dense()));
  const DraftedStep step = step_of(model, {.context = 7, .draft = 2, .accepted = 0.5});
  Work runs = predict_total(*model.prediction, decode(7, 1));
  runs += predict_total(*model.prediction, decode(8, 1));
  EXPECT_EQ(step.drafts, runs);
  Integer matrix;
  for (const std::int64_t context : {7, 8, 9}) {
    matrix += predict_total(model.graph, decode(context, 1)).matrix.amount();
  }
  EXPECT_EQ(step.model.matrix, Flops(matrix));
  EXPECT_EQ(step.tokens, 1.75);
  const auto per_token = [](Integer amount) {
    return static_cast<std::int64_t>(std::llround(amount.as_double() / 1.75));
  };
  EXPECT_EQ(step.flops_per_token(), Flops(per_token(step.total().flops().amount())));
  EXPECT_EQ(step.bytes_per_token(), Bytes(per_token(step.total().bytes().amount())));
}

TEST(ADraftedStep, IsAPlainStepWhereNothingIsDrafted) {
  const Model without = make_model(tiny_model(tiny_grouped(), tiny_dense()), {});
  for (const Setting& setting : {Setting{.context = 7, .batch = 3, .draft = 2, .accepted = 0.5},
                                 Setting{.context = 7, .batch = 3}}) {
    const DraftedStep step = step_of(without, setting);
    EXPECT_EQ(step.tokens, 3);
    EXPECT_EQ(step.total(), predict_total(without.graph, decode(7, 3)));
  }
}

TEST(AFloorOfADraftedStep, IsThatOfAPlainStepWhereNothingIsDrafted) {
  const Model model = predicting(tiny_model(tiny_grouped(), tiny_mixture()));
  const Setting setting{.context = 7, .batch = 3, .machine = toy_machine()};
  const ModelCurves curves(model, setting);
  const double plain = PointFigures(curves, 7, 7).decode_floor().seconds;
  EXPECT_NEAR(step_of(model, setting).floor.value().seconds / plain, 1, 1e-12);
}

// The model runs on three tokens, which may all choose the same 2 of 8 experts of 3 x 9 x 10
// elements: 540. The book has the 4.625 that are expected, in 1,249.
TEST(AFloorOfADraftedStep, ReadsTheExpertsOfOneToken) {
  const Model model = predicting(tiny_model(tiny_grouped(), tiny_mixture()));
  const DraftedStep step = step_of(model, {.context = 7,
                                           .weights = DType::bf16,
                                           .draft = 2,
                                           .accepted = 0.5,
                                           .machine = toy_machine()});
  const double expected = step.total().bytes().amount().as_double();
  EXPECT_NEAR(step.floor.value().memory_seconds * 1e12, expected - 2 * (1'249 - 540), 1e-3);
}

QuantityValue value_of(const char* quantity, const Model& model, const Setting& setting) {
  const ModelCurves curves(model, setting);
  return evaluate(*find_quantity(quantity), curves, setting.context, setting.context);
}

TEST(QuantitiesOfDrafting, AreThoseOfTheStep) {
  const Model model = predicting(tiny_model(tiny_grouped(), tiny_dense()));
  const Setting setting{.context = 9, .batch = 2, .draft = 1, .accepted = 0.9};
  const DraftedStep step = step_of(model, setting);
  EXPECT_EQ(as_double(value_of("tokens_per_step", model, setting)), 2 * 1.9);
  EXPECT_EQ(value_of("flops_per_token", model, setting),
            QuantityValue(step.flops_per_token().amount()));
  EXPECT_EQ(value_of("bytes_per_token", model, setting),
            QuantityValue(step.bytes_per_token().amount()));
}

// DeepSeek-V3 caches latents of 512 + 64 in bf16, in 61 layers and in one that predicts.
TEST(MemoryBesideTheModel, HoldsTheCacheOfPredictionLayers) {
  const Model model = make_model(model_spec("deepseek-v3"), {});
  const Setting setting{.context = 1000, .batch = 3};
  const BesideMemory beside(model, stored(model, setting), setting);
  EXPECT_EQ(beside.cache_per_token(), Bytes((512 + 64) * 2));
  EXPECT_EQ(beside.cache_held(1000), Bytes(3 * 1000 * (512 + 64) * 2));
  EXPECT_EQ(beside.weights(), Bytes(2 * 11'610'068'224));
  const Footprint needed = footprint(model, setting);
  EXPECT_EQ(needed.cache, Bytes(62 * 3 * 1000 * (512 + 64) * 2));
}

}  // namespace
}  // namespace llmarch
