// Products against a plain loop in double over the same rounded numbers, so that only the order of
// float additions can differ.
#include "kernels/fast/matrix_product.h"

#include <bit>

#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

struct Size {
  std::size_t rows, outputs, inputs;
};

// Around every boundary: of vectors, tiles of 6 rows, panels of 64 outputs, blocks of 256 steps
// (256 or 512 inputs), tasks of 4 panels, blocks of 512 rows.
const std::vector<Size> kProductSizes{{1, 1, 1},     {1, 64, 16},   {1, 65, 17},   {1, 300, 1000},
                                      {2, 63, 31},   {5, 130, 513}, {6, 64, 512},  {7, 70, 33},
                                      {8, 257, 511}, {13, 96, 530}, {29, 320, 48}, {61, 129, 1025},
                                      {515, 70, 40}};

class Weights {
 public:
  Weights(Stored stored, std::size_t outputs, std::size_t inputs, unsigned seed)
      : rows_(GuardedRows::random(outputs, inputs, seed)),
        memory_(PackedMatrix::bytes(matrix_format(stored), outputs, inputs)),
        packed_(memory_, matrix_format(stored), outputs, inputs) {
    packed_.fill(0, rows_.view());
  }
  [[nodiscard]] const PackedMatrix& packed() const { return packed_; }
  // The plain twin.
  [[nodiscard]] double product(const GuardedRows& in, std::size_t row, std::size_t output) const {
    double sum = 0;
    for (std::size_t i = 0; i < packed_.inputs(); ++i) {
      sum += static_cast<double>(rounded(packed_.stored(), in.at(row, i))) *
             rounded(packed_.stored(), rows_.at(output, i));
    }
    return sum;
  }
  [[nodiscard]] double at(std::size_t output, std::size_t input) const {
    return rounded(packed_.stored(), rows_.at(output, input));
  }

 private:
  GuardedRows rows_;
  HugeMemory memory_;
  PackedMatrix packed_;
};

// Sums of up to a thousand products below 1 in float: a thousand roundings of half of 2^-24 each,
// of sums around 10.
constexpr double kProductTolerance = 1e-4;

class Products : public OnEveryIsa {};
ON_EVERY_ISA(Products);

TEST_P(Products, AgreeWithPlainLoopsAtEverySize) {
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    for (const std::size_t threads : {1U, 3U}) {
      Team team(threads, GetParam());
      for (const Size& size : kProductSizes) {
        const Weights weights(stored, size.outputs, size.inputs, 1);
        const GuardedRows in = GuardedRows::random(size.rows, size.inputs, 2);
        GuardedRows out(size.rows, size.outputs);
        multiply(team, weights.packed(), in.view(), out.view());
        const auto plain = [&](std::size_t r, std::size_t o) { return weights.product(in, r, o); };
        EXPECT_LT(largest_difference(out, plain), kProductTolerance)
            << size.rows << " x " << size.outputs << " x " << size.inputs;
        EXPECT_TRUE(out.sentinels_stand());
      }
    }
  }
}

// All bits of a NaN set: rounding it up by adding would make it -0.
TEST_P(Products, WithWhatIsNotANumberAreNotNumbers) {
  Team team(1, GetParam());
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    const Weights weights(stored, 70, 40, 1);
    for (const std::size_t rows : {1U, 3U, 40U}) {
      for (const std::size_t place : {0U, 17U, 39U}) {
        GuardedRows in = GuardedRows::random(rows, 40, 2);
        in.view().row(rows - 1)[place] = std::bit_cast<float>(0x7fffffffU);
        GuardedRows out(rows, 70);
        multiply(team, weights.packed(), in.view(), out.view());
        for (std::size_t o = 0; o < 70; ++o) {
          ASSERT_TRUE(std::isnan(out.at(rows - 1, o))) << rows << " rows, column " << place;
        }
      }
    }
  }
}

