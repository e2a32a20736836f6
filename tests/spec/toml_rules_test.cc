// What must hold between the numbers of a spec.
#include <gtest/gtest.h>

#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

TEST(TomlRules, AnotherNameIsANameAndNamesAnotherModel) {
  const auto with = [](const std::string& names) {
    return check_report(altered("title = ", "also = [" + names + "]\ntitle = "));
  };
  EXPECT_EQ(with("\"my-model-2.1\", \"yours\""), "");
  EXPECT_NE(with("\"yours\", \"yours\"").find("'also' repeats the name 'yours'"),
            std::string::npos);
  EXPECT_NE(with("\"my-model\"").find("'also' repeats the name 'my-model'"), std::string::npos);
  EXPECT_NE(with("\"my/model\"").find("'also' holds 'my/model', which is no name"),
            std::string::npos);
}

TEST(TomlRules, KvHeadsDivideQueryHeads) {
  EXPECT_EQ(check_report(altered("kv_heads = 2", "kv_heads = 3")),
            R"(my-model.toml:14:12: error: 3 kv_heads do not divide 8 query_heads
   14 | kv_heads = 3
      |            ^
      = each key/value head serves the same number of query heads
)");
}

// Two groups of two also hold fewer than nine experts, but that is not reported on top.
TEST(TomlRules, ChosenExpertsExist) {
  EXPECT_EQ(check_report(altered("experts_per_token = 2", "experts_per_token = 9")),
            R"(my-model.toml:24:21: error: experts_per_token = 9 is more than experts = 8
   24 | experts_per_token = 9
      |                     ^
      = a token runs an expert once
)");
}

TEST(TomlRules, AGateHasSharedExperts) {
  EXPECT_EQ(
      check_report(altered("experts_per_token = 2", "experts_per_token = 2\nshared_gate = true")),
      R"(my-model.toml:25:15: error: shared_gate is given without shared_width
   25 | shared_gate = true
      |               ^~~~
      = there are no shared experts to gate: add shared_width or delete the gate
)");
  EXPECT_EQ(check_report(altered("experts_per_token = 2",
                                 "experts_per_token = 2\nshared_gate = true\nshared_width = 4")),
            "");
}

TEST(TomlRules, AMultipliedSumHasSharedExperts) {
  EXPECT_EQ(
      check_report(altered("experts_per_token = 2", "experts_per_token = 2\nsum_multiplier = 0.5")),
      R"(my-model.toml:25:18: error: sum_multiplier is given without shared_width
   25 | sum_multiplier = 0.5
      |                  ^~~
      = there are no shared experts: add shared_width or delete sum_multiplier
)");
}

TEST(TomlRules, SituTakesThePlaceOfTheWholeProduct) {
  const std::string limit = " = { limit = 7, place = \"before_activation\" }";
  const auto beside = [](const std::string& fields) {
    return check_report(altered("experts_per_token = 2",
                                "experts_per_token = 2\nshared_width = 4\n"
                                "situ = { gate = 4, up = 25 }\n" +
                                    fields));
  };
  EXPECT_EQ(beside(""), "");
  for (const std::string field : {"gate_limit", "shared_gate_limit"}) {
    EXPECT_NE(beside(field + limit).find("situ is given beside " + field), std::string::npos);
  }
  EXPECT_NE(beside("up_offset = 1").find("situ is given beside up_offset"), std::string::npos);
}

TEST(TomlRules, ScoresAreScaledOnce) {
  EXPECT_EQ(check_report(altered("head_dim = 16",
                                 "head_dim = 16\nquery_scalar = 8\nscore_multiplier = 0.5")),
            R"(my-model.toml:17:20: error: query_scalar and score_multiplier are both given
   17 | score_multiplier = 0.5
      |                    ^~~
      = each takes the place of the root of head_dim: keep one of the two
)");
}

