// The names in a spec: what layers and the stack refer to, and what nothing refers to.
#include <gtest/gtest.h>

#include "tests/spec/small_spec.h"

namespace llmarch::spec_test {
namespace {

// That the layers are not used follows from it, and is not said.
TEST(TomlReferences, AStackIsRequired) {
  EXPECT_EQ(check_report(altered("[[stack]]\n"
                                 "layers = [\"block\"]\n"
                                 "repeat = 2\n",
                                 "")),
            R"(my-model.toml: error: missing key 'stack' in the spec
      = add [[stack]] (the layers from first to last)
)");
}

TEST(TomlReferences, AStackHoldsSegments) {
  EXPECT_EQ(check_report(replaced(altered("name = \"my-model\"",
                                          "name = \"my-model\"\n"
                                          "stack = []"),
                                  "[[stack]]\n"
                                  "layers = [\"block\"]\n"
                                  "repeat = 2\n",
                                  "")),
            R"(my-model.toml:2:9: error: the stack is empty
    2 | stack = []
      |         ^~
      = name the layers in order: [[stack]] with layers = ["NAME"] and repeat
)");
}

TEST(TomlReferences, ASegmentHoldsLayers) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[]")),
            R"(my-model.toml:37:10: error: 'layers' in segment 1 of the stack is empty
   37 | layers = []
      |          ^~
      = layers: names of [layer.NAME] tables, in order
)");
}

TEST(TomlReferences, EverySegmentHoldsLayers) {
  EXPECT_EQ(check_report(altered("[[stack]]\n",
                                 "[[stack]]\n"
                                 "layers = []\n"
                                 "repeat = 1\n"
                                 "\n"
                                 "[[stack]]\n")),
            R"(my-model.toml:37:10: error: 'layers' in segment 1 of the stack is empty
   37 | layers = []
      |          ^~
      = layers: names of [layer.NAME] tables, in order
)");
}

TEST(TomlReferences, ASegmentHasARepeat) {
  EXPECT_EQ(check_report(altered("repeat = 2\n", "")),
            R"(my-model.toml:36:1: error: missing key 'repeat' in segment 1 of the stack
   36 | [[stack]]
      | ^~~~~~~~~
      = add 'repeat' (how often the whole sequence stands)
)");
}

TEST(TomlReferences, AStackIsNoText) {
  EXPECT_EQ(check_report(replaced(altered("name = \"my-model\"",
                                          "name = \"my-model\"\n"
                                          "stack = \"block\""),
                                  "[[stack]]\n"
                                  "layers = [\"block\"]\n"
                                  "repeat = 2\n",
                                  "")),
            R"(my-model.toml:2:9: error: 'stack' in the spec is a text, and must be a list of tables
    2 | stack = "block"
      |         ^~~~~~~
      = write it as [[stack]] (the layers from first to last)
)");
}

TEST(TomlReferences, AStackIsNoSingleTable) {
  EXPECT_EQ(
      check_report(altered("[[stack]]", "[stack]")),
      R"(my-model.toml:36:1: error: 'stack' in the spec is a table, and must be a list of tables
   36 | [stack]
      | ^~~~~~~
      = write it as [[stack]] (the layers from first to last)
)");
}

TEST(TomlReferences, AStackIsNoListOfNames) {
  EXPECT_EQ(
      check_report(replaced(altered("name = \"my-model\"",
                                    "name = \"my-model\"\n"
                                    "stack = [\"block\", \"block\"]"),
                            "[[stack]]\n"
                            "layers = [\"block\"]\n"
                            "repeat = 2\n",
                            "")),
      R"(my-model.toml:2:10: error: 'stack' in the spec is a text, and must be a list of tables
    2 | stack = ["block", "block"]
      |          ^~~~~~~
      = write it as [[stack]] (the layers from first to last)
)");
}

TEST(TomlReferences, LayersAreAList) {
  EXPECT_EQ(
      check_report(altered("[\"block\"]", "\"block\"")),
      R"(my-model.toml:37:10: error: 'layers' in segment 1 of the stack is a text, and must be a list of names
   37 | layers = "block"
      |          ^~~~~~~
      = layers: names of [layer.NAME] tables, in order
)");
}

TEST(TomlReferences, LayersAreNames) {
  EXPECT_EQ(
      check_report(altered("[\"block\"]", "[\"block\", 3, \"\"]")),
      R"(my-model.toml:37:20: error: name 2 of 'layers' in segment 1 of the stack is a whole number
   37 | layers = ["block", 3, ""]
      |                    ^
      = layers: names of [layer.NAME] tables, in order
my-model.toml:37:23: error: name 3 of 'layers' in segment 1 of the stack is empty
   37 | layers = ["block", 3, ""]
      |                       ^~
      = layers: names of [layer.NAME] tables, in order
)");
}

// Nor is 'block' called unused: it was most likely meant.
TEST(TomlReferences, NamesTheNearestLayer) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[\"blok\"]")),
            R"(my-model.toml:37:11: error: layer 'blok' is not defined
   37 | layers = ["blok"]
      |           ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

TEST(TomlReferences, ListsTheLayersWhenNoneIsNear) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[\"block\", \"wide\"]")),
            R"(my-model.toml:37:20: error: layer 'wide' is not defined
   37 | layers = ["block", "wide"]
      |                    ^~~~~~
      = known: block; or define [layer.wide]
)");
}

TEST(TomlReferences, ReportsANameThatIsNotDefinedOnce) {
  EXPECT_EQ(check_report(altered("[\"block\"]", "[\"wide\", \"block\", \"wide\"]")),
            R"(my-model.toml:37:11: error: layer 'wide' is not defined
   37 | layers = ["wide", "block", "wide"]
      |           ^~~~~~
      = known: block; or define [layer.wide]
)");
}

