// Products with quantised weights against a reference that dequantises each stored row and
// multiplies with the activations as they are, in double. The bound is that of matrix_product.h.
#include <algorithm>

#include "kernels/engine/held_formats.h"
#include "kernels/fast/matrix_product.h"
#include "kernels/weight_files/blocks.h"
#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

constexpr std::array kQuantised{
    MatrixFormat::q8_0,  MatrixFormat::q4_0,        MatrixFormat::q4_1,   MatrixFormat::q5_0,
    MatrixFormat::q5_1,  MatrixFormat::q2_k,        MatrixFormat::q3_k,   MatrixFormat::q4_k,
    MatrixFormat::q5_k,  MatrixFormat::q6_k,        MatrixFormat::iq4_nl, MatrixFormat::iq4_xs,
    MatrixFormat::mxfp4, MatrixFormat::int8_channel};

struct QuantisedSize {
  std::size_t rows, outputs, inputs;
};

// Around the boundaries of tiles of 4 and 6 rows, panels of 64 outputs, pieces of 256 inputs, and
// rows for two threads.
const std::vector<QuantisedSize> kQuantisedSizes{{1, 1, 256},   {1, 65, 512},  {3, 63, 256},
                                                 {7, 130, 768}, {29, 64, 256}, {260, 70, 512}};

class QuantisedWeights {
 public:
  QuantisedWeights(MatrixFormat format, std::size_t outputs, std::size_t inputs, unsigned seed)
      : memory_(PackedMatrix::bytes(format, outputs, inputs)),
        packed_(memory_, format, outputs, inputs),
        elements_(outputs * inputs) {
    const GuardedRows drawn = GuardedRows::random(outputs, inputs, seed);
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto stored = quantise(block_format(format), {drawn.view().row(o), inputs});
      packed_.fill_stored(o, stored);
      dequantise(block_format(format), stored, std::span(elements_).subspan(o * inputs, inputs));
    }
  }
  [[nodiscard]] const PackedMatrix& packed() const { return packed_; }
  [[nodiscard]] double at(std::size_t output, std::size_t input) const {
    return elements_[output * packed_.inputs() + input];
  }
  [[nodiscard]] double product(const GuardedRows& in, std::size_t row, std::size_t output) const {
    double sum = 0;
    for (std::size_t i = 0; i < packed_.inputs(); ++i) sum += at(output, i) * in.at(row, i);
    return sum;
  }
  // By how much the kernels may depart: each activation by half a step of its group, and every
  // product and sum by roundings of floats.
  [[nodiscard]] double bound(const GuardedRows& in, std::size_t row, std::size_t output) const {
    const BlockFacts facts = facts_of(packed_.format());
    const std::size_t shared =
        packed_.format() == MatrixFormat::int8_channel ? packed_.inputs() : facts.group;
    double bound = 0;
    double magnitude = 0;
    for (std::size_t first = 0; first < packed_.inputs(); first += shared) {
      double largest = 0;
      double weights = 0;
      for (std::size_t i = first; i < std::min(first + shared, packed_.inputs()); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(in.at(row, i))));
        weights += std::abs(at(output, i));
      }
      bound += weights * largest / 254;
      magnitude += weights * largest;
    }
    return bound + 1e-5 * magnitude;
  }

 private:
  HugeMemory memory_;
  PackedMatrix packed_;
  std::vector<float> elements_;
};

// The largest departure as a part of what is allowed.
double departure(const QuantisedWeights& weights, const GuardedRows& in, const GuardedRows& out,
                 std::size_t first_output = 0) {
  double largest = 0;
  for (std::size_t r = 0; r < out.view().rows; ++r) {
    for (std::size_t o = 0; o < out.view().columns; ++o) {
      const double off = std::abs(out.at(r, o) - weights.product(in, r, first_output + o));
      largest = worse(largest, off / weights.bound(in, r, first_output + o));
    }
  }
  return largest;
}

std::string name_of_format(MatrixFormat format) {
  return std::to_string(static_cast<int>(format));
}

TEST(AQuantisedMatrix, GivesBackItsRowsAsTheReferenceReadsThem) {
  for (const MatrixFormat format : kQuantised) {
    const QuantisedWeights weights(format, 70, 512, 1);
    std::vector<float> row(512);
    for (std::size_t o = 0; o < 70; ++o) {
      weights.packed().read(o, row);
      for (std::size_t i = 0; i < 512; ++i) {
        ASSERT_NEAR(row[i], weights.at(o, i), 1e-6) << name_of_format(format) << ", " << o;
      }
    }
  }
}

