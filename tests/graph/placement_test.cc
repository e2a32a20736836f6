// How placements are written, and which layers they are about.
#include "sim/graph/placement.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

Placement placed(const std::string& text) {
  return read_placement(text).value.value();
}

TEST(APlacement, IsWrittenAsItIsRead) {
  for (const char* text : {"experts=host", "layers=host", "experts=0..17=host", "layers=30..=host",
                           "layers=3..5=host,by=device", "experts=host,by=device"}) {
    EXPECT_EQ(text_of(placed(text)), text);
  }
  EXPECT_EQ(text_of(placed("layers=..17=host,by=host")), "layers=0..17=host");
  EXPECT_EQ(text_of(placed("layers=0..=host")), "layers=host");
}

TEST(APlacement, CountsLayersFromZeroAndHasBothEnds) {
  const Placement some = placed("layers=3..5=host");
  for (const int layer : {3, 4, 5}) EXPECT_TRUE(some.has_layer(layer)) << layer;
  for (const int layer : {2, 6}) EXPECT_FALSE(some.has_layer(layer)) << layer;
  EXPECT_TRUE(placed("layers=3=host").has_layer(3));
  EXPECT_FALSE(placed("layers=3=host").has_layer(4));
  EXPECT_TRUE(placed("layers=3..=host").has_layer(1'000));
}

TEST(APlacement, IsRefusedWithItsReason) {
  const auto problem = [](const std::string& text) { return read_placement(text).problem; };
  EXPECT_EQ(problem("experts"), "'experts' places nothing in a host's memory");
  EXPECT_EQ(problem("heads=host"), "'heads=host' places nothing in a host's memory");
  EXPECT_EQ(problem("experts=device"), "'experts=device' places nothing in a host's memory");
  EXPECT_EQ(problem("layers=5..3=host"), "'5..3' are no layers, which count from 0");
  EXPECT_EQ(problem("layers=..=host"), "'..' are no layers, which count from 0");
  EXPECT_EQ(problem("layers=x..=host"), "'x..' are no layers, which count from 0");
  EXPECT_EQ(problem("experts=host,by=me"),
            "'by=me' does not say who computes: by=host or by=device");
}

}  // namespace
}  // namespace llmarch
