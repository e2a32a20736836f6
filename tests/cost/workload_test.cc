// How many rows, keys and pairs a workload has; how prices become lines, and lines a book.
#include "sim/cost/price.h"
#include "tests/cost/priced.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

// One by one: every new token attends to what was there, the new ones before it, and itself.
std::int64_t pairs_by_counting(std::int64_t past, std::int64_t tokens) {
  std::int64_t pairs = 0;
  for (std::int64_t token = 0; token < tokens; ++token) {
    for (std::int64_t key = 0; key <= past + token; ++key) ++pairs;
  }
  return pairs;
}

TEST(AttendedPairs, AreThoseThatALoopCounts) {
  for (std::int64_t past = 0; past < 12; ++past) {
    for (std::int64_t tokens = 1; tokens < 14; ++tokens) {
      for (std::int64_t batch = 1; batch < 4; ++batch) {
        const Workload workload{batch, past, tokens};
        EXPECT_EQ(quantity(Driver::pair, EveryKey{}, workload),
                  batch * pairs_by_counting(past, tokens))
            << batch << " x " << tokens << " after " << past;
      }
    }
  }
}

TEST(Rows, AreThoseOfTheBatch) {
  const auto rows = [](RowAxis axis, Logits logits) {
    return quantity(driver_of(axis), EveryKey{}, {3, 5, 4, {LatentForm::expanded}, logits});
  };
  EXPECT_EQ(rows(RowAxis::tokens, Logits::last), 3 * 4);
  EXPECT_EQ(rows(RowAxis::keys, Logits::last), 3 * (5 + 4));
  EXPECT_EQ(rows(RowAxis::logits, Logits::last), 3);
  EXPECT_EQ(rows(RowAxis::logits, Logits::all), 3 * 4);
}

TEST(Decode, AttendsItsContextWithOneTokenOfIt) {
  const Workload workload = decode(9, 2);
  EXPECT_EQ(workload.past, 8);
  EXPECT_EQ(workload.tokens, 1);
  EXPECT_EQ(quantity(Driver::pair, EveryKey{}, workload), 2 * 9);
}

TEST(AModelOfSeveralKinds, PricesEachKindAsOftenAsItStands) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.feed_forward.push_back({"experts", tiny_mixture()});
  spec.layer.push_back({"moe", {Reference{"mix", 0}, Reference{"experts", 1}}});
  spec.stack = {{{{"block", 0}}, 2}, {{{"moe", 1}, {"block", 0}}, 3}};
  EXPECT_EQ(priced(spec, kDecode, "router").matrix, Flops(3 * (2 * 2 * 10 * 8)));
  EXPECT_EQ(priced(spec, kDecode, "up projection").matrix, Flops((2 + 3) * (2 * 2 * 10 * 15)));
}

class EveryBook : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryBook, IsTheSumOfItsLinesAndWhatASweepIsTold) {
  const OpGraph graph = lower(model_spec(GetParam()));
  for (const Workload& workload : {decode(8192, 1), decode(8192, 7), prefill(4096, 3)}) {
    const Book book = predict(graph, workload);
    Work sum;
    for (const BookLine& line : book.lines) sum += line.work;
    EXPECT_EQ(book.total, sum);
    EXPECT_EQ(predict_total(graph, workload), sum);
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryBook, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