// 512 inputs: 16 blocks of 32, or two of 256; or 512 bytes and a scale of two.
TEST(AQuantisedMatrix, TakesTheBytesOfItsBlocks) {
  const auto bytes = [](MatrixFormat format) { return stored_row_bytes(format, 512); };
  EXPECT_EQ(bytes(MatrixFormat::q8_0), 16U * 34);
  EXPECT_EQ(bytes(MatrixFormat::q4_0), 16U * 18);
  EXPECT_EQ(bytes(MatrixFormat::mxfp4), 16U * 17);
  EXPECT_EQ(bytes(MatrixFormat::q4_k), 2U * 144);
  EXPECT_EQ(bytes(MatrixFormat::q6_k), 2U * 210);
  EXPECT_EQ(bytes(MatrixFormat::q4_1), 16U * 20);
  EXPECT_EQ(bytes(MatrixFormat::q5_0), 16U * 22);
  EXPECT_EQ(bytes(MatrixFormat::q5_1), 16U * 24);
  EXPECT_EQ(bytes(MatrixFormat::iq4_nl), 16U * 18);
  EXPECT_EQ(bytes(MatrixFormat::q2_k), 2U * 84);
  EXPECT_EQ(bytes(MatrixFormat::q3_k), 2U * 110);
  EXPECT_EQ(bytes(MatrixFormat::q5_k), 2U * 176);
  EXPECT_EQ(bytes(MatrixFormat::iq4_xs), 2U * 136);
  EXPECT_EQ(bytes(MatrixFormat::int8_channel), 514U);
  for (const MatrixFormat format : kQuantised) {
    EXPECT_EQ(PackedMatrix::bytes(format, 65, 512), 2 * 64 * bytes(format));
  }
}

TEST(AQuantisedMatrix, RefusesRowsOfNoWholeBlocks) {
  HugeMemory memory(1 << 20);
  EXPECT_THROW(PackedMatrix(memory, MatrixFormat::q8_0, 3, 33), std::invalid_argument);
  EXPECT_THROW(PackedMatrix(memory, MatrixFormat::q4_k, 3, 128), std::invalid_argument);
}

// The mean square of a limit of 1: a third where elements are drawn evenly. The numbers of q2_k are
// -1, -1/3, 1/3 and 1, whose mean square is 5/9; those of iq4_nl lie closer to zero, and so do
// those of mxfp4, whose exponent is a power of two below.
struct MeanSquare {
  double least, most;
};
MeanSquare mean_square_of_drawn(MatrixFormat format) {
  if (format == MatrixFormat::mxfp4) return {0.032, 0.384};
  if (format == MatrixFormat::q2_k) return {0.54, 0.57};
  const bool near = format == MatrixFormat::iq4_nl || format == MatrixFormat::iq4_xs;
  return near ? MeanSquare{0.27, 0.29} : MeanSquare{0.304, 0.384};
}

TEST(AQuantisedMatrix, DrawsWeightsWithinTheirLimitWhateverTheThreads) {
  for (const MatrixFormat format : kQuantised) {
    HugeMemory memory(1 << 22);
    PackedMatrix one(memory, format, 200, 512);
    PackedMatrix other(memory, format, 200, 512);
    Team alone(1, Isa::portable);
    Team pair(2, best_isa());
    one.fill_synthetic(alone, 7, 0.25F);
    other.fill_synthetic(pair, 7, 0.25F);
    std::vector<float> row(512);
    std::vector<float> same(512);
    double squares = 0;
    for (std::size_t o = 0; o < 200; ++o) {
      one.read(o, row);
      other.read(o, same);
      ASSERT_EQ(row, same);
      for (const float x : row) {
        ASSERT_LE(std::abs(x), 0.2505F) << name_of_format(format);
        squares += static_cast<double>(x) * x;
      }
    }
    const double mean = squares / (200 * 512) / (0.25 * 0.25);
    EXPECT_GT(mean, mean_square_of_drawn(format).least) << name_of_format(format);
    EXPECT_LT(mean, mean_square_of_drawn(format).most) << name_of_format(format);
  }
}

class QuantisedProducts : public OnEveryIsa {};
ON_EVERY_ISA(QuantisedProducts);

TEST_P(QuantisedProducts, AgreeWithTheReferenceThatDequantisesAtEverySize) {
  for (const MatrixFormat format : kQuantised) {
    for (const QuantisedSize& size : kQuantisedSizes) {
      const QuantisedWeights weights(format, size.outputs, size.inputs, 1);
      const GuardedRows in = GuardedRows::random(size.rows, size.inputs, 2);
      for (const std::size_t threads : {1U, 3U}) {
        Team team(threads, GetParam());
        GuardedRows out(size.rows, size.outputs);
        multiply(team, weights.packed(), in.view(), out.view());
        EXPECT_LT(departure(weights, in, out), 1) << name_of_format(format) << ": " << size.rows
                                                  << " x " << size.outputs << " x " << size.inputs;
        EXPECT_TRUE(out.sentinels_stand());
      }
    }
  }
}

