// The slopes of ALiBi: a geometric sequence, and every second of a finer one beyond a power of two.
#include "kernels/reference/alibi.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

TEST(AlibiSlopes, HalveFromHeadToHeadWhereThereAreEight) {
  for (std::size_t head = 0; head < 8; ++head) {
    EXPECT_DOUBLE_EQ(alibi_slope(head, 8), 1.0 / static_cast<double>(2U << head)) << head;
  }
}

TEST(AlibiSlopes, OfSixHeadsAreThoseOfFourAndEverySecondOfEight) {
  EXPECT_DOUBLE_EQ(alibi_slope(0, 6), 1.0 / 4);
  EXPECT_DOUBLE_EQ(alibi_slope(3, 6), 1.0 / 256);
  EXPECT_DOUBLE_EQ(alibi_slope(4, 6), 1.0 / 2);
  EXPECT_DOUBLE_EQ(alibi_slope(5, 6), 1.0 / 8);
}

}  // namespace
}  // namespace llmarch
