// The configs of the project's models (see configs.h) say what the project's own specs say, field
// by field.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "sim/toml/toml_loader.h"
#include "sim/toml/toml_writer.h"
#include "tests/spec/configs.h"

namespace llmarch::spec_test {
namespace {

// The specs whose published config is here, or is not.
std::vector<std::filesystem::path> specs_with_config(bool wanted) {
  std::vector<std::filesystem::path> specs = spec_files();
  std::erase_if(specs, [&](const std::filesystem::path& spec) {
    return std::filesystem::exists(config_file(spec.stem().string())) != wanted;
  });
  return specs;
}

class PublishedConfig : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(PublishedConfig, GivesTheSameArchitectureAsTheSpec) {
  const ArchSpec imported = spec_of(config(GetParam().stem().string()));
  EXPECT_EQ(imported.name, "my-model");
  EXPECT_EQ(architecture_of(imported), architecture_of(loaded(GetParam())));
}

// Whether a number is an element of a list that has others of its kind before and after it.
bool is_inner_element(const Json& config, const std::string& pointer) {
  const Json::json_pointer place(pointer);
  const Json& parent = config.at(place.parent_pointer());
  return parent.is_array() && place.back() != "0" &&
         place.back() != std::to_string(parent.size() - 1);
}

// A config and a spec have the same bounds: each number of the config in turn, whatever it is
// about, and the first and the last of a list.
TEST_P(PublishedConfig, GivesASpecThatCanBeReadWhateverItsNumbersAre) {
  const Json original = config(GetParam().stem().string());
  const Json numbers = original.flatten();
  for (const auto& [pointer, was] : numbers.items()) {
    if (!was.is_number() || is_inner_element(original, pointer)) continue;
    for (const Json& value : {Json(0.5), Json(120), Json(1'000'000'000)}) {
      Json changed = original;
      changed[Json::json_pointer(pointer)] = value;
      const ConfigLoad imported = load(changed);
      if (!imported.spec) continue;
      const SpecLoad again = load_toml_spec(write_toml_spec(*imported.spec, {}));
      ASSERT_TRUE(again.spec) << pointer << " = " << value << ": "
                              << again.problems.front().message;
      EXPECT_EQ(architecture_of(*again.spec), architecture_of(*imported.spec)) << pointer;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PublishedConfig, testing::ValuesIn(specs_with_config(true)),
                         test_name);

TEST(PublishedConfig, IsThereForEverySpec) {
  std::vector<std::string> without;
  for (const auto& spec : specs_with_config(false)) without.push_back(spec.stem().string());
  EXPECT_EQ(without, std::vector<std::string>{});
}

// A config of several models in one: what the text model's own part does not say of the head is
// said around it.
TEST(PublishedConfig, OfAModelThatAlsoSeesGivesItsTextModel) {
  const ConfigLoad gemma = load(config("gemma-3-27b"));
  ASSERT_TRUE(gemma.spec);
  EXPECT_EQ(gemma.notes.at(0), "the text model of gemma3: its text_config");
  EXPECT_EQ(gemma.spec->head, Head::tied);
  auto untied = config("gemma-3-27b");
  untied["text_config"].erase("tie_word_embeddings");
  untied["tie_word_embeddings"] = false;
  const ConfigLoad altered = load(untied);
  ASSERT_TRUE(altered.spec);
  EXPECT_EQ(altered.spec->head, Head::separate);
}

// A cap that is left out is the model type's own, and differs between them; null takes it away.
TEST(PublishedConfig, LeavesItsCapsToTheModelType) {
  auto gemma2 = without(config("gemma-2-9b"), "final_logit_softcapping");
  gemma2.erase("attn_logit_softcapping");
  EXPECT_EQ(architecture_of(spec_of(gemma2)), architecture_of(spec_of(config("gemma-2-9b"))));
  gemma2["final_logit_softcapping"] = nullptr;
  gemma2["attn_logit_softcapping"] = nullptr;
  const ArchSpec uncapped = spec_of(gemma2);
  EXPECT_FALSE(uncapped.logit_soft_cap);
  EXPECT_FALSE(std::get<GroupedAttention>(uncapped.attention.at(0).value).score_soft_cap);
  auto gemma3 = config("gemma-3-27b");
  gemma3["text_config"].erase("final_logit_softcapping");
  EXPECT_FALSE(spec_of(gemma3).logit_soft_cap);
}

GroupedAttention first_grouped(const ArchSpec& spec) {
  const auto found = std::ranges::find_if(spec.attention, [](const auto& each) {
    return std::holds_alternative<GroupedAttention>(each.value);
  });
  return std::get<GroupedAttention>(found->value);
}

// A class may fill a number of its own, and not that of the query heads. Null stands for those in
// some classes; others would divide by it, and the config is refused.
TEST(PublishedConfig, HasTheKeyValueHeadsThatItsClassMakesOfAnAbsentOneAndOfNull) {
  struct Case {
    const char* name;
    std::int64_t absent;
    std::optional<std::int64_t> null;
  };
  for (const auto& [name, absent, null] :
       {Case{"mistral-7b-v0.1", 8, 32}, Case{"smollm3-3b", 4, 16}, Case{"llama-4-scout", 8, 40},
        Case{"llama-3.1-8b", 32, 32}, Case{"gemma-2-9b", 4, {}}, Case{"gemma-3-27b", 4, {}},
        Case{"glm-4-9b-0414", 2, {}}, Case{"qwen3-32b", 32, 64}, Case{"seed-oss-36b", 8, 80},
        Case{"falcon-h1-0.5b", 8, 8}, Case{"minimax-m1-80k", 8, 64}, Case{"jamba-v0.1", 8, 32}}) {
    auto json = config(name);
    auto& own = json.contains("text_config") ? json["text_config"] : json;
    const auto kv_heads = [&] { return first_grouped(spec_of(json)).kv_heads; };
    own.erase("num_key_value_heads");
    EXPECT_EQ(kv_heads(), absent) << name;
    own["num_key_value_heads"] = nullptr;
    if (null) {
      EXPECT_EQ(kv_heads(), *null) << name;
    } else {
      EXPECT_FALSE(load(json).spec) << name;
    }
  }
}

// What a published config leaves to its library is recorded, and nothing else.
TEST(PublishedConfig, RecordsWhatItFilled) {
  using Filled = std::vector<std::string>;
  EXPECT_EQ(load(config("gpt2")).filled,
            (Filled{"tie_word_embeddings = true (this model type's default)",
                    "n_inner = 3072 (4 times the hidden width)"}));
  EXPECT_EQ(load(config("llama-3.1-8b")).filled,
            Filled{"head_dim = 128 (hidden_size / num_attention_heads)"});
  EXPECT_EQ(load(config("llama-3.2-1b")).filled, Filled{});
  EXPECT_EQ(load(config("qwen3-30b-a3b")).filled, Filled{});
  EXPECT_EQ(load(config("deepseek-v3")).filled,
            (Filled{"rope_interleave = true (this model type's default)",
                    "attention_factor = none (it follows from the factor)"}));
}

TEST(PublishedConfig, SaysHowItsTensorsAreCalled) {
  EXPECT_EQ(load(config("gpt2")).naming, CheckpointNaming::gpt2);
  EXPECT_EQ(load(config("qwen3-0.6b")).naming, CheckpointNaming::decoder);
}

}  // namespace
}  // namespace llmarch::spec_test
