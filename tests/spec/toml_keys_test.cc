// Which keys a table has, and of what type each is.
#include <gtest/gtest.h>

#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

TEST(TomlKeys, AValidSpecHasNoProblems) {
  EXPECT_EQ(check_report(std::string(kSmallSpec)), "");
}

// The misspelt key is one mistake, though a required key is missing too.
TEST(TomlKeys, NamesTheNearestKeyWhenAKeyIsUnknown) {
  EXPECT_EQ(check_report(altered("kv_heads = 2", "kv_head = 2")),
            R"(my-model.toml:14:1: error: unknown key 'kv_head' in attention 'local'
   14 | kv_head = 2
      | ^~~~~~~
      = did you mean 'kv_heads'?
)");
}

// An exchange of two letters is one slip.
TEST(TomlKeys, NamesTheNearestKeyThatIsNotThereYet) {
  EXPECT_EQ(check_report(altered("head_dim = 16",
                                 "head_dim = 16\n"
                                 "qkv_bais = true")),
            R"(my-model.toml:16:1: error: unknown key 'qkv_bais' in attention 'local'
   16 | qkv_bais = true
      | ^~~~~~~~
      = did you mean 'qkv_bias'?
)");
}

TEST(TomlKeys, ListsTheKeysWhenNoneIsNear) {
  EXPECT_EQ(check_report(altered("head_dim = 16",
                                 "head_dim = 16\n"
                                 "colour = 3")),
            R"(my-model.toml:16:1: error: unknown key 'colour' in attention 'local'
   16 | colour = 3
      | ^~~~~~
      = known: kind, query_heads, kv_heads, head_dim, qkv_bias, output_bias, qk_norm, value_norm, kv_from, window, chunk, query_scalar, score_multiplier, qkv_clip, score_soft_cap, score_growth_length, temperature, rotary, value_head_dim, values_from_keys, value_scale, sinks, alibi, output_gate, block_index, key_multiplier
)");
}

// 'layer' is near, but stands in the file.
TEST(TomlKeys, DoesNotSuggestAKeyThatIsThere) {
  EXPECT_EQ(check_report(altered("hidden = 64",
                                 "hidden = 64\n"
                                 "layers = 3")),
            R"(my-model.toml:7:1: error: unknown key 'layers' in the spec
    7 | layers = 3
      | ^~~~~~
      = known: name, title, also, source, published, beside, vocabulary, hidden, context_limit, learned_positions, position_offset, scaled_embedding, embedding_multiplier, residual_multiplier, embedding_norm, embedding_norm_without, embedding_width, head, head_labels, head_bias, logit_multiplier, logit_soft_cap, norm, no_final_norm, layer_scale, parallel_streams, hyper_connections, residual_block, per_layer_embedding, low_rank_residual, attention, feed_forward, layer, stack
)");
}

TEST(TomlKeys, PointsAtTheLastPartOfADottedKey) {
  EXPECT_EQ(check_report(altered("[attention.local.rotary]\n"
                                 "theta = 10000\n"
                                 "layout = \"half_split\"\n",
                                 "rotary.theta = 10000\n"
                                 "rotary.layout = \"half_split\"\n"
                                 "rotary.colour = 3\n")),
            R"(my-model.toml:19:8: error: unknown key 'colour' in rotary of attention 'local'
   19 | rotary.colour = 3
      |        ^~~~~~
      = known: theta, dim, turned_pairs, layout, scaling
)");
}

TEST(TomlKeys, PointsIntoAnInlineTable) {
  EXPECT_EQ(check_report(altered("epsilon = 1e-6", "epsilon = 1e-6, eps = 2")),
            R"(my-model.toml:9:40: error: unknown key 'eps' in norm
    9 | norm = { kind = "rms", epsilon = 1e-6, eps = 2, placement = "before" }
      |                                        ^~~
      = known: kind, epsilon, placement, without
)");
}

