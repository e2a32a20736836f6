// Rows of floats with sentinels around each row, and a plain comparison of results: the tools of
// the tests that compare fast kernels with plain loops.
#pragma once

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "kernels/fast/huge_memory.h"
#include "kernels/fast/isa.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/stored.h"
#include "kernels/fast/team.h"
#include "tests/support/worse.h"

namespace llmarch::fast {

// Sentinels that no kernel may touch lie between rows, before the first and after the last. Rows
// begin at odd addresses, so that not even vectors of four are aligned.
class GuardedRows {
 public:
  static constexpr float kSentinel = 12345.0F;
  static constexpr std::size_t kMargin = 19;

  GuardedRows(std::size_t rows, std::size_t columns)
      : rows_(rows),
        columns_(columns),
        elements_(kMargin + rows * (columns + kMargin), kSentinel) {}
  static GuardedRows random(std::size_t rows, std::size_t columns, unsigned seed) {
    GuardedRows drawn(rows, columns);
    std::mt19937 generator(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < columns; ++i) drawn.view().row(r)[i] = uniform(generator);
    }
    return drawn;
  }

  Rows view() { return {elements_.data() + kMargin, rows_, columns_, columns_ + kMargin}; }
  [[nodiscard]] ConstRows view() const {
    return {elements_.data() + kMargin, rows_, columns_, columns_ + kMargin};
  }
  [[nodiscard]] float at(std::size_t row, std::size_t column) const {
    return view().row(row)[column];
  }
  [[nodiscard]] bool sentinels_stand() const {
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      const std::size_t place = i % (columns_ + kMargin);
      if (place < kMargin && elements_[i] != kSentinel) return false;
    }
    return true;
  }

 private:
  std::size_t rows_, columns_;
  std::vector<float> elements_;
};

// The largest difference between the result and plain(row, column); a NaN where one is.
template <class Plain>
double largest_difference(const GuardedRows& out, Plain plain) {
  double largest = 0;
  for (std::size_t r = 0; r < out.view().rows; ++r) {
    for (std::size_t i = 0; i < out.view().columns; ++i) {
      largest = worse(largest, std::abs(static_cast<double>(out.at(r, i)) - plain(r, i)));
    }
  }
  return largest;
}

// Tests over every instruction set that this CPU has.
class OnEveryIsa : public testing::TestWithParam<Isa> {};

inline std::string isa_name(const testing::TestParamInfo<Isa>& info) {
  switch (info.param) {
    case Isa::portable: return "Portable";
    case Isa::avx2: return "Avx2";
    case Isa::avx512: return "Avx512";
    case Isa::avx512_bf16: return "Avx512Bf16";
  }
  return "?";
}

#define ON_EVERY_ISA(suite) \
  INSTANTIATE_TEST_SUITE_P(This, suite, testing::ValuesIn(available_isas()), isa_name)

}  // namespace llmarch::fast
