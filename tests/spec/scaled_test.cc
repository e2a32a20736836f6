// Every spec scaled down: the rules hold, every kind of layer stands at least twice, only sizes
// change.
#include "sim/spec/scaled.h"

#include <gtest/gtest.h>

#include "sim/spec/rules.h"
#include "tests/spec/flat_fields.h"
#include "tests/spec/spec_files.h"

namespace llmarch::spec_test {
namespace {

// The fields of every definition, by its place in its list, and those of the spec itself.
FlatFields fields_of(const ArchSpec& spec) {
  FlatFields fields;
  Flattener flattener(fields, "");
  visit_fields(flattener, spec);
  for (const auto& [name, kind] : spec.attention) flatten_kind("attention " + name, kind, fields);
  for (const auto& [name, kind] : spec.feed_forward) {
    flatten_kind("feed_forward " + name, kind, fields);
  }
  std::erase_if(fields, [](const auto& field) {
    return field.first.starts_with("published") || field.first.starts_with("beside");
  });
  return fields;
}

class ScaledSpec : public testing::TestWithParam<std::filesystem::path> {
 protected:
  const ArchSpec original = loaded(GetParam());
  const ArchSpec scaled = scale_down(original);
};

TEST_P(ScaledSpec, BreaksNoRule) {
  for (const Problem& problem : broken_rules(scaled)) {
    ADD_FAILURE() << problem.path << ": " << problem.message;
  }
}

TEST_P(ScaledSpec, HasEveryKindOfLayerTwiceAndFewerLayersInAll) {
  std::vector<int> times(scaled.layer.size());
  for (const std::size_t kind : layer_sequence(scaled)) ++times.at(kind);
  for (const int occurrences : times) EXPECT_GE(occurrences, 2);
  EXPECT_LE(layer_count(scaled), layer_count(original));
}

TEST_P(ScaledSpec, HasTheSameLayers) {
  ASSERT_EQ(scaled.layer.size(), original.layer.size());
  for (std::size_t i = 0; i < scaled.layer.size(); ++i) {
    EXPECT_EQ(mixers_of(scaled.layer[i].value), mixers_of(original.layer[i].value));
    EXPECT_EQ(feed_forwards_of(scaled.layer[i].value), feed_forwards_of(original.layer[i].value));
  }
}

TEST_P(ScaledSpec, HasNothingBesideIt) {
  EXPECT_FALSE(scaled.beside);
}

TEST_P(ScaledSpec, DiffersInSizesOnly) {
  const FlatFields before = fields_of(original);
  const FlatFields after = fields_of(scaled);
  for (const auto& [key, value] : before) {
    ASSERT_TRUE(after.contains(key)) << key;
    const FlatValue& small = after.at(key);
    if (value.size) {
      EXPECT_LE(*small.size, *value.size) << key;
      EXPECT_LE(*small.size, 96) << key;
    } else {
      EXPECT_EQ(small.text, value.text) << key;
    }
  }
  EXPECT_EQ(after.size(), before.size());
}

TEST_P(ScaledSpec, IsItsOwnScaledForm) {
  EXPECT_EQ(architecture_of(scale_down(scaled)), architecture_of(scaled));
}

INSTANTIATE_TEST_SUITE_P(Models, ScaledSpec, testing::ValuesIn(spec_files()), test_name);

}  // namespace
}  // namespace llmarch::spec_test
