// Under which name, and in which rows of a tensor, each weight of a small model is looked for.
#include "kernels/weights/tensor_names.h"

#include <gtest/gtest.h>

#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

// The weight of that role in the only layer, as layer 3 of a model and copy 2.
TensorSource source(const ArchSpec& spec, WeightRole role, CheckpointNaming family) {
  const OpGraph graph = lower(spec);
  for (const Weight& weight : graph.weights) {
    if (weight.role == role) return tensor_source(graph, weight, family, "model.", 3, 2);
  }
  throw std::logic_error("the model has no such weight");
}

struct Rows {
  int stored, length, stride, offset;
  bool operator==(const Rows&) const = default;
};

Rows rows(const TensorSource& source) {
  const auto number = [](Integer integer) { return static_cast<int>(integer.value()); };
  return {number(source.stored_rows), number(source.length), number(source.stride),
          number(source.offset)};
}

ArchSpec biased_model() {
  GroupedAttention attention = tiny_grouped();
  attention.qkv_bias = true;
  return tiny_model(attention, tiny_dense());
}

TEST(ATensorOfALayer, IsNamedAfterThePrefixAndTheNumberOfTheLayer) {
  EXPECT_EQ(source(biased_model(), WeightRole::query, CheckpointNaming::decoder).name,
            "model.layers.3.self_attn.q_proj.weight");
  EXPECT_EQ(source(biased_model(), WeightRole::query, CheckpointNaming::gpt2).name,
            "model.h.3.attn.c_attn.weight");
}

TEST(ATensorOutsideOfLayers, HasThePrefixOnlyIfItBelongsToTheModelItself) {
  const ArchSpec spec = biased_model();
  EXPECT_EQ(source(spec, WeightRole::final_norm, CheckpointNaming::decoder).name,
            "model.norm.weight");
  EXPECT_EQ(source(spec, WeightRole::head, CheckpointNaming::decoder).name, "lm_head.weight");
}

TEST(ABiasWithoutAName, IsCalledAsTheWeightToWhoseResultItIsAdded) {
  EXPECT_EQ(source(biased_model(), WeightRole::key_bias, CheckpointNaming::decoder).name,
            "model.layers.3.self_attn.k_proj.bias");
}

// 4 query heads and 2 key/value heads of width 6: 24 + 12 + 12 rows.
TEST(FusedWeights, FollowOneAnother) {
  const ArchSpec spec = biased_model();
  const auto in_gpt2 = [&](WeightRole role) {
    return rows(source(spec, role, CheckpointNaming::gpt2));
  };
  EXPECT_EQ(in_gpt2(WeightRole::query), (Rows{48, 24, 48, 0}));
  EXPECT_EQ(in_gpt2(WeightRole::key), (Rows{48, 12, 48, 24}));
  EXPECT_EQ(in_gpt2(WeightRole::value), (Rows{48, 12, 48, 36}));
  EXPECT_EQ(in_gpt2(WeightRole::value_bias), (Rows{48, 12, 48, 36}));
}

// 3 heads; of each first the 5 rows of its key, then the 4 of its value.
TEST(FusedWeights, TakeTurnsHeadByHeadInLatentAttention) {
  const ArchSpec spec = tiny_model(tiny_latent(), tiny_dense());
  EXPECT_EQ(rows(source(spec, WeightRole::key_up, CheckpointNaming::decoder)), (Rows{27, 5, 9, 0}));
  EXPECT_EQ(rows(source(spec, WeightRole::value_up, CheckpointNaming::decoder)),
            (Rows{27, 4, 9, 5}));
}

TEST(Experts, AreTensorsOfTheirOwnOrOneTensorThatIsStacked) {
  const ArchSpec spec = tiny_model(tiny_grouped(), tiny_mixture());
  const TensorSource own = source(spec, WeightRole::expert_up, CheckpointNaming::decoder);
  EXPECT_EQ(own.name, "model.layers.3.mlp.experts.2.up_proj.weight");
  EXPECT_EQ(own.copies, 1);
  const TensorSource stacked = source(spec, WeightRole::expert_up, CheckpointNaming::llama4);
  EXPECT_EQ(stacked.name, "model.layers.3.feed_forward.experts.gate_up_proj");
  EXPECT_EQ(stacked.copies, 8);
  EXPECT_EQ(stacked.copy, 2);
  EXPECT_EQ(stacked.layout, StoredLayout::transposed);
  EXPECT_EQ(rows(stacked), (Rows{18, 9, 18, 9}));  // after the 9 rows of the gate
}

TEST(Norms, OfGemmaArePublishedLessOne) {
  const ArchSpec spec = biased_model();
  EXPECT_EQ(source(spec, WeightRole::final_norm, CheckpointNaming::gemma2).added, 1);
  EXPECT_EQ(source(spec, WeightRole::final_norm, CheckpointNaming::decoder).added, 0);
  EXPECT_EQ(source(spec, WeightRole::query, CheckpointNaming::gemma2).added, 0);
}

}  // namespace
}  // namespace llmarch