TEST(TomlKeys, PointsAtTheNameInAHeader) {
  EXPECT_EQ(check_report(altered("[[stack]]",
                                 "[blocks]\n"
                                 "a = 1\n"
                                 "\n"
                                 "[[stack]]")),
            R"(my-model.toml:36:2: error: unknown key 'blocks' in the spec
   36 | [blocks]
      |  ^~~~~~
      = known: name, title, also, source, published, beside, vocabulary, hidden, context_limit, learned_positions, position_offset, scaled_embedding, embedding_multiplier, residual_multiplier, embedding_norm, embedding_norm_without, embedding_width, head, head_labels, head_bias, logit_multiplier, logit_soft_cap, norm, no_final_norm, layer_scale, parallel_streams, hyper_connections, residual_block, per_layer_embedding, low_rank_residual, attention, feed_forward, layer, stack
)");
}

TEST(TomlKeys, SaysWhatAMissingValueMeans) {
  EXPECT_EQ(check_report(altered("head_dim = 16\n", "")),
            R"(my-model.toml:11:12: error: missing key 'head_dim' in attention 'local'
   11 | [attention.local]
      |            ^~~~~
      = add 'head_dim' (width of a head)
)");
}

TEST(TomlKeys, SaysWhichHeaderAMissingTableNeeds) {
  EXPECT_EQ(check_report(altered("[feed_forward.mixture.router]\n"
                                 "scoring = \"sigmoid\"\n"
                                 "groups = { count = 4, chosen = 2, score = \"best_two\" }\n",
                                 "")),
            R"(my-model.toml:21:15: error: missing key 'router' in feed_forward 'mixture'
   21 | [feed_forward.mixture]
      |               ^~~~~~~
      = add [feed_forward.mixture.router] (how experts are chosen and weighted)
)");
}

TEST(TomlKeys, HasNoPlaceForWhatTheWholeFileMisses) {
  EXPECT_EQ(check_report(altered("vocabulary = 1000\n", "")),
            R"(my-model.toml: error: missing key 'vocabulary' in the spec
      = add 'vocabulary' (rows of the embedding table)
)");
}

TEST(TomlKeys, PointsAtTheInlineTableThatMissesAKey) {
  EXPECT_EQ(check_report(altered(", epsilon = 1e-6", "")),
            R"(my-model.toml:9:1: error: missing key 'epsilon' in norm
    9 | norm = { kind = "rms", placement = "before" }
      | ^~~~
      = add 'epsilon' (added to the mean square before the root)
)");
}

TEST(TomlKeys, PointsAtTheDottedTableThatMissesAKey) {
  EXPECT_EQ(
      check_report(altered("norm = { kind = \"rms\", epsilon = 1e-6, placement = \"before\" }",
                           "norm.kind = \"rms\"\nnorm.placement = \"before\"")),
      R"(my-model.toml:9:1: error: missing key 'epsilon' in norm
    9 | norm.kind = "rms"
      | ^~~~
      = add 'epsilon' (added to the mean square before the root)
)");
}

TEST(TomlKeys, AsksForAKindBeforeItJudgesOtherKeys) {
  EXPECT_EQ(check_report(altered("kind = \"grouped\"\n", "colour = 3\n")),
            R"(my-model.toml:11:12: error: missing key 'kind' in attention 'local'
   11 | [attention.local]
      |            ^~~~~
      = add 'kind' (one of grouped, latent, short_convolution, gated_delta_net, mamba2, lightning, kimi_delta, mamba1, compressed)
)");
}

TEST(TomlKeys, RecognisesAMisspeltKind) {
  EXPECT_EQ(check_report(altered("kind = \"grouped\"", "knid = \"grouped\"")),
            R"(my-model.toml:12:1: error: unknown key 'knid' in attention 'local'
   12 | knid = "grouped"
      | ^~~~
      = did you mean 'kind'?
)");
}

TEST(TomlKeys, NamesTheNearestKind) {
  EXPECT_EQ(check_report(altered("kind = \"grouped\"", "kind = \"groupd\"")),
            R"(my-model.toml:12:8: error: unknown kind 'groupd' in attention 'local'
   12 | kind = "groupd"
      |        ^~~~~~~~
      = did you mean 'grouped'?
)");
}

