// A causal convolution of each column by itself, and what its state keeps.
#include <gmock/gmock.h>

#include "tests/kernels/one_step.h"

namespace llmarch {
namespace {

using testing::ElementsAre;

// Two columns: the first weighs the two rows before and its own by 1, 2, 3, the second by 4, 5, 6.
class AConvolution : public testing::Test {
 protected:
  // The rows that `tokens` tokens give after a state.
  std::vector<double> run(Integer tokens, std::vector<double> rows, std::vector<double> state) {
    OneStep step({1, 0, tokens, {}, Logits::last});
    const WeightId taps = step.weight(WeightRole::convolution_taps, 2, 3, {1, 2, 3, 4, 5, 6});
    const CacheId kept = step.state(std::move(state));
    const ValueId in = step.value(2, std::move(rows));
    const ValueId out = step.value(2);
    const auto result = step.run(Convolve{taps, kept, in, out});
    kept_ = step.state_after(kept);
    return result;
  }
  std::vector<double> kept_;
};

TEST_F(AConvolution, WeighsTheNewestRowsByTheLastTaps) {
  EXPECT_THAT(run(3, {1, 10, 2, 20, 3, 30}, {0, 0, 0, 0}),
              ElementsAre(3 * 1, 6 * 10, 2 * 1 + 3 * 2, 5 * 10 + 6 * 20, 1 * 1 + 2 * 2 + 3 * 3,
                          4 * 10 + 5 * 20 + 6 * 30));
  EXPECT_THAT(kept_, ElementsAre(2, 20, 3, 30)) << "the two newest rows, the older one first";
}

TEST_F(AConvolution, GoesOnFromTheRowsThatItsStateHasKept) {
  EXPECT_THAT(run(1, {3, 30}, {1, 10, 2, 20}),
              ElementsAre(1 * 1 + 2 * 2 + 3 * 3, 4 * 10 + 5 * 20 + 6 * 30));
  EXPECT_THAT(kept_, ElementsAre(2, 20, 3, 30)) << "one token moves the state on by one row";
}

}  // namespace
}  // namespace llmarch