TEST_P(Products, OfSeveralMatricesInOneCallAreThoseOfEach) {
  Team team(2, GetParam());
  const Weights query(Stored::bf16, 100, 40, 1);
  const Weights key(Stored::bf16, 30, 40, 2);
  const Weights other(Stored::f32, 80, 24, 3);
  for (const std::size_t rows : {1U, 4U, 20U}) {
    const GuardedRows in = GuardedRows::random(rows, 40, 4);
    const GuardedRows in_other = GuardedRows::random(rows + 1, 24, 5);
    GuardedRows out_query(rows, 100);
    GuardedRows out_key(rows, 30);
    GuardedRows out_other(rows + 1, 80);
    const std::vector<Product> products{{&query.packed(), 0, in.view(), out_query.view()},
                                        {&key.packed(), 0, in.view(), out_key.view()},
                                        {&other.packed(), 0, in_other.view(), out_other.view()}};
    multiply(team, products);
    const auto plain = [](const Weights& weights, const GuardedRows& from) {
      return [&](std::size_t r, std::size_t o) { return weights.product(from, r, o); };
    };
    EXPECT_LT(largest_difference(out_query, plain(query, in)), kProductTolerance);
    EXPECT_LT(largest_difference(out_key, plain(key, in)), kProductTolerance);
    EXPECT_LT(largest_difference(out_other, plain(other, in_other)), kProductTolerance);
  }
}

// 79 panels and 66, the last of each a partial one: so many that threads take the last ones from
// each other. Few rows, and more of them than four streams can take.
TEST_P(Products, AreWholeWhicheverThreadTakesTheLastPanels) {
  Team team(2, GetParam());
  const Weights up(Stored::bf16, 79 * 64 - 5, 24, 1);
  const Weights gate(Stored::bf16, 66 * 64 - 60, 24, 2);
  for (const auto& [rows, streams] : {std::pair{1U, 1U}, {1U, 4U}, {3U, 2U}, {5U, 1U}, {5U, 4U}}) {
    team.use_streams(streams);
    const GuardedRows in = GuardedRows::random(rows, 24, 3);
    GuardedRows out_up(rows, 79 * 64 - 5);
    GuardedRows out_gate(rows, 66 * 64 - 60);
    const std::vector<Product> products{{&up.packed(), 0, in.view(), out_up.view()},
                                        {&gate.packed(), 0, in.view(), out_gate.view()}};
    multiply(team, products);
    EXPECT_LT(largest_difference(
                  out_up, [&](std::size_t r, std::size_t o) { return up.product(in, r, o); }),
              kProductTolerance);
    EXPECT_LT(largest_difference(
                  out_gate, [&](std::size_t r, std::size_t o) { return gate.product(in, r, o); }),
              kProductTolerance);
    EXPECT_TRUE(out_up.sentinels_stand());
    EXPECT_TRUE(out_gate.sentinels_stand());
  }
}

// In one stream, panels of 2,048 inputs are taken in parts: 17 panels, of the last one 17 columns,
// are 34 parts in bf16 and 68 in f32. Each sum has twice a thousand products.
TEST_P(Products, AreWholeWhereThreadsTakePartsOfPanels) {
  Team team(2, GetParam());
  team.use_streams(1);
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    const Weights weights(stored, 1041, 2048, 1);
    for (const std::size_t rows : {1U, 5U}) {
      const GuardedRows in = GuardedRows::random(rows, 2048, 2);
      GuardedRows out(rows, 1041);
      multiply(team, weights.packed(), in.view(), out.view());
      const auto plain = [&](std::size_t r, std::size_t o) { return weights.product(in, r, o); };
      EXPECT_LT(largest_difference(out, plain), 2 * kProductTolerance) << rows;
      EXPECT_TRUE(out.sentinels_stand());
    }
  }
}

