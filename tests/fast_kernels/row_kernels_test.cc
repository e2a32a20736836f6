// The row kernels against the mathematics of kernels/reference in double.
#include "kernels/fast/row_kernels.h"

#include "kernels/reference/arithmetic.h"
#include "sim/spec/names.h"
#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

constexpr double kTolerance = 3e-6;

class RowKernels : public OnEveryIsa {};
ON_EVERY_ISA(RowKernels);

// Each row of `in` in double.
std::vector<double> row_of(const GuardedRows& in, std::size_t row) {
  const float* const start = in.view().row(row);
  return {start, start + in.view().columns};
}

// Row counts below and above what is worth a team; widths around every vector's.
const std::vector<std::pair<std::size_t, std::size_t>> kSizes{{1, 1},  {3, 7},  {2, 8},
                                                              {1, 17}, {5, 33}, {40, 500}};

TEST_P(RowKernels, NormalizeByTheRootMeanSquare) {
  Team team(2, GetParam());
  for (const auto& [rows, width] : kSizes) {
    const GuardedRows in = GuardedRows::random(rows, 2 * width, 1);
    const GuardedRows weight = GuardedRows::random(1, width, 2);
    const std::span<const float> weights(weight.view().row(0), width);
    GuardedRows out(rows, 2 * width);
    normalize_rms(team, in.view(), 2, weights, 1e-5F, out.view());
    const std::size_t group_width = width;
    const auto plain = [&](std::size_t r, std::size_t i) {
      const std::vector<double> row = row_of(in, r);
      std::vector<double> result(group_width);
      reference::normalize_rms<double>(
          std::span(row).subspan(i / group_width * group_width, group_width), weights, 1e-5,
          result);
      return result[i % group_width];
    };
    EXPECT_LT(largest_difference(out, plain), kTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

TEST_P(RowKernels, NormalizeByMeanAndDeviation) {
  Team team(2, GetParam());
  for (const auto& [rows, width] : kSizes) {
    const GuardedRows in = GuardedRows::random(rows, width, 1);
    const GuardedRows both = GuardedRows::random(2, width, 2);
    const std::span<const float> weight(both.view().row(0), width);
    const std::span<const float> bias(both.view().row(1), width);
    for (const auto& [weights, biases] : {std::pair(weight, bias), std::pair(weight, bias.first(0)),
                                          std::pair(weight.first(0), bias.first(0))}) {
      GuardedRows out(rows, width);
      normalize_layer(team, in.view(), 1, weights, biases, 1e-2F, out.view());
      const auto plain = [&, w = weights, b = biases](std::size_t r, std::size_t i) {
        const std::vector<double> row = row_of(in, r);
        std::vector<double> result(row.size());
        reference::normalize_layer<double>(row, w, b, 1e-2, result);
        return result[i];
      };
      EXPECT_LT(largest_difference(out, plain), 1e-5);
      EXPECT_TRUE(out.sentinels_stand());
    }
  }
}

TEST_P(RowKernels, ActivateAndGate) {
  Team team(2, GetParam());
  for (const Activation activation :
       {Activation::gelu_tanh, Activation::gelu_erf, Activation::silu, Activation::relu}) {
    for (const auto& [rows, width] : kSizes) {
      GuardedRows in = GuardedRows::random(rows, width, 1);
      // Where the functions bend, and where exponentials leave the range of floats.
      const std::vector<float> special{-100, -20, -4, -1, 0, 1, 4, 20, 100};
      for (std::size_t i = 0; i < std::min(width, special.size()); ++i) {
        in.view().row(0)[i] = special[i];
      }
      const GuardedRows up = GuardedRows::random(rows, width, 2);
      GuardedRows out(rows, width);
      activate(team, activation, in.view(), out.view());
      const auto plain = [&](std::size_t r, std::size_t i) {
        return reference::activate<double>(activation, in.at(r, i));
      };
      // One hundred has floats 8e-6 apart.
      EXPECT_LT(largest_difference(out, plain), 1e-5);
      gate(team, {activation}, in.view(), up.view(), out.view());
      const auto gated = [&](std::size_t r, std::size_t i) { return plain(r, i) * up.at(r, i); };
      EXPECT_LT(largest_difference(out, gated), 1e-5);
      EXPECT_TRUE(out.sentinels_stand());
    }
  }
}

// A norm after it enlarges small values, so the first six digits count in the tail too.
TEST_P(RowKernels, KeepTheDigitsOfGeluWhereItIsSmall) {
  Team team(1, GetParam());
  GuardedRows in(1, 101);
  for (std::size_t i = 0; i <= 100; ++i) {
    in.view().row(0)[i] = 0.1F * static_cast<float>(i) - 5.0F;
  }
  GuardedRows out(1, 101);
  activate(team, Activation::gelu_erf, in.view(), out.view());
  for (std::size_t i = 0; i <= 100; ++i) {
    const double right = reference::activate<double>(Activation::gelu_erf, in.at(0, i));
    EXPECT_NEAR(out.at(0, i), right, kTolerance * std::abs(right)) << in.at(0, i);
  }
}

TEST_P(RowKernels, AddScaleAndCap) {
  Team team(2, GetParam());
  for (const auto& [rows, width] : kSizes) {
    const GuardedRows a = GuardedRows::random(rows, width, 1);
    const GuardedRows b = GuardedRows::random(rows, width, 2);
    GuardedRows out(rows, width);
    add(team, a.view(), b.view(), out.view());
    EXPECT_LT(largest_difference(out, [&](auto r, auto i) { return a.at(r, i) + b.at(r, i); }),
              kTolerance);
    add_bias(team, a.view(), std::span(b.view().row(0), width), out.view());
    EXPECT_LT(largest_difference(out, [&](auto r, auto i) { return a.at(r, i) + b.at(0, i); }),
              kTolerance);
    scale(team, a.view(), 3, out.view());
    EXPECT_LT(largest_difference(out, [&](auto r, auto i) { return 3 * a.at(r, i); }), kTolerance);
    soft_cap(team, a.view(), 0.5F, out.view());
    EXPECT_LT(
        largest_difference(
            out, [&](auto r, auto i) { return reference::soft_capped<double>(a.at(r, i), 0.5); }),
        kTolerance);
    const ConstRows gates{b.view().data, b.view().rows, 1, b.view().stride};
    gate_rows(team, Activation::sigmoid, gates, a.view(), out.view());
    EXPECT_LT(largest_difference(out,
                                 [&](auto r, auto i) {
                                   return a.at(r, i) * reference::sigmoid<double>(b.at(r, 0));
                                 }),
              kTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

// A cap far above its values leaves them unchanged to the last digits; one far below them becomes
// the result.
TEST_P(RowKernels, KeepTheDigitsOfACapNearAndFar) {
  Team team(1, GetParam());
  const std::vector<float> values{1e-6F, -1e-4F, 0.01F, -0.3F, 1, -5, 30, 4e3F, -4e3F, 1e30F};
  GuardedRows in(1, values.size());
  std::copy(values.begin(), values.end(), in.view().row(0));
  GuardedRows out(1, values.size());
  soft_cap(team, in.view(), 50, out.view());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double right = reference::soft_capped<double>(in.at(0, i), 50);
    EXPECT_NEAR(out.at(0, i), right, kTolerance * std::abs(right)) << values[i];
  }
}

// Checks that a NaN in any column of a row is one in the same column of the result, and that all
// other columns are finite.
template <class Kernel>
void expect_nan_to_stay(const Kernel& kernel) {
  for (const std::size_t width : {1U, 7U, 8U, 17U, 33U}) {
    for (std::size_t place = 0; place < width; ++place) {
      GuardedRows in = GuardedRows::random(1, width, 1);
      in.view().row(0)[place] = std::nanf("");
      GuardedRows out(1, width);
      kernel(in.view(), out.view());
      for (std::size_t i = 0; i < width; ++i) {
        ASSERT_EQ(std::isnan(out.at(0, i)), i == place) << "column " << i << " of " << width;
      }
    }
  }
}

TEST_P(RowKernels, LeaveWhatIsNotANumber) {
  Team team(1, GetParam());
  for (const auto& named : Names<Activation>::values) {
    const Activation activation = named.second;
    SCOPED_TRACE(named.first);
    expect_nan_to_stay([&](ConstRows in, Rows out) { activate(team, activation, in, out); });
    const GuardedRows up = GuardedRows::random(1, 33, 2);
    expect_nan_to_stay([&](ConstRows in, Rows out) {
      gate(team, {activation}, in, {up.view().data, 1, in.columns, in.columns}, out);
    });
  }
  expect_nan_to_stay([&](ConstRows in, Rows out) { soft_cap(team, in, 0.5F, out); });
  expect_nan_to_stay([&](ConstRows in, Rows out) { clip(team, in, 0.5F, out); });
  expect_nan_to_stay([&](ConstRows in, Rows out) {
    activate_xielu(team, {0.5, -1e-6}, 0.8F, 0.8F, in, out);
  });
}

TEST_P(RowKernels, WeighRowsByFactorsOfTheirOwn) {
  Team team(1, GetParam());
  const GuardedRows in = GuardedRows::random(3, 21, 1);
  const std::vector<float> factors{0.5F, -2, 3};
  GuardedRows out(3, 21);
  scale_rows(team, in.view(), factors, out.view());
  EXPECT_LT(largest_difference(out, [&](auto r, auto i) { return factors[r] * in.at(r, i); }),
            kTolerance);
  accumulate(team, in.view(), factors, out.view());
  EXPECT_LT(largest_difference(out, [&](auto r, auto i) { return 2 * factors[r] * in.at(r, i); }),
            kTolerance);
}

TEST_P(RowKernels, TurnPairsByTheirPositionsAngles) {
  Team team(2, GetParam());
  const std::vector<double> frequencies{1, 0.1, 0.01, 0.003, 0.001};
  const Places places{2, 3, 40};
  const RotaryAngles angles = rotary_angles(frequencies, 1.5, 38, 10);
  for (const RotaryLayout layout : {RotaryLayout::half_split, RotaryLayout::interleaved}) {
    const GuardedRows in = GuardedRows::random(6, 2 * 14, 1);
    GuardedRows out(6, 2 * 14);
    rotate(team, in.view(), 2, 3, layout, angles, places, out.view());
    const bool neighbours = layout == RotaryLayout::interleaved;
    const auto plain = [&](std::size_t r, std::size_t column) {
      const std::size_t i = column % 14;
      if (i < 3 || i >= 13) return static_cast<double>(in.at(r, column));
      const std::size_t pair = neighbours ? (i - 3) / 2 : (i - 3) % 5;
      const bool second = neighbours ? (i - 3) % 2 == 1 : i - 3 >= 5;
      const std::size_t start = column - i + 3;
      const double x = in.at(r, start + (neighbours ? 2 * pair : pair));
      const double y = in.at(r, start + (neighbours ? 2 * pair + 1 : pair + 5));
      const double angle = static_cast<double>(40 + r % 3) * frequencies[pair];
      const auto [a, b] =
          reference::turned<double>(x, y, 1.5 * std::cos(angle), 1.5 * std::sin(angle));
      return second ? b : a;
    };
    EXPECT_LT(largest_difference(out, plain), kTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

// The comparison of all tests of this folder.
TEST(TheLargestDifference, IsThatOfOneElementAndOfWhatIsNotANumber) {
  GuardedRows out(2, 3);
  for (std::size_t i = 0; i < 6; ++i) out.view().row(i / 3)[i % 3] = 1;
  const auto ones = [](std::size_t, std::size_t) { return 1.0; };
  EXPECT_EQ(largest_difference(out, ones), 0);
  out.view().row(1)[0] = 1.5F;
  EXPECT_EQ(largest_difference(out, ones), 0.5);
  out.view().row(0)[1] = std::nanf("");
  EXPECT_FALSE(largest_difference(out, ones) < 1e30);
}

TEST(Rotation, RefusesPositionsThatItsAnglesDoNotHave) {
  Team team(1, best_isa());
  const RotaryAngles angles = rotary_angles(std::vector<double>{1.0}, 1, 5, 2);
  GuardedRows rows = GuardedRows::random(1, 2, 1);
  const auto turn = [&](std::size_t position) {
    rotate(team, rows.view(), 1, 0, RotaryLayout::half_split, angles, {1, 1, position},
           rows.view());
  };
  EXPECT_NO_THROW(turn(6));
  EXPECT_THROW(turn(7), std::invalid_argument);
  EXPECT_THROW(turn(4), std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
