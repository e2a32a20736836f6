#include "kernels/fast/packed_matrix.h"

#include "tests/fast_kernels/guarded.h"

namespace llmarch::fast {
namespace {

std::vector<float> row_of(const PackedMatrix& matrix, std::size_t output) {
  std::vector<float> row(matrix.inputs());
  matrix.read(output, row);
  return row;
}

TEST(PackedMatrix, GivesBackTheRowsItWasFilledWith) {
  const GuardedRows weights = GuardedRows::random(70, 37, 1);
  HugeMemory memory(1 << 20);
  PackedMatrix matrix(memory, MatrixFormat::f32, 70, 37);
  matrix.fill(0, weights.view());
  for (std::size_t o = 0; o < 70; ++o) {
    const float* const row = weights.view().row(o);
    EXPECT_EQ(row_of(matrix, o), std::vector<float>(row, row + 37));
  }
}

TEST(PackedMatrix, RoundsToTheNearestBf16) {
  HugeMemory memory(1 << 20);
  PackedMatrix matrix(memory, MatrixFormat::bf16, 1, 3);
  // bf16 has 8 significant bits: between 1 and 1 + 2^-7 the middle goes to the even one.
  const std::vector<float> row{1 + 0x1p-8F, 1 + 3 * 0x1p-8F, 1 + 0x1p-9F};
  matrix.fill(0, {row.data(), 1, 3, 3});
  EXPECT_EQ(row_of(matrix, 0), (std::vector<float>{1, 1 + 0x1p-6F, 1}));
}

TEST(PackedMatrix, IsLaidOutInPanelsOfSixtyFourOutputsAndPairsOfInputs) {
  HugeMemory memory(1 << 20);
  PackedMatrix matrix(memory, MatrixFormat::bf16, 70, 4);
  std::vector<float> weights(70 * 4);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 128);
  matrix.fill(0, {weights.data(), 70, 4, 4});
  const auto element = [&](std::size_t panel, std::size_t offset) {
    return from_bf16(reinterpret_cast<const std::uint16_t*>(matrix.panel(panel))[offset]);
  };
  EXPECT_EQ(element(0, 0), weights[0]);                    // output 0, input 0
  EXPECT_EQ(element(0, 1), weights[1]);                    // output 0, input 1
  EXPECT_EQ(element(0, 2), weights[4]);                    // output 1, input 0
  EXPECT_EQ(element(0, 2 * 64), weights[2]);               // output 0, input 2
  EXPECT_EQ(element(1, 2 * 64 + 3), weights[65 * 4 + 3]);  // output 65, input 3
}

TEST(PackedMatrix, TakesPanelsOfSixtyFourAndInputsInSixteens) {
  EXPECT_EQ(PackedMatrix::bytes(MatrixFormat::bf16, 65, 17), 2U * 64 * 32 * 2);
  EXPECT_EQ(PackedMatrix::bytes(MatrixFormat::f32, 64, 16), 64U * 16 * 4);
}

TEST(SyntheticWeights, DoNotDependOnThreadsOrInstructionSet) {
  HugeMemory memory(8 << 20);
  PackedMatrix one(memory, MatrixFormat::bf16, 200, 50);
  PackedMatrix other(memory, MatrixFormat::bf16, 200, 50);
  Team alone(1, Isa::portable);
  Team pair(2, best_isa());
  one.fill_synthetic(alone, 7, 0.25F);
  other.fill_synthetic(pair, 7, 0.25F);
  for (std::size_t o = 0; o < 200; ++o) EXPECT_EQ(row_of(one, o), row_of(other, o));
}

TEST(SyntheticWeights, FillTheirRangeEvenly) {
  HugeMemory memory(8 << 20);
  PackedMatrix matrix(memory, MatrixFormat::f32, 256, 256);
  Team team(1, Isa::portable);
  matrix.fill_synthetic(team, 3, 0.5F);
  double sum = 0;
  double squares = 0;
  for (std::size_t o = 0; o < 256; ++o) {
    for (const float x : row_of(matrix, o)) {
      ASSERT_LT(std::abs(x), 0.5F);
      sum += x;
      squares += static_cast<double>(x) * x;
    }
  }
  // 65,536 numbers drawn evenly from (-1/2, 1/2) have mean 0 with deviation 0.0011, and mean square
  // 1/12.
  EXPECT_NEAR(sum / 65536, 0, 0.006);
  EXPECT_NEAR(squares / 65536, 1.0 / 12, 0.002);
}

TEST(SyntheticWeights, LeaveZerosWhereAPanelHasNoOutputOrInput) {
  HugeMemory memory(1 << 20);
  PackedMatrix matrix(memory, MatrixFormat::f32, 3, 5);
  Team team(1, Isa::portable);
  matrix.fill_synthetic(team, 3, 0.5F);
  const auto* const panel = reinterpret_cast<const float*>(matrix.panel(0));
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t o = 0; o < 64; ++o) {
      EXPECT_EQ(panel[i * 64 + o] == 0, o >= 3 || i >= 5) << o << " " << i;
    }
  }
}

TEST(PackedMatrix, RefusesRowsThatAreNotItsOwn) {
  HugeMemory memory(1 << 20);
  PackedMatrix matrix(memory, MatrixFormat::f32, 3, 5);
  const GuardedRows weights = GuardedRows::random(2, 5, 1);
  std::vector<float> row(5);
  EXPECT_THROW(matrix.fill(2, weights.view()), std::invalid_argument);
  EXPECT_THROW(matrix.read(3, row), std::invalid_argument);
}

TEST(HugeMemory, RefusesWhatIsBeyondItsEnd) {
  HugeMemory memory(2 << 20);
  memory.take(1 << 20);
  EXPECT_NO_THROW(memory.take(1 << 20));
  EXPECT_THROW(memory.take(1), std::bad_alloc);
}

}  // namespace
}  // namespace llmarch::fast
