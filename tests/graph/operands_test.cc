// The operands that operations declare, compared with each other: what one operation reads another
// has written, and no value is made or stored without being used.
#include <gmock/gmock.h>

#include <set>

#include "sim/graph/lower.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

using testing::Contains;
using testing::IsSupersetOf;

struct Touched {
  std::set<ValueId> read, written;
  std::set<WeightId> weights;
  std::set<CacheId> read_caches, stored_caches;

  void operator()(const Reads& each) { read.insert(each.value); }
  void operator()(const ReadsSelected& each) { read.insert(each.value); }
  void operator()(const Writes& each) { written.insert(each.value); }
  void operator()(const WritesInPlace& each) { written.insert(each.value); }
  void operator()(const ReadsWeight& each) { weights.insert(each.weight); }
  void operator()(const LooksUp& each) { weights.insert(each.table); }
  void operator()(const ReadsExperts& each) { weights.insert(each.weight); }
  void operator()(const ReadsToCompress& each) { weights.insert(each.weight); }
  void operator()(const ReadsCompleted& each) { read_caches.insert(each.cache); }
  void operator()(const StoresEntries& each) { stored_caches.insert(each.cache); }
  void operator()(const ReadsCache& each) { read_caches.insert(each.cache); }
  void operator()(const Stores& each) { stored_caches.insert(each.cache); }
  void operator()(const ReadsState& each) { read_caches.insert(each.cache); }
  void operator()(const OverwritesState& each) { stored_caches.insert(each.cache); }
  void operator()(const OneOf<StepsState, StepsStateByChunk> auto& each) {
    read_caches.insert(each.cache);
    stored_caches.insert(each.cache);
  }
};

std::set<std::size_t> first_numbers(std::size_t count) {
  std::set<std::size_t> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.insert(i);
  return numbers;
}

std::set<ValueId> inputs_of(const Block& block) {
  std::set<ValueId> inputs;
  if (block.input) inputs.insert(*block.input);
  if (block.per_layer_input && block.kind == BlockKind::layer) {
    inputs.insert(*block.per_layer_input);
  }
  return inputs;
}

class EveryModel : public testing::TestWithParam<std::string> {
 protected:
  const OpGraph graph_ = lower(model_spec(GetParam()));
};

TEST_P(EveryModel, ReadsOnlyValuesThatWereWrittenBefore) {
  for (const Forms& forms : {Forms{LatentForm::absorbed, RecurrenceForm::by_step},
                             Forms{LatentForm::expanded, RecurrenceForm::by_chunk}}) {
    for (const Block& block : graph_.blocks) {
      std::set<ValueId> known = inputs_of(block);
      for (std::size_t n = 0; n < block.nodes.size(); ++n) {
        if (!runs(block, n, forms)) continue;
        const Node& node = block.nodes[n];
        Touched touched;
        visit_operands(node.op, touched);
        EXPECT_THAT(known, IsSupersetOf(touched.read)) << block.name << ", " << node.name;
        known.insert(touched.written.begin(), touched.written.end());
      }
      EXPECT_THAT(known, Contains(block.output)) << block.name;
    }
  }
}

TEST_P(EveryModel, MakesNoValueForNobody) {
  for (const Block& block : graph_.blocks) {
    Touched touched;
    for (const Node& node : block.nodes) visit_operands(node.op, touched);
    touched.read.insert(block.output);
    if (block.per_layer_input) touched.read.insert(*block.per_layer_input);
    EXPECT_EQ(touched.read, first_numbers(block.values.size())) << block.name;
  }
}

TEST_P(EveryModel, ReadsEveryWeightAndFillsAndReadsEveryCache) {
  Touched touched;
  for (const Block& block : graph_.blocks) {
    for (const Node& node : block.nodes) visit_operands(node.op, touched);
  }
  std::set<WeightId> read = first_numbers(graph_.weights.size());
  std::erase_if(
      read, [&](WeightId id) { return kind_of(graph_.weight(id).role) == WeightKind::constant; });
  EXPECT_EQ(touched.weights, read);
  EXPECT_EQ(touched.stored_caches, first_numbers(graph_.caches.size()));
  EXPECT_EQ(touched.read_caches, first_numbers(graph_.caches.size()));
}

// An operation that reads or writes a cache takes it for what the graph says that it is.
struct CacheKinds {
  const OpGraph& graph;
  void operator()(const OfValues auto&) const {}
  void operator()(const OfWeights auto&) const {}
  void operator()(const ReadsCompleted& each) const { EXPECT_TRUE(is<Waiting>(each.cache)); }
  void operator()(const StoresEntries& each) const { EXPECT_TRUE(is<Compressed>(each.cache)); }
  void operator()(const ReadsCache& each) const { EXPECT_FALSE(is_fixed(each.cache)); }
  void operator()(const Stores& each) const { EXPECT_FALSE(is_fixed(each.cache)); }
  void operator()(const ReadsState& each) const { EXPECT_TRUE(is_fixed(each.cache)); }
  void operator()(const OverwritesState& each) const { EXPECT_TRUE(is_fixed(each.cache)); }
  void operator()(const StepsState& each) const { EXPECT_TRUE(is_fixed(each.cache)); }
  void operator()(const StepsStateByChunk& each) const { EXPECT_TRUE(is_fixed(each.cache)); }
  template <class Kind>
  [[nodiscard]] bool is(CacheId id) const {
    return std::holds_alternative<Kind>(graph.cache(id).state);
  }
  [[nodiscard]] bool is_fixed(CacheId id) const { return is<Fixed>(id); }
};

TEST_P(EveryModel, TouchesEachCacheAsTheKindThatItIs) {
  for (const Block& block : graph_.blocks) {
    for (const Node& node : block.nodes) visit_operands(node.op, CacheKinds{graph_});
  }
}

// A tied head is the one operation that reads a weight of another part: the embedding table.
TEST_P(EveryModel, CountsAnOperationInThePartInWhichItsWeightsCount) {
  for (const Block& block : graph_.blocks) {
    for (const Node& node : block.nodes) {
      Touched touched;
      visit_operands(node.op, touched);
      for (const WeightId id : touched.weights) {
        const WeightRole role = graph_.weight(id).role;
        const bool tied = node.part == Component::head && role == WeightRole::token_embedding;
        EXPECT_TRUE(tied || node.part == component_of(role)) << block.name << ", " << node.name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryModel, testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
