#include "sim/study/explain.h"

#include <gtest/gtest.h>

#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

std::vector<LayerShare> shares(const char* quantity, const Model& model, const Setting& setting) {
  return shares_of_layers(*find_quantity(quantity), model, setting);
}

// Gemma 3 27B: 10 global layers with all 32,768 positions and 52 with a window of 1,024; an entry
// is a key and a value of 16 heads of 128, in two bytes each.
TEST(TheSharesOfLayers, OfAKvCacheAreThoseOfTheirReach) {
  const Model model = make_model(model_spec("gemma-3-27b"), {});
  Setting setting;
  setting.context = 32'768;
  const std::vector<LayerShare> of = shares("kv_bytes", model, setting);
  ASSERT_EQ(of.size(), 2U);
  for (const LayerShare& share : of) {
    const bool global = share.block == "global";
    EXPECT_EQ(share.layers, Integer(global ? 10 : 52)) << share.block;
    const Integer one = 2 * 16 * 128 * 2 * Integer(global ? 32'768 : 1'024);
    EXPECT_EQ(std::get<Integer>(share.one_layer), one);
    EXPECT_EQ(std::get<Integer>(share.all_layers), one * share.layers);
  }
}

TEST(TheSharesOfLayers, AreNoneOfAFigureThatIsNoSum) {
  const Model model = make_model(model_spec("qwen3-0.6b"), {});
  for (const char* quantity : {"layers", "hidden", "intensity", "activation_memory"}) {
    EXPECT_TRUE(shares(quantity, model, {}).empty()) << quantity;
  }
}

// The work of drafts is that of prediction layers, which are no layers of the model.
TEST(TheSharesOfLayers, AreNoneWhereDraftsAddToThem) {
  const Model model = make_model(model_spec("deepseek-v3"), {});
  EXPECT_FALSE(shares("flops_per_token", model, {}).empty());
  EXPECT_TRUE(shares("flops_per_token", model, {.draft = 2, .accepted = 0.5}).empty());
}

// Every sum of every model is explained, whatever its layers are; and the shares add up to it, as
// they do by their definition only where nothing is left out.
TEST(TheSharesOfLayers, AddUpForEveryModel) {
  for (const std::string& name : model_names()) {
    const Model model = make_model(model_spec(name), {});
    for (const char* quantity : {"parameters", "weight_bytes", "kv_bytes", "decode_flops",
                                 "prefill_flops", "decode_bytes", "prefill_transcendentals"}) {
      const ModelCurves curves(model, {});
      Integer sum = 0;
      for (const LayerShare& share : shares(quantity, model, {})) {
        sum += std::get<Integer>(share.all_layers);
      }
      EXPECT_EQ(sum, std::get<Integer>(evaluate(*find_quantity(quantity), curves, 8'192, 8'192)))
          << name << ": " << quantity;
    }
  }
}

}  // namespace
}  // namespace llmarch
