// A Counted computes what a double does, and tallies what it did.
#include <gtest/gtest.h>

#include "kernels/reference/arithmetic.h"

namespace llmarch {
namespace {

class ACounted : public ::testing::Test {
 protected:
  ACounted() { arithmetic_tally = {}; }
};

TEST_F(ACounted, TalliesAddsSubtractsMultipliesAndDividesOneEach) {
  const Counted a = 6;
  const Counted b = 2;
  EXPECT_EQ((a + b).value(), 8);
  EXPECT_EQ((a - b).value(), 4);
  EXPECT_EQ((a * b).value(), 12);
  EXPECT_EQ((a / b).value(), 3);
  Counted sum = a;
  sum += b;
  EXPECT_EQ(sum.value(), 8);
  EXPECT_EQ(arithmetic_tally.other, 5);
  EXPECT_EQ(arithmetic_tally.matrix, 0);
  EXPECT_EQ(arithmetic_tally.transcendentals, 0);
}

TEST_F(ACounted, TalliesNoSignsComparisonsAndCopies) {
  const Counted a = 6;
  const Counted negative = -a;
  EXPECT_EQ(negative.value(), -6);
  EXPECT_TRUE(negative < a);
  EXPECT_EQ(arithmetic_tally.other, 0);
}

TEST_F(ACounted, TalliesTranscendentalsApart) {
  EXPECT_EQ(exponential(Counted(0)).value(), 1);
  EXPECT_EQ(hyperbolic_tangent(Counted(0)).value(), 0);
  EXPECT_EQ(error_function(Counted(0)).value(), 0);
  EXPECT_EQ(inverse_root(Counted(4)).value(), 0.5);
  EXPECT_EQ(arithmetic_tally.transcendentals, 4);
  EXPECT_EQ(arithmetic_tally.other, 0);
}

TEST_F(ACounted, TalliesMatrixProductsApartWhileTheyLast) {
  const std::vector<Counted> left{1, 2, 3};
  const std::vector<float> right{4, 5, 6};
  EXPECT_EQ(reference::dot(std::span<const Counted>(left), std::span<const float>(right)).value(),
            4 + 10 + 18);
  EXPECT_EQ(arithmetic_tally.matrix, 2 * 3);
  EXPECT_EQ((left[0] + left[1]).value(), 3);
  EXPECT_EQ(arithmetic_tally.matrix, 2 * 3);
  EXPECT_EQ(arithmetic_tally.other, 1);
}

}  // namespace
}  // namespace llmarch