TEST(TomlRules, ASparsemixerHasAJitterAndNothingElse) {
  const std::string groups = "groups = { count = 4, chosen = 2, score = \"best_two\" }";
  const auto router = [&](const std::string& fields) {
    return check_report(replaced(altered("scoring = \"sigmoid\"", fields), groups, ""));
  };
  EXPECT_EQ(router("scoring = \"sparsemixer\"\njitter = 0.01"), "");
  EXPECT_EQ(router("scoring = \"sparsemixer\""),
            R"(my-model.toml:29:11: error: a sparsemixer without jitter
   29 | scoring = "sparsemixer"
      |           ^~~~~~~~~~~~~
      = state 'jitter' (router_jitter_noise), from which its weights follow
)");
  EXPECT_EQ(router("scoring = \"sigmoid\"\njitter = 0.01"),
            R"(my-model.toml:30:10: error: jitter is given, and the scoring is no sparsemixer
   30 | jitter = 0.01
      |          ^~~~
      = delete it, or set scoring = "sparsemixer"
)");
  EXPECT_EQ(
      router("scoring = \"sparsemixer\"\njitter = 0.01\nnormalized_weights = true"),
      R"(my-model.toml:29:11: error: a sparsemixer has no correction_bias, normalized_weights or groups
   29 | scoring = "sparsemixer"
      |           ^~~~~~~~~~~~~
      = its weights follow from the logits and jitter alone: delete them
)");
}

TEST(TomlRules, AReachIsAWindowOrAChunk) {
  EXPECT_EQ(check_report(altered("head_dim = 16", "head_dim = 16\nwindow = 8\nchunk = 8")),
            R"(my-model.toml:17:9: error: window and chunk are both given
   17 | chunk = 8
      |         ^
      = a query attends to the newest keys, or to those of its chunk: keep one of the two
)");
}

TEST(TomlRules, GroupsDivideTheExperts) {
  EXPECT_EQ(
      check_report(altered("count = 4", "count = 3")),
      R"(my-model.toml:30:20: error: count = 3 does not split experts = 8 into equal groups of two or more
   30 | groups = { count = 3, chosen = 2, score = "best_two" }
      |                    ^
      = a group is scored by its two best experts
)");
}

TEST(TomlRules, AGroupHoldsTwoExperts) {
  EXPECT_EQ(
      check_report(altered("count = 4", "count = 8")),
      R"(my-model.toml:30:20: error: count = 8 does not split experts = 8 into equal groups of two or more
   30 | groups = { count = 8, chosen = 2, score = "best_two" }
      |                    ^
      = a group is scored by its two best experts
)");
}

TEST(TomlRules, ChosenGroupsExist) {
  EXPECT_EQ(check_report(altered("chosen = 2", "chosen = 5")),
            R"(my-model.toml:30:32: error: chosen = 5 is more than count = 4
   30 | groups = { count = 4, chosen = 5, score = "best_two" }
      |                                ^
      = a token's experts come from some or all of the groups
)");
}

// One group of 8 / 4 = 2 experts.
TEST(TomlRules, ChosenGroupsHoldTheChosenExperts) {
  EXPECT_EQ(
      check_report(replaced(altered("chosen = 2", "chosen = 1"), "experts_per_token = 2",
                            "experts_per_token = 3")),
      R"(my-model.toml:30:32: error: the chosen groups hold 2 experts, and experts_per_token = 3
   30 | groups = { count = 4, chosen = 1, score = "best_two" }
      |                                ^
      = choose more groups or fewer experts
)");
}

TEST(TomlRules, ARotatedWidthIsEven) {
  EXPECT_EQ(check_report(altered("head_dim = 16", "head_dim = 15")),
            R"(my-model.toml:15:12: error: head_dim = 15 cannot be rotated in pairs
   15 | head_dim = 15
      |            ^~
      = rotary positions turn pairs of elements: use an even width
)");
}

TEST(TomlRules, LearnedPositionsReachTheContextLimit) {
  EXPECT_EQ(
      check_report(altered("context_limit = 512",
                           "context_limit = 512\n"
                           "learned_positions = 511")),
      R"(my-model.toml:8:21: error: 511 learned positions do not reach the context limit of 512
    8 | learned_positions = 511
      |                     ^~~
      = a learned table has a row for every position: add rows or lower context_limit
)");
}

