// What an agreement compares: every operation of either book, and every figure.
#include <gtest/gtest.h>

#include "sim/graph/lower.h"
#include "tests/agreement/faulty_models.h"

namespace llmarch {
namespace {

// A line of one book only, on either side.
TEST(AnOperationOfOneBook, StandsBesideNoWork) {
  const OpGraph graph = lower(grouped_model());
  const Book whole = predict(graph, kSteps[0]);
  Book part = whole;
  const BookLine removed = part.lines.at(5);
  part.lines.erase(part.lines.begin() + 5);

  std::size_t unlike = 0;
  for (const AgreementLine& line : lay_side_by_side(graph, whole, part)) {
    if (line.holds()) continue;
    ++unlike;
    EXPECT_EQ(line.predicted, removed.work);
    EXPECT_EQ(line.counted, Work::none());
  }
  for (const AgreementLine& line : lay_side_by_side(graph, part, whole)) {
    if (line.holds()) continue;
    ++unlike;
    EXPECT_EQ(line.predicted, Work::none());
    EXPECT_EQ(line.counted, removed.work);
  }
  EXPECT_EQ(unlike, 2U);
}

// Every figure of an agreement is held to; none is only shown.
TEST(AnAgreement, HoldsOnlyIfEverythingInItDoes) {
  const Agreement right = check_agreement(lower(grouped_model()), decode(5, 1), 1);
  ASSERT_TRUE(right.holds());
  const std::vector<std::function<void(Agreement&)>> faults{
      [](auto& a) { a.lines.at(3).counted.matrix += Flops(1); },
      [](auto& a) { a.lines.at(3).counted.other += Flops(1); },
      [](auto& a) { a.lines.at(3).counted.transcendentals += Transcendentals(1); },
      [](auto& a) { a.lines.at(3).counted.weights_read += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.cache_read += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.cache_written += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.activations_read += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.weight_bytes_read += Bytes(1); },
      [](auto& a) { a.lines.at(3).counted.cache_bytes_read += Bytes(1); },
      [](auto& a) { a.lines.at(3).counted.cache_bytes_written += Bytes(1); },
      [](auto& a) { a.lines.at(3).counted.sent += Elements(1); },
      [](auto& a) { a.lines.at(3).counted.rounds += Rounds(1); },
      [](auto& a) { a.lines.at(3).predicted.activations_written += Elements(1); },
      [](auto& a) { a.total.counted.matrix += Flops(1); },
      [](auto& a) { a.counted_parameters += Elements(1); },
      [](auto& a) { a.counted_cache += Elements(1); },
      [](auto& a) { a.counted_active = *a.counted_active + Elements(1); },
      [](auto& a) { a.counted_active.reset(); }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Agreement wrong = right;
    faults[i](wrong);
    EXPECT_FALSE(wrong.holds()) << "fault " << i;
  }
}

}  // namespace
}  // namespace llmarch