TEST(TomlReferences, PointsIntoAListOfSeveralLines) {
  EXPECT_EQ(check_report(altered("[\"block\"]",
                                 "[\n"
                                 "  \"block\",\n"
                                 "  \"blok\",\n"
                                 "]")),
            R"(my-model.toml:39:3: error: layer 'blok' is not defined
   39 |   "blok",
      |   ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

TEST(TomlReferences, PointsIntoSegmentsThatAreWrittenInline) {
  EXPECT_EQ(
      check_report(replaced(altered("name = \"my-model\"",
                                    "name = \"my-model\"\n"
                                    "stack = [{ layers = [\"block\"], repeat = 2 }, { layers = "
                                    "[\"blok\"], repeat = 1 }]"),
                            "[[stack]]\n"
                            "layers = [\"block\"]\n"
                            "repeat = 2\n",
                            "")),
      R"(my-model.toml:2:58: error: layer 'blok' is not defined
    2 | stack = [{ layers = ["block"], repeat = 2 }, { layers = ["blok"], repeat = 1 }]
      |                                                          ^~~~~~
      = did you mean 'block'? if not, define [layer.blok]
)");
}

TEST(TomlReferences, AnAttentionIsDefined) {
  EXPECT_EQ(check_report(altered("attention = \"local\"", "attention = \"global\"")),
            R"(my-model.toml:33:13: error: attention 'global' is not defined
   33 | attention = "global"
      |             ^~~~~~~~
      = did you mean 'local'? if not, define [attention.global]
)");
}

TEST(TomlReferences, AFeedForwardIsDefined) {
  EXPECT_EQ(check_report(altered("feed_forward = \"mixture\"", "feed_forward = \"mlp\"")),
            R"(my-model.toml:34:16: error: feed_forward 'mlp' is not defined
   34 | feed_forward = "mlp"
      |                ^~~~~
      = known: mixture; or define [feed_forward.mlp]
)");
}

TEST(TomlReferences, SaysHowToDefineTheFirst) {
  EXPECT_EQ(check_report(altered("[attention.local]\n"
                                 "kind = \"grouped\"\n"
                                 "query_heads = 8\n"
                                 "kv_heads = 2\n"
                                 "head_dim = 16\n"
                                 "\n"
                                 "[attention.local.rotary]\n"
                                 "theta = 10000\n"
                                 "layout = \"half_split\"\n"
                                 "\n",
                                 "[attention]\n"
                                 "\n")),
            R"(my-model.toml:25:13: error: attention 'local' is not defined
   25 | attention = "local"
      |             ^~~~~~~
      = define it as [attention.local]
)");
}

TEST(TomlReferences, SaysNothingOfUsesWhenTheTablesAreMissing) {
  EXPECT_EQ(check_report(altered("[attention.local]\n"
                                 "kind = \"grouped\"\n"
                                 "query_heads = 8\n"
                                 "kv_heads = 2\n"
                                 "head_dim = 16\n"
                                 "\n"
                                 "[attention.local.rotary]\n"
                                 "theta = 10000\n"
                                 "layout = \"half_split\"\n"
                                 "\n",
                                 "")),
            R"(my-model.toml: error: missing key 'attention' in the spec
      = add [attention.NAME] (kinds of attention, by name)
)");
}

// Nor is 'local' called unused.
// Which attention the misspelt key meant is not known, so that none is called unused.
TEST(TomlReferences, AMisspeltAttentionMayBeAnyOfThem) {
  EXPECT_EQ(check_report(altered("attention = \"local\"\n", "atention = \"local\"\n")),
            R"(my-model.toml:33:1: error: unknown key 'atention' in layer 'block'
   33 | atention = "local"
      | ^~~~~~~~
      = did you mean 'attention'?
)");
}

TEST(TomlReferences, EveryAttentionIsUsed) {
  EXPECT_EQ(check_report(altered("[feed_forward.mixture]\n",
                                 "[attention.global]\n"
                                 "kind = \"grouped\"\n"
                                 "query_heads = 8\n"
                                 "kv_heads = 2\n"
                                 "head_dim = 16\n"
                                 "\n"
                                 "[feed_forward.mixture]\n")),
            R"(my-model.toml:21:12: error: attention 'global' is defined and never used
   21 | [attention.global]
      |            ^~~~~~
      = name it in a [layer.NAME] table, or delete it
)");
}

TEST(TomlReferences, EveryFeedForwardIsUsed) {
  EXPECT_EQ(check_report(altered("[layer.block]\n",
                                 "[feed_forward.mlp]\n"
                                 "kind = \"dense\"\n"
                                 "width = 128\n"
                                 "activation = \"relu\"\n"
                                 "\n"
                                 "[layer.block]\n")),
            R"(my-model.toml:32:15: error: feed_forward 'mlp' is defined and never used
   32 | [feed_forward.mlp]
      |               ^~~
      = name it in a [layer.NAME] table, or delete it
)");
}

TEST(TomlReferences, EveryLayerIsUsed) {
  EXPECT_EQ(check_report(altered("[[stack]]\n",
                                 "[layer.other]\n"
                                 "attention = \"local\"\n"
                                 "feed_forward = \"mixture\"\n"
                                 "\n"
                                 "[[stack]]\n")),
            R"(my-model.toml:36:8: error: layer 'other' is defined and never used
   36 | [layer.other]
      |        ^~~~~
      = name it in the stack, or delete it
)");
}

}  // namespace
}  // namespace llmarch::spec_test