TEST(TomlKeys, ListsTheKindsWhenNoneIsNear) {
  EXPECT_EQ(check_report(altered("kind = \"grouped\"", "kind = \"linear\"")),
            R"(my-model.toml:12:8: error: unknown kind 'linear' in attention 'local'
   12 | kind = "linear"
      |        ^~~~~~~~
      = known: grouped, latent, short_convolution, gated_delta_net, mamba2, lightning, kimi_delta, mamba1, compressed
)");
}

TEST(TomlKeys, AKindIsAText) {
  EXPECT_EQ(
      check_report(altered("kind = \"grouped\"", "kind = 3")),
      R"(my-model.toml:12:8: error: 'kind' in attention 'local' is a whole number, and must be a text
   12 | kind = 3
      |        ^
      = kind: one of grouped, latent, short_convolution, gated_delta_net, mamba2, lightning, kimi_delta, mamba1, compressed
)");
}

TEST(TomlKeys, NamesTheNearestValue) {
  EXPECT_EQ(
      check_report(altered("\"half_split\"", "\"half-split\"")),
      R"(my-model.toml:19:10: error: unknown layout 'half-split' in rotary of attention 'local'
   19 | layout = "half-split"
      |          ^~~~~~~~~~~~
      = did you mean 'half_split'?
)");
}

TEST(TomlKeys, ListsTheValuesWhenNoneIsNear) {
  EXPECT_EQ(
      check_report(altered("scoring = \"sigmoid\"", "scoring = \"tanh\"")),
      R"(my-model.toml:29:11: error: unknown scoring 'tanh' in router of feed_forward 'mixture'
   29 | scoring = "tanh"
      |           ^~~~~~
      = known: softmax, sigmoid, sparsemixer, chosen_softmax, root_softplus
)");
}

TEST(TomlKeys, RefusesAnEmptyValue) {
  EXPECT_EQ(check_report(altered("activation = \"silu\"", "activation = \"\"")),
            R"(my-model.toml:26:14: error: unknown activation '' in feed_forward 'mixture'
   26 | activation = ""
      |              ^~
      = known: gelu_tanh, gelu_erf, silu, relu, tanh, sigmoid, softplus, quick_gelu, relu_squared
)");
}

TEST(TomlKeys, ATextIsNoNumber) {
  EXPECT_EQ(
      check_report(altered("query_heads = 8", "query_heads = \"8\"")),
      R"(my-model.toml:13:15: error: 'query_heads' in attention 'local' is a text, and must be a whole number
   13 | query_heads = "8"
      |               ^~~
      = query_heads: number of query heads
)");
}

TEST(TomlKeys, ARealNumberIsNoWholeNumber) {
  EXPECT_EQ(
      check_report(altered("query_heads = 8", "query_heads = 8.0")),
      R"(my-model.toml:13:15: error: 'query_heads' in attention 'local' is a real number, and must be a whole number
   13 | query_heads = 8.0
      |               ^~~
      = query_heads: number of query heads
)");
}

TEST(TomlKeys, ANumberIsNoFlag) {
  EXPECT_EQ(
      check_report(altered("head_dim = 16",
                           "head_dim = 16\n"
                           "qkv_bias = 1")),
      R"(my-model.toml:16:12: error: 'qkv_bias' in attention 'local' is a whole number, and must be true or false
   16 | qkv_bias = 1
      |            ^
      = qkv_bias: query, key and value projections have a bias
)");
}

TEST(TomlKeys, ADateIsNoText) {
  EXPECT_EQ(check_report(altered("title = \"My model\"", "title = 2024-01-01")),
            R"(my-model.toml:2:9: error: 'title' in the spec is a date or time, and must be a text
    2 | title = 2024-01-01
      |         ^~~~~~~~~~
      = title: the name as its makers write it
)");
}

TEST(TomlKeys, ATextIsNoRealNumber) {
  EXPECT_EQ(check_report(altered("1e-6", "\"tiny\"")),
            R"(my-model.toml:9:34: error: 'epsilon' in norm is a text, and must be a number
    9 | norm = { kind = "rms", epsilon = "tiny", placement = "before" }
      |                                  ^~~~~~
      = epsilon: added to the mean square before the root
)");
}

