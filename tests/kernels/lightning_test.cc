// The decays of lightning attention, by the slopes that they are powers of.
#include "kernels/reference/lightning.h"

#include <gtest/gtest.h>

#include <cmath>

namespace llmarch {
namespace {

double slope(const PlaceAmong& head, const PlaceAmong& layer, std::size_t full = 0) {
  return -std::log(lightning_decay(head, layer, full));
}

TEST(LightningDecays, HaveSlopesThatHalveFromHeadToHeadWhereThereAreEight) {
  EXPECT_NEAR(slope({0, 8}, {0, 3}), 1.0 / 2, 1e-5);
  EXPECT_NEAR(slope({7, 8}, {0, 3}), 1.0 / 256, 1e-5);
}

// 2^(-8 / 3): not those of ALiBi, which takes every second slope beyond a power of two.
TEST(LightningDecays, OfThreeHeadsAreOneGeometricSequence) {
  EXPECT_NEAR(slope({0, 3}, {0, 3}), std::exp2(-8.0 / 3), 1e-5);
  EXPECT_NEAR(slope({2, 3}, {0, 3}), std::exp2(-8.0), 1e-5);
}

TEST(LightningDecays, VanishTowardsTheLastLayer) {
  EXPECT_NEAR(slope({0, 8}, {1, 3}), 1.0 / 4, 1e-5);
  EXPECT_NEAR(slope({0, 8}, {2, 3}), 0, 1e-5);
}

// Of three layers, the slope falls by half of the full one with each, from the second layer on.
TEST(LightningDecays, MayHaveTheirFullSlopesInTheSecondLayer) {
  EXPECT_NEAR(slope({0, 8}, {0, 3}, 1), 3.0 / 4, 1e-5);
  EXPECT_NEAR(slope({0, 8}, {1, 3}, 1), 1.0 / 2, 1e-5);
  EXPECT_NEAR(slope({0, 8}, {2, 3}, 1), 1.0 / 4, 1e-5);
}

// The library adds 1e-5 to the last place and to the factor: 1 - 0 + 1e-5.
TEST(LightningDecays, OfASingleLayerAreThoseOfTheFirst) {
  EXPECT_NEAR(slope({0, 8}, {0, 1}), (1 + 1e-5) / 2, 1e-12);
}

}  // namespace
}  // namespace llmarch