// Threads take parts of panels from each other, so that other ones finish first each time.
TEST_P(Products, AreTheSameToTheBitWhicheverThreadIsDoneFirst) {
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    const Weights weights(stored, 1041, 2048, 1);
    const GuardedRows in = GuardedRows::random(1, 2048, 2);
    for (const std::size_t threads : {1U, 2U, 3U, 4U}) {
      Team team(threads, GetParam());
      team.use_streams(1);
      std::vector<float> first;
      for (int run = 0; run < 100; ++run) {
        GuardedRows out(1, 1041);
        multiply(team, weights.packed(), in.view(), out.view());
        const std::vector<float> sums(out.view().row(0), out.view().row(0) + 1041);
        if (first.empty()) first = sums;
        ASSERT_EQ(sums, first) << threads << " threads, run " << run;
      }
    }
  }
}

// Twelve panels are read in twos or in fours; of eleven some are left over, whose sums are made in
// another order.
TEST_P(Products, AreRightAlongOneStreamOfMemoryTwoAndFour) {
  Team team(1, GetParam());
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    for (const std::size_t panels : {11U, 12U}) {
      const Weights weights(stored, panels * 64, 40, 1);
      for (const std::size_t rows : {1U, 5U}) {
        const GuardedRows in = GuardedRows::random(rows, 40, 2);
        for (const std::size_t streams : {1U, 2U, 4U}) {
          team.use_streams(streams);
          GuardedRows out(rows, panels * 64);
          multiply(team, weights.packed(), in.view(), out.view());
          const auto plain = [&](std::size_t r, std::size_t o) {
            return weights.product(in, r, o);
          };
          EXPECT_LT(largest_difference(out, plain), kProductTolerance)
              << panels << ", " << rows << ", " << streams;
          EXPECT_TRUE(out.sentinels_stand());
        }
      }
    }
  }
}

TEST_P(Products, OfSomeOutputsAreThose) {
  Team team(3, GetParam());
  const Weights weights(Stored::bf16, 200, 50, 1);
  for (const std::size_t rows : {1U, 9U}) {
    const GuardedRows in = GuardedRows::random(rows, 50, 2);
    GuardedRows out(rows, 77);
    const Product product{&weights.packed(), 40, in.view(), out.view()};
    multiply(team, std::span(&product, 1));
    const auto plain = [&](std::size_t r, std::size_t o) { return weights.product(in, r, 40 + o); };
    EXPECT_LT(largest_difference(out, plain), kProductTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

TEST_P(Products, TheOtherWayRoundSumOverOutputs) {
  for (const Stored stored : {Stored::f32, Stored::bf16}) {
    Team team(2, GetParam());
    const Weights weights(stored, 150, 37, 1);
    const GuardedRows in = GuardedRows::random(2, 90, 2);
    GuardedRows out(2, 37);
    const TransposedProduct product{&weights.packed(), 50, in.view(), out.view()};
    multiply_transposed(team, std::span(&product, 1));
    const auto plain = [&](std::size_t r, std::size_t i) {
      double sum = 0;
      for (std::size_t o = 0; o < 90; ++o) {
        sum += static_cast<double>(rounded(stored, in.at(r, o))) * weights.at(50 + o, i);
      }
      return sum;
    };
    EXPECT_LT(largest_difference(out, plain), kProductTolerance);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

TEST(ProductsOfNoRows, AreNothing) {
  Team team(2, best_isa());
  const Weights weights(Stored::bf16, 64, 16, 1);
  EXPECT_NO_THROW(multiply(team, weights.packed(), {nullptr, 0, 16, 16}, {nullptr, 0, 64, 64}));
}

TEST(ProductsOfOtherSizes, AreRefused) {
  Team team(1, best_isa());
  const Weights weights(Stored::f32, 64, 16, 1);
  const GuardedRows in = GuardedRows::random(1, 15, 1);
  GuardedRows out(1, 64);
  EXPECT_THROW(multiply(team, weights.packed(), in.view(), out.view()), std::invalid_argument);
}

}  // namespace
}  // namespace llmarch::fast
