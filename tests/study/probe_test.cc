// Which of its readings a probe uses. The readings themselves depend on the machine.
#include "kernels/probe/probe.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

TEST(Probe, GoesByTheHighestReadingWhereItIsAskedWhatTheMachineCanDo) {
  EXPECT_EQ(reading_of({30, 59, 31}, Effort::full), 59);
}

TEST(Probe, GoesByTheMiddleReadingBesideARun) {
  EXPECT_EQ(reading_of({30, 59, 31}, Effort::beside_a_run), 31);
  EXPECT_EQ(reading_of({30}, Effort::beside_a_run), 30);
}

}  // namespace
}  // namespace llmarch