TEST(TomlKeys, AFlagIsNoTable) {
  EXPECT_EQ(
      check_report(altered("[attention.local.rotary]\n"
                           "theta = 10000\n"
                           "layout = \"half_split\"\n",
                           "rotary = true\n")),
      R"(my-model.toml:17:10: error: 'rotary' in attention 'local' is a truth value, and must be a table
   17 | rotary = true
      |          ^~~~
      = write it as [attention.local.rotary] (rotary positions)
)");
}

TEST(TomlKeys, ATextIsNoTable) {
  EXPECT_EQ(
      check_report(altered("norm = { kind = \"rms\", epsilon = 1e-6, placement = \"before\" }",
                           "norm = \"rms\"")),
      R"(my-model.toml:9:8: error: 'norm' in the spec is a text, and must be a table
    9 | norm = "rms"
      |        ^~~~~
      = write it as [norm] (the norm before the head, and of every sublayer that has none of its own)
)");
}

// The header lacks the name; no problem is reported for its table, nor for the layers that use it.
TEST(TomlKeys, KeysUnderATableOfNamesAreOneMistake) {
  EXPECT_EQ(check_report(replaced(altered("[attention.local]\n", "[attention]\n"),
                                  "[attention.local.rotary]", "[attention.rotary]")),
            R"(my-model.toml:12:1: error: 'kind' stands in [attention] itself
   12 | kind = "grouped"
      | ^~~~
      = write [attention.NAME] above it (kinds of attention, by name)
)");
}

TEST(TomlKeys, RefusesATextThatSaysNothing) {
  EXPECT_EQ(check_report(altered("source = \"a test\"", "source = \"\"")),
            R"(my-model.toml:3:10: error: 'source' in the spec is empty
    3 | source = ""
      |          ^~
      = source: where the numbers below come from
)");
}

TEST(TomlKeys, RefusesATextThatWouldSteerATerminal) {
  EXPECT_EQ(check_report(altered("\"My model\"", "\"My \\u001b[31m model\"")),
            R"(my-model.toml:2:9: error: 'title' in the spec holds a character that is not seen
    2 | title = "My \u001b[31m model"
      |         ^~~~~~~~~~~~~~~~~~~~~
      = it is shown to people: write it in one line, without control characters
)");
}

TEST(TomlKeys, RefusesANameThatAHeaderCannotHoldPlainly) {
  EXPECT_EQ(
      check_report(replaced(replaced(altered("[attention.local]\n", "[attention.\"lo cal\"]\n"),
                                     "[attention.local.rotary]", "[attention.\"lo cal\".rotary]"),
                            "attention = \"local\"", "attention = \"lo cal\"")),
      R"(my-model.toml:11:12: error: 'lo cal' cannot name a table in [attention]
   11 | [attention."lo cal"]
      |            ^~~~~~~~
      = use letters, digits, '-' and '_'
)");
}

TEST(TomlKeys, ReportsEveryMistakeOnceInOrder) {
  EXPECT_EQ(
      check_report(replaced(replaced(replaced(altered("vocabulary = 1000", "vocabulary = \"many\""),
                                              "kv_heads = 2", "kv_head = 2"),
                                     "attention = \"local\"", "attention = \"lokal\""),
                            "repeat = 2", "repeat = 0")),
      R"(my-model.toml:5:14: error: 'vocabulary' in the spec is a text, and must be a whole number
    5 | vocabulary = "many"
      |              ^~~~~~
      = vocabulary: rows of the embedding table
my-model.toml:14:1: error: unknown key 'kv_head' in attention 'local'
   14 | kv_head = 2
      | ^~~~~~~
      = did you mean 'kv_heads'?
my-model.toml:33:13: error: attention 'lokal' is not defined
   33 | attention = "lokal"
      |             ^~~~~~~
      = did you mean 'local'? if not, define [attention.lokal]
my-model.toml:38:10: error: 'repeat' in segment 1 of the stack is 0
   38 | repeat = 0
      |          ^
      = repeat must be from 1 to 100000
)");
}

}  // namespace
}  // namespace llmarch::spec_test
