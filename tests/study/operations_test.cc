// Does a model's book, operation by operation, add up to the figures of the whole?
#include "sim/study/operations.h"

#include <gmock/gmock.h>

#include "sim/cost/predict.h"
#include "tests/support/model_specs.h"
#include "tests/support/show_work.h"

namespace llmarch {
namespace {

class EveryBook : public ::testing::TestWithParam<std::string> {
 protected:
  void expect_sums(Phase phase, const Workload& workload) const {
    const Setting setting{.context = 1000};
    const OperationTable table = operation_table(model_, phase, setting);
    Work all = Work::none();
    for (const BlockFigures& block : table.blocks) {
      Work some = Work::none();
      for (const OperationFigures& figures : block.operations) some += figures.step.work;
      EXPECT_EQ(some, block.all_layers.work) << block.block;
      EXPECT_EQ(block.one_layer.work * block.layers, block.all_layers.work) << block.block;
      all += some;
    }
    EXPECT_EQ(all, table.total.work);
    EXPECT_EQ(all, predict_total(model_.graph, workload));
  }

  const Model model_ = make_model(model_spec(GetParam()), {});
};

TEST_P(EveryBook, OfADecodeAddsUp) {
  expect_sums(Phase::decode, decode(1000, 1));
}
TEST_P(EveryBook, OfAPrefillAddsUp) {
  expect_sums(Phase::prefill, prefill(1000, 1));
}

// Parameters that two operations read: with a tied head, the embedding table; with parallel
// streams, one norm over `hidden` and one projection of it to a factor for each stream, which both
// prediction and correction read.
Integer read_twice(const ArchSpec& spec) {
  Integer twice = spec.head == Head::tied ? spec.vocabulary * spec.hidden : Integer(0);
  if (spec.parallel_streams) {
    twice += layer_count(spec) * (spec.parallel_streams->count + 1) * spec.hidden;
  }
  return twice;
}

TEST_P(EveryBook, NamesEveryParameter) {
  Integer read = 0;
  for (const WeightUse& use : weight_uses(model_.graph)) {
    read += (use.parameters * use.layers).amount();
  }
  EXPECT_EQ(read - read_twice(model_.spec), model_.parameters.total.amount());
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryBook, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
