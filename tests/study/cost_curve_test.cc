#include "sim/cost/cost_curve.h"

#include <gmock/gmock.h>

#include <map>

#include "sim/cost/predict.h"
#include "sim/formats/formats.h"
#include "sim/graph/lower.h"
#include "tests/support/chunks.h"
#include "tests/support/model_specs.h"
#include "tests/support/show_work.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

using testing::ElementsAre;

// Lengths around every border that a model of arch_specs has, and far beyond them.
std::vector<Integer> lengths() {
  std::vector<Integer> lengths;
  for (const std::int64_t border : {1, 512, 1'024, 4'096, 8'192, 16'384, 100'000}) {
    for (std::int64_t length = std::max<std::int64_t>(1, border - 3); length < border + 4;
         ++length) {
      lengths.emplace_back(length);
    }
  }
  return lengths;
}

class EveryModel : public testing::TestWithParam<std::string> {
 protected:
  OpGraph graph_ = lower(model_spec(GetParam()));
};

void expect_same_totals(const OpGraph& graph, Phase phase, Integer batch) {
  const CostCurve curve(graph, phase, batch);
  for (const Integer length : lengths()) {
    EXPECT_EQ(curve.total(length), predict_total(graph, workload_of(phase, length, batch)))
        << "length " << length.value() << ", batch " << batch.value();
  }
}

TEST_P(EveryModel, CostsOnItsCurvesWhatItsBookSays) {
  for (const Integer batch : {1, 3, 64}) {
    expect_same_totals(graph_, Phase::decode, batch);
    expect_same_totals(graph_, Phase::prefill, batch);
  }
}

TEST_P(EveryModel, CostsByChunksOnItsCurvesWhatItsBookSays) {
  const CostCurve curve(graph_, Phase::prefill, 3, 1, RecurrenceForm::by_chunk);
  for (const Integer length : lengths()) {
    EXPECT_EQ(curve.total(length), predict_total(graph_, by_chunk(prefill(length, 3))))
        << "length " << length.value();
  }
}

TEST_P(EveryModel, HasOfEachKindOfWorkTheOperationsOfThatKind) {
  const CostCurve curve(graph_, Phase::prefill, 2);
  std::map<WorkKind, Work> sums;
  for (const BookLine& line : predict(graph_, prefill(5'000, 2)).lines) {
    sums[graph_.blocks[line.block].nodes[line.node].kind] += line.work;
  }
  Work all;
  for (const WorkKind kind : kWorkKinds) {
    EXPECT_EQ(curve.of(kind, 5'000), sums[kind]);
    all += curve.of(kind, 5'000);
  }
  EXPECT_EQ(all, curve.total(5'000));
}

TEST_P(EveryModel, HoldsInItsCachesWhatItsBookSays) {
  const CacheCurve curve(graph_, 3);
  for (const Integer length : lengths()) {
    EXPECT_EQ(curve.held(length), cache_bytes(graph_, length, 3));
    EXPECT_GE(curve.peak(length), curve.held(length));
  }
}

TEST_P(EveryModel, HasTheFloorThatItsOperationsHaveOneByOne) {
  const OpGraph graph = with_formats(graph_, {DType::f32, DType::fp8});
  const Rates rates{DType::bf16, 1e15, 3e12};
  // A prefill reads and writes a state once in a floor, and at every token in a book.
  struct Asked {
    Phase phase;
    ExpertLoad load;
    RecurrenceForm form;
  };
  for (const auto& [phase, load, form] :
       {Asked{Phase::decode, ExpertLoad::uniform, RecurrenceForm::by_step},
        Asked{Phase::decode, ExpertLoad::fewest, RecurrenceForm::by_step},
        Asked{Phase::prefill, ExpertLoad::fewest, RecurrenceForm::by_step},
        Asked{Phase::prefill, ExpertLoad::fewest, RecurrenceForm::by_chunk}}) {
    const CostCurve curve(graph, phase, 64, 1, form);
    const FloorCurve floors(curve, rates, load);
    for (const Integer length : lengths()) {
      Floor sum;
      for (const BookLine& line : predict(graph, curve.step(length), load).lines) {
        sum += floor_of(line.work, rates);
      }
      const Floor floor = floors.at(length);
      EXPECT_NEAR(floor.seconds / sum.seconds, 1, 1e-12);
      EXPECT_NEAR(floor.arithmetic_seconds / sum.arithmetic_seconds, 1, 1e-12);
      EXPECT_NEAR(floor.memory_seconds / sum.memory_seconds, 1, 1e-12);
    }
  }
}

bool chooses_identities(const OpGraph& graph) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* const experts = std::get_if<RunExperts>(&node.op);
      if (experts != nullptr && experts->identities > 0) return true;
    }
  }
  return false;
}

// For one token, both floors are the same, unless it may choose identities instead of experts. For
// several tokens, the fewest experts make a lower floor, where there are experts.
TEST_P(EveryModel, HasNoLowerFloorUnderUniformRoutingThanWithTheFewestExperts) {
  const Rates rates{DType::bf16, 1e15, 3e12};
  const bool mixture = std::ranges::any_of(
      graph_.weights, [](const Weight& weight) { return weight.role == WeightRole::expert_down; });
  const bool identities = chooses_identities(graph_);
  for (const Integer batch : {Integer(1), Integer(16)}) {
    const CostCurve curve(graph_, Phase::decode, batch);
    const double fewest = FloorCurve(curve, rates, ExpertLoad::fewest).at(1'000).seconds;
    const double uniform = FloorCurve(curve, rates, ExpertLoad::uniform).at(1'000).seconds;
    if (identities || (mixture && batch > 1)) {
      EXPECT_LT(fewest, uniform);
    } else {
      EXPECT_NEAR(fewest / uniform, 1, 1e-12);
    }
  }
}

// Two kinds of layer, one for each attention.
OpGraph two_kinds(const GroupedAttention& one, const GroupedAttention& other) {
  ArchSpec spec = tiny_model(one, tiny_dense());
  spec.attention.push_back({"other", other});
  spec.layer.push_back({"other block", {Reference{"other", 1}, Reference{"feed", 0}}});
  spec.stack.push_back({{{"other block", 1}}, 1});
  return lower(spec);
}

GroupedAttention with_window(Integer size) {
  GroupedAttention attention = tiny_grouped();
  attention.window = size;
  return attention;
}

GroupedAttention with_chunk(Integer size) {
  GroupedAttention attention = tiny_grouped();
  attention.chunk = size;
  return attention;
}

std::vector<Reach> reaches(const GroupedAttention& one, const GroupedAttention& other) {
  return CostCurve(two_kinds(one, other), Phase::decode, 1).reaches();
}

TEST(TheReachesOfACurve, AreEachListedOnce) {
  EXPECT_THAT(reaches(with_window(4), with_window(4)), ElementsAre(Reach(Window{4})));
  EXPECT_THAT(reaches(with_window(4), with_window(5)),
              ElementsAre(Reach(Window{4}), Reach(Window{5})));
  EXPECT_THAT(reaches(with_window(4), with_chunk(4)),
              ElementsAre(Reach(Window{4}), Reach(Chunk{4})));
}

// The two are of one size, and shorter than the steps.
TEST(AWindowAndAChunk, AreTwoReaches) {
  for (const Integer size : {1, 2, 4}) {
    const OpGraph graph = two_kinds(with_window(size), with_chunk(size));
    for (const Phase phase : {Phase::decode, Phase::prefill}) {
      const CostCurve curve(graph, phase, 2);
      for (std::int64_t length = 1; length < 14; ++length) {
        EXPECT_EQ(curve.total(length), predict_total(graph, workload_of(phase, length, 2)))
            << length;
      }
    }
  }
}

// At 2^33 keys 1 + 2 + ... exceeds 64 bits; a window of 4 never asks for it.
TEST(AModelOfWindows, CostsTheSameHoweverLongTheContext) {
  const CostCurve curve(two_kinds(with_window(4), with_window(4)), Phase::decode, 1);
  EXPECT_EQ(curve.total(std::int64_t{1} << 33), curve.total(4));
}

// Within a window of 4 at most 4 positions, within a chunk of 5 at most 5; 2 x 12 columns of 2
// bytes for each.
TEST(TheMostThatACacheHolds, IsAWindowAndAChunk) {
  const CacheCurve curve(two_kinds(with_window(4), with_chunk(5)), 3);
  EXPECT_EQ(curve.peak(2), Bytes(3 * 48 * (2 + 2)));
  EXPECT_EQ(curve.peak(11), Bytes(3 * 48 * (4 + 5)));
  EXPECT_EQ(curve.held(11), Bytes(3 * 48 * (4 + 1)));
}

INSTANTIATE_TEST_SUITE_P(CostCurve, EveryModel, testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