// 256 activations that are whole numbers up to 127, 127 among them in each group: nothing of them
// is rounded, so the products are those of the dequantised weights.
TEST_P(QuantisedProducts, RoundNothingWhereActivationsAreWholeSteps) {
  Team team(1, GetParam());
  for (const MatrixFormat format : kQuantised) {
    const QuantisedWeights weights(format, 70, 256, 1);
    GuardedRows in(1, 256);
    for (std::size_t i = 0; i < 256; ++i) {
      in.view().row(0)[i] =
          static_cast<float>(i % 16 == 0 ? 127 : static_cast<int>(i * 37 % 200) - 100);
    }
    GuardedRows out(1, 70);
    multiply(team, weights.packed(), in.view(), out.view());
    const auto plain = [&](std::size_t r, std::size_t o) { return weights.product(in, r, o); };
    // Sums of 256 products up to 127: a hundred roundings of 2^-24 of sums up to 10,000.
    EXPECT_LT(largest_difference(out, plain), 0.02) << name_of_format(format);
  }
}

TEST_P(QuantisedProducts, OfBytesTakeRowsOfAnyLength) {
  Team team(2, GetParam());
  for (const std::size_t inputs : {1U, 31U, 300U}) {
    const QuantisedWeights weights(MatrixFormat::int8_channel, 66, inputs, 1);
    for (const std::size_t rows : {1U, 9U}) {
      const GuardedRows in = GuardedRows::random(rows, inputs, 2);
      GuardedRows out(rows, 66);
      multiply(team, weights.packed(), in.view(), out.view());
      EXPECT_LT(departure(weights, in, out), 1) << inputs << ", " << rows;
    }
  }
}

TEST_P(QuantisedProducts, OfSeveralFormatsInOneCallAreThoseOfEach) {
  Team team(2, GetParam());
  const QuantisedWeights query(MatrixFormat::q4_k, 100, 256, 1);
  const QuantisedWeights value(MatrixFormat::q6_k, 30, 256, 2);
  const QuantisedWeights key(MatrixFormat::q4_0, 70, 256, 3);
  for (const std::size_t rows : {1U, 20U}) {
    const GuardedRows in = GuardedRows::random(rows, 256, 4);
    GuardedRows out_query(rows, 100);
    GuardedRows out_value(rows, 30);
    GuardedRows out_key(rows, 20);
    const std::vector<Product> products{{&query.packed(), 0, in.view(), out_query.view()},
                                        {&value.packed(), 0, in.view(), out_value.view()},
                                        {&key.packed(), 40, in.view(), out_key.view()}};
    multiply(team, products);
    EXPECT_LT(departure(query, in, out_query), 1);
    EXPECT_LT(departure(value, in, out_value), 1);
    EXPECT_LT(departure(key, in, out_key, 40), 1);
    EXPECT_TRUE(out_key.sentinels_stand());
  }
}

TEST_P(QuantisedProducts, WithWhatIsNotFiniteAreNotNumbers) {
  Team team(1, GetParam());
  for (const MatrixFormat format : kQuantised) {
    const QuantisedWeights weights(format, 70, 256, 1);
    for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      for (const std::size_t rows : {1U, 9U}) {
        GuardedRows in = GuardedRows::random(rows, 256, 2);
        in.view().row(rows - 1)[37] = bad;
        GuardedRows out(rows, 70);
        multiply(team, weights.packed(), in.view(), out.view());
        for (std::size_t o = 0; o < 70; ++o) {
          ASSERT_TRUE(std::isnan(out.at(rows - 1, o))) << name_of_format(format);
        }
      }
    }
  }
}

// The exact product is allowed nothing but roundings of floats: activations are not quantised.
TEST_P(QuantisedProducts, TheOtherWayRoundSumOverOutputs) {
  Team team(2, GetParam());
  for (const MatrixFormat format : kQuantised) {
    const QuantisedWeights weights(format, 150, 512, 1);
    const GuardedRows in = GuardedRows::random(2, 90, 2);
    GuardedRows out(2, 512);
    const TransposedProduct product{&weights.packed(), 50, in.view(), out.view()};
    multiply_transposed(team, std::span(&product, 1));
    const auto plain = [&](std::size_t r, std::size_t i) {
      double sum = 0;
      for (std::size_t o = 0; o < 90; ++o) sum += in.at(r, o) * weights.at(50 + o, i);
      return sum;
    };
    EXPECT_LT(largest_difference(out, plain), 1e-4) << name_of_format(format);
    EXPECT_TRUE(out.sentinels_stand());
  }
}

}  // namespace
}  // namespace llmarch::fast
