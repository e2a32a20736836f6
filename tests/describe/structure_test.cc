// The rows of a model's structure, and its layers in words.
#include "sim/describe/structure.h"

#include <gmock/gmock.h>

#include "sim/describe/layers.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

// Empty where there is no such row.
std::string text_of(const std::string& model, const std::string& group, const std::string& label) {
  const ArchSpec spec = model_spec(model);
  for (const StructureRow& row : structure({&spec})) {
    if (row.group == group && row.label == label) return row.values.front()->text;
  }
  return "";
}

TEST(AStructure, CallsAnAttentionWhatItsDescriptionCallsIt) {
  EXPECT_EQ(text_of("gemma-3-1b", "attention", "kind"), "multi-query");
  EXPECT_EQ(text_of("deepseek-v3", "attention", "kind"), "latent (MLA)");
}

TEST(AStructure, SaysWhichLayersHaveWhatOthersLack) {
  EXPECT_EQ(text_of("gemma-3-27b", "model", "layers with a window"), "52 of 62: 1-5 of every 6");
  EXPECT_EQ(text_of("deepseek-v3", "model", "layers with experts"), "58 of 61: 4-61");
  EXPECT_EQ(text_of("llama-4-scout", "model", "layers with chunks"), "36 of 48: 1-3 of every 4");
  EXPECT_EQ(text_of("smollm3-3b", "model", "layers without positions"),
            "9 of 36: number 4 of every 4");
  EXPECT_EQ(text_of("gemma-3n-e2b", "model", "layers that read another's cache"),
            "10 of 30: 21-30");
  EXPECT_EQ(text_of("llama-3.1-8b", "model", "layers with a window"), "");
}

TEST(AStructure, HasARowWhereOneOfTheModelsHasThePart) {
  const ArchSpec llama = model_spec("llama-3.1-8b");
  const ArchSpec kimi = model_spec("kimi-k2");
  for (const StructureRow& row : structure({&llama, &kimi})) {
    ASSERT_EQ(row.values.size(), 2U);
    if (row.group != "mixture feed-forward") continue;
    EXPECT_FALSE(row.values[0]) << row.label;
    EXPECT_TRUE(row.values[1]) << row.label;
  }
}

TEST(Layers, AreCountedFromOne) {
  EXPECT_EQ(which_layers({true, true, true}), "all");
  EXPECT_EQ(which_layers({false, true, true}), "2 of 3: 2-3");
  EXPECT_EQ(which_layers({true, false, true, false}), "2 of 4: number 1 of every 2");
  EXPECT_EQ(which_layers({true, true, false, true, true, false, true}), "5 of 7: 1-2 of every 3");
}

TEST(Layers, StandInTheOrderOfTheStack) {
  EXPECT_EQ(layer_pattern(model_spec("deepseek-v3")), "3 dense, 58 moe");
  EXPECT_EQ(layer_pattern(model_spec("gemma-3-1b")), "4 x (5 local, global), 2 local");
}

}  // namespace
}  // namespace llmarch
