#include "tests/layering/cycles.h"

#include <gmock/gmock.h>

namespace llmarch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Components, OfTheSourcesFormNoCircle) {
  EXPECT_THAT(cycles(read_includes(LLMARCH_SOURCES)), IsEmpty());
}

TEST(Components, ThatIncludeEachOtherAreACircle) {
  EXPECT_THAT(cycles({{"sim/a.h", {"sim/b.h"}}, {"sim/b.h", {"sim/a.h"}}}),
              ElementsAre("sim/a -> sim/b -> sim/a"));
}

// Neither header includes the other's, which is what a compiler would complain of.
TEST(Components, AreACircleThroughASourceFileToo) {
  EXPECT_THAT(cycles({{"sim/a.h", {}},
                      {"sim/a.cc", {"sim/a.h", "sim/b.h"}},
                      {"sim/b.h", {"sim/c.h"}},
                      {"sim/c.h", {}},
                      {"sim/c.cc", {"sim/c.h", "sim/a.h"}}}),
              ElementsAre("sim/a -> sim/b -> sim/c -> sim/a"));
}

TEST(Components, AreNoCircleByTheirOwnHeaderOrByTwoWaysToOne) {
  EXPECT_THAT(cycles({{"sim/a.h", {"sim/b.h", "sim/c.h"}},
                      {"sim/a.cc", {"sim/a.h"}},
                      {"sim/b.h", {"sim/c.h"}},
                      {"sim/c.h", {}}}),
              IsEmpty());
}

TEST(Components, OfTwoCirclesAreToldApart) {
  EXPECT_THAT(cycles({{"sim/a.h", {"sim/b.h"}},
                      {"sim/b.h", {"sim/a.h"}},
                      {"sim/c.h", {"sim/a.h", "sim/d.h"}},
                      {"sim/d.h", {"sim/c.h"}}}),
              ElementsAre("sim/a -> sim/b -> sim/a", "sim/c -> sim/d -> sim/c"));
}

}  // namespace
}  // namespace llmarch
