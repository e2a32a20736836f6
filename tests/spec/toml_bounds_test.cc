// Numbers out of their bounds.
#include <gtest/gtest.h>

#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

// A division by it is not reported on top.
TEST(TomlBounds, RefusesZero) {
  EXPECT_EQ(check_report(altered("kv_heads = 2", "kv_heads = 0")),
            R"(my-model.toml:14:12: error: 'kv_heads' in attention 'local' is 0
   14 | kv_heads = 0
      |            ^
      = kv_heads must be from 1 to 16777216
)");
}

TEST(TomlBounds, RefusesANegativeNumber) {
  EXPECT_EQ(check_report(altered("hidden = 64", "hidden = -64")),
            R"(my-model.toml:6:10: error: 'hidden' in the spec is -64
    6 | hidden = -64
      |          ^~~
      = hidden must be from 1 to 16777216
)");
}

TEST(TomlBounds, RefusesASizeThatNoModelHas) {
  EXPECT_EQ(check_report(altered("vocabulary = 1000", "vocabulary = 99_999_999_999")),
            R"(my-model.toml:5:14: error: 'vocabulary' in the spec is 99999999999
    5 | vocabulary = 99_999_999_999
      |              ^~~~~~~~~~~~~~
      = vocabulary must be from 1 to 16777216
)");
}

// 2^63, one more than the largest.
TEST(TomlBounds, RefusesAWholeNumberBeyond64Bits) {
  EXPECT_EQ(
      check_report(altered("vocabulary = 1000", "vocabulary = 9223372036854775808")),
      R"(my-model.toml:5:14: error: not valid TOML: '9223372036854775808' is not representable in 64 bits (in a decimal integer)
    5 | vocabulary = 9223372036854775808
      |              ^~~~~~~~~~~~~~~~~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlBounds, RefusesNotANumber) {
  EXPECT_EQ(check_report(altered("1e-6", "nan")),
            R"(my-model.toml:9:34: error: 'epsilon' in norm is nan
    9 | norm = { kind = "rms", epsilon = nan, placement = "before" }
      |                                  ^~~
      = epsilon must be above 0 and at most 1
)");
}

TEST(TomlBounds, RefusesInfinity) {
  EXPECT_EQ(check_report(altered("theta = 10000", "theta = inf")),
            R"(my-model.toml:18:9: error: 'theta' in rotary of attention 'local' is inf
   18 | theta = inf
      |         ^~~
      = theta must be above 0 and at most 1000000000000000
)");
}

TEST(TomlBounds, RefusesARealNumberThatOverflows) {
  EXPECT_EQ(
      check_report(altered("theta = 10000", "theta = 1e999")),
      R"(my-model.toml:18:9: error: not valid TOML: '1e999' could not be interpreted as a value (in a floating-point)
   18 | theta = 1e999
      |         ^~~~~
      = toml.io describes TOML, 'llmarch help spec-format' what a spec holds
)");
}

TEST(TomlBounds, RefusesANegativeRealNumber) {
  EXPECT_EQ(check_report(altered("theta = 10000", "theta = -1.5")),
            R"(my-model.toml:18:9: error: 'theta' in rotary of attention 'local' is -1.5
   18 | theta = -1.5
      |         ^~~~
      = theta must be above 0 and at most 1000000000000000
)");
}

TEST(TomlBounds, RefusesAnEpsilonOfZero) {
  EXPECT_EQ(
      check_report(altered("norm = { kind = \"rms\", epsilon = 1e-6, placement = \"before\" }",
                           "norm.kind = \"rms\"\n"
                           "norm.epsilon = 0\n"
                           "norm.placement = \"before\"")),
      R"(my-model.toml:10:16: error: 'epsilon' in norm is 0
   10 | norm.epsilon = 0
      |                ^
      = epsilon must be above 0 and at most 1
)");
}

TEST(TomlBounds, RefusesARepeatOfZeroWithoutCallingTheStackEmpty) {
  EXPECT_EQ(check_report(altered("repeat = 2", "repeat = 0")),
            R"(my-model.toml:38:10: error: 'repeat' in segment 1 of the stack is 0
   38 | repeat = 0
      |          ^
      = repeat must be from 1 to 100000
)");
}

TEST(TomlBounds, RefusesMoreLayersThanCanBeListed) {
  EXPECT_EQ(check_report(altered("repeat = 2",
                                 "repeat = 100_000\n"
                                 "\n"
                                 "[[stack]]\n"
                                 "layers = [\"block\"]\n"
                                 "repeat = 1")),
            R"(my-model.toml:36:3: error: the stack has 100001 layers, and may have at most 100000
   36 | [[stack]]
      |   ^~~~~
      = check each 'repeat'
)");
}

TEST(TomlBounds, RefusesZeroLearnedPositionsWithoutComparingThem) {
  EXPECT_EQ(check_report(altered("context_limit = 512",
                                 "context_limit = 512\n"
                                 "learned_positions = 0")),
            R"(my-model.toml:8:21: error: 'learned_positions' in the spec is 0
    8 | learned_positions = 0
      |                     ^
      = learned_positions must be from 1 to 1099511627776
)");
}

TEST(TomlBounds, RefusesNoGroupsWithoutDividingByThem) {
  EXPECT_EQ(
      check_report(altered("count = 4", "count = 0")),
      R"(my-model.toml:30:20: error: 'count' in groups of router of feed_forward 'mixture' is 0
   30 | groups = { count = 0, chosen = 2, score = "best_two" }
      |                    ^
      = count must be from 1 to 1000000
)");
}

}  // namespace
}  // namespace llmarch::spec_test
