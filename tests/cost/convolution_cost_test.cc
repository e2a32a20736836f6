// The gated short convolution. Hidden 10, a kernel of 4, so that a sequence keeps 3 rows of 10.
#include "tests/cost/priced.h"

namespace llmarch {
namespace {

ArchSpec with_convolution() {
  return tiny_model(ShortConvolution{4}, tiny_dense());
}

TEST(AShortConvolution, IsAProductOfTheKernelsLengthForEachColumn) {
  EXPECT_EQ(priced(with_convolution(), kDecode, "convolution"),
            by_hand({.other = 2 * 2 * 10 * 4,
                     .weights = 10 * 4,
                     .cache_read = 2 * 3 * 10,
                     .cache_written = 2 * 3 * 10,
                     .read = 2 * 10,
                     .written = 2 * 10}));
}

// Four tokens of a sequence read and overwrite its state once.
TEST(AShortConvolution, TouchesItsStateOnceForEachSequenceOfAStep) {
  EXPECT_EQ(priced(with_convolution(), kPrefill, "convolution"),
            by_hand({.other = 2 * 4 * 2 * 10 * 4,
                     .weights = 10 * 4,
                     .cache_read = 2 * 3 * 10,
                     .cache_written = 2 * 3 * 10,
                     .read = 2 * 4 * 10,
                     .written = 2 * 4 * 10}));
}

TEST(AShortConvolution, MultipliesByItsGatesElementByElement) {
  for (const auto* gate : {"apply input gate", "apply output gate"}) {
    EXPECT_EQ(priced(with_convolution(), kDecode, gate),
              by_hand({.other = 2 * 10, .read = 2 * 2 * 10, .written = 2 * 10}));
  }
}

TEST(AShortConvolution, ProjectsIntoTwoGatesAndValuesAndOutOfThem) {
  for (const auto* projection : {"convolution input gate", "convolution output gate",
                                 "convolution values", "convolution output"}) {
    EXPECT_EQ(
        priced(with_convolution(), kDecode, projection),
        by_hand(
            {.matrix = 2 * 2 * 10 * 10, .weights = 10 * 10, .read = 2 * 10, .written = 2 * 10}));
  }
}

TEST(AShortConvolution, KeepsAsMuchWhateverTheContext) {
  const OpGraph graph = lower(with_convolution());
  EXPECT_EQ(cache_elements(graph, 1, 2), Elements(2 * 3 * 10));
  EXPECT_EQ(cache_elements(graph, 1'000'000, 2), Elements(2 * 3 * 10));
  EXPECT_EQ(cache_bytes_per_token(graph), Bytes(0));
}

}  // namespace
}  // namespace llmarch