TEST(TomlRules, PredictionLayersAreOfModelsWithAHead) {
  EXPECT_EQ(
      check_report(altered("head = \"tied\"",
                           "head = \"none\"\n"
                           "beside = { prediction_layers = 1 }")),
      R"(my-model.toml:9:32: error: the model has prediction layers, and no head; no such model is known
    9 | beside = { prediction_layers = 1 }
      |                                ^
      = delete prediction_layers: count their parameters in published.beside_text
)");
}

TEST(TomlRules, APredictionLayerOfItsOwnIsCountedAndNamesItsBlocks) {
  const auto says = [](const std::string& beside, std::string_view text) {
    const std::string report =
        check_report(altered("head = \"tied\"", "head = \"tied\"\nbeside = " + beside));
    return report.find(text) != std::string::npos;
  };
  EXPECT_TRUE(says("{ prediction_layer = { attention = \"local\", feed_forward = \"mixture\" } }",
                   "prediction_layer is given without prediction_layers"));
  EXPECT_TRUE(
      says("{ prediction_layers = 1, "
           "prediction_layer = { attention = \"mla\", feed_forward = \"mixture\" } }",
           "attention 'mla' is not defined"));
}

TEST(TomlRules, YarnTurnsAreOrdered) {
  EXPECT_EQ(check_report(altered("layout = \"half_split\"\n",
                                 "layout = \"half_split\"\n"
                                 "scaling = { kind = \"yarn\", factor = 4, original_context = 128, "
                                 "beta_fast = 1, beta_slow = 2 }\n")),
            R"(my-model.toml:20:91: error: beta_slow is above beta_fast
   20 | scaling = { kind = "yarn", factor = 4, original_context = 128, beta_fast = 1, beta_slow = 2 }
      |                                                                                           ^
      = waves that turn more than beta_fast times are kept, those that turn less than beta_slow times slowed
)");
}

TEST(TomlRules, YarnTurnsAreNotComparedWhenOneIsMissing) {
  EXPECT_EQ(
      check_report(altered(
          "layout = \"half_split\"\n",
          "layout = \"half_split\"\n"
          "scaling = { kind = \"yarn\", factor = 4, original_context = 128, beta_slow = 2 }\n")),
      R"(my-model.toml:20:1: error: missing key 'beta_fast' in scaling of rotary of attention 'local'
   20 | scaling = { kind = "yarn", factor = 4, original_context = 128, beta_slow = 2 }
      | ^~~~~~~
      = add 'beta_fast' (turns within the original context above which a wave is kept)
)");
}

TEST(TomlRules, Llama3FactorsAreOrdered) {
  EXPECT_EQ(check_report(altered("layout = \"half_split\"\n",
                                 "layout = \"half_split\"\n"
                                 "\n"
                                 "[attention.local.rotary.scaling]\n"
                                 "kind = \"llama3\"\n"
                                 "factor = 8\n"
                                 "low_frequency_factor = 4\n"
                                 "high_frequency_factor = 1\n"
                                 "original_context = 128\n")),
            R"(my-model.toml:24:24: error: low_frequency_factor is above high_frequency_factor
   24 | low_frequency_factor = 4
      |                        ^
      = waves longer than original_context / low_frequency_factor are slowed, those shorter than original_context / high_frequency_factor kept
)");
}

TEST(TomlRules, Llama3FactorsAreNotComparedWhenOneIsRefused) {
  EXPECT_EQ(
      check_report(altered("layout = \"half_split\"\n",
                           "layout = \"half_split\"\n"
                           "\n"
                           "[attention.local.rotary.scaling]\n"
                           "kind = \"llama3\"\n"
                           "factor = 8\n"
                           "low_frequency_factor = 4\n"
                           "high_frequency_factor = 0\n"
                           "original_context = 128\n")),
      R"(my-model.toml:25:25: error: 'high_frequency_factor' in scaling of rotary of attention 'local' is 0
   25 | high_frequency_factor = 0
      |                         ^
      = high_frequency_factor must be above 0 and at most 1000000000
)");
}

}  // namespace
}  // namespace llmarch::spec_test
