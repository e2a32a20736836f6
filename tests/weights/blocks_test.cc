// What stored rows mean, on blocks that are laid out by hand, and how rows become such blocks.
#include "kernels/weight_files/blocks.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace llmarch {
namespace {

constexpr std::byte kOneInF16Low{0x00};
constexpr std::byte kOneInF16High{0x3c};

std::vector<float> elements(BlockFormat format, const std::vector<std::byte>& stored,
                            std::size_t count) {
  std::vector<float> row(count);
  dequantise(format, stored, row);
  return row;
}

TEST(ABlockOfQ8_0, IsAScaleAndSignedBytes) {
  std::vector<std::byte> block(34);
  block[1] = std::byte{0x40};  // 2 in f16
  block[2] = std::byte{0xff};
  block[33] = std::byte{0x7f};
  const auto row = elements(BlockFormat::q8_0, block, 32);
  EXPECT_EQ(row[0], -2);
  EXPECT_EQ(row[1], 0);
  EXPECT_EQ(row[31], 254);
}

TEST(ABlockOfQ4_0, HasElementsSixteenApartInAByte) {
  std::vector<std::byte> block(18);
  block[0] = kOneInF16Low;
  block[1] = kOneInF16High;
  block[2] = std::byte{0xf0};
  const auto row = elements(BlockFormat::q4_0, block, 32);
  EXPECT_EQ(row[0], -8);
  EXPECT_EQ(row[16], 7);
}

// Scale 1, minimum 2 (added to every element).
TEST(ABlockOfQ4_1, AddsItsMinimum) {
  std::vector<std::byte> block(20);
  block[1] = kOneInF16High;
  block[3] = std::byte{0x40};
  block[4] = std::byte{0xf3};
  const auto row = elements(BlockFormat::q4_1, block, 32);
  EXPECT_EQ(row[0], 3 + 2);
  EXPECT_EQ(row[16], 15 + 2);
  EXPECT_EQ(row[1], 2);
}

// The fifth bits of elements 0 and 17 are bit 0 of the first byte and bit 1 of the third.
TEST(ABlockOfQ5_0, HasFifthBitsApart) {
  std::vector<std::byte> block(22);
  block[1] = kOneInF16High;
  block[2] = std::byte{1};
  block[4] = std::byte{2};
  block[6] = std::byte{0x03};
  block[7] = std::byte{0x50};
  const auto row = elements(BlockFormat::q5_0, block, 32);
  EXPECT_EQ(row[0], 3 + 16 - 16);
  EXPECT_EQ(row[16], -16);
  EXPECT_EQ(row[1], -16);
  EXPECT_EQ(row[17], 5 + 16 - 16);
}

TEST(ABlockOfQ5_1, HasFifthBitsAndAMinimum) {
  std::vector<std::byte> block(24);
  block[1] = kOneInF16High;
  block[3] = std::byte{0x40};  // the minimum: 2
  block[4] = std::byte{1};
  block[8] = std::byte{0x43};
  const auto row = elements(BlockFormat::q5_1, block, 32);
  EXPECT_EQ(row[0], 3 + 16 + 2);
  EXPECT_EQ(row[16], 4 + 2);
}

TEST(ABlockOfIq4Nl, HasCodesOfSixteenNumbers) {
  std::vector<std::byte> block(18);
  block[1] = kOneInF16High;
  block[2] = std::byte{0x80};
  block[3] = std::byte{0xf7};
  const auto row = elements(BlockFormat::iq4_nl, block, 32);
  EXPECT_EQ(row[0], -127);
  EXPECT_EQ(row[16], 1);
  EXPECT_EQ(row[1], -10);
  EXPECT_EQ(row[17], 113);
}

// d = 1, dmin = 2. Group 0: scale 3, minimum 5. Elements 0, 32, 64 and 96 share a byte.
TEST(ABlockOfQ2_K, HasAScaleAndAMinimumInAByte) {
  std::vector<std::byte> block(84);
  block[0] = std::byte{3 | 5 << 4};
  block[2] = std::byte{1};  // of elements 32 to 47
  block[16] = std::byte{0b00001011};
  block[81] = kOneInF16High;
  block[83] = std::byte{0x40};
  const auto row = elements(BlockFormat::q2_k, block, 256);
  EXPECT_EQ(row[0], 3 * 3 - 2 * 5);
  EXPECT_EQ(row[1], -2 * 5);
  EXPECT_EQ(row[32], 2);
}

// d = 1. The scale of group 0 is 5 (37 stored: 5, and 2 of the upper bits), that of group 9 is -1
// (31 stored). An element whose third bit is not set is 4 less.
TEST(ABlockOfQ3_K, HasThirdBitsAndScalesOfSixBits) {
  std::vector<std::byte> block(110);
  block[0] = std::byte{0b00000001};    // the third bit of element 0
  block[32] = std::byte{0b00000010};   // two bits of elements 0, 32, 64 and 96
  block[32 + 32 + 16] = std::byte{1};  // of element 144, the first of group 9
  block[96] = std::byte{5};            // lower bits of groups 0 and 8
  block[97] = std::byte{15 << 4};      // of groups 1 and 9
  block[104] = std::byte{2};           // upper bits of groups 0, 4, 8 and 12
  block[105] = std::byte{1 << 4};      // of groups 1, 5, 9 and 13
  block[109] = kOneInF16High;
  const auto row = elements(BlockFormat::q3_k, block, 256);
  EXPECT_EQ(row[0], 5 * 2);
  EXPECT_EQ(row[1], 5 * -4);
  EXPECT_EQ(row[144], -1 * (1 - 4));
}

// As q4_k, with the fifth bits of all groups' first elements in byte 16.
TEST(ABlockOfQ5_K, HasFifthBitsApart) {
  std::vector<std::byte> block(176);
  block[1] = kOneInF16High;
  block[4] = std::byte{3};
  block[5] = std::byte{2};
  block[16] = std::byte{0b00000010};  // of element 32
  block[48] = std::byte{0x74};
  const auto row = elements(BlockFormat::q5_k, block, 256);
  EXPECT_EQ(row[0], 3 * 4);
  EXPECT_EQ(row[32], 2 * (7 + 16));
}

// d = 1. The scale of group 0 is 2 (34 stored), that of group 3 is -30 (2 stored).
TEST(ABlockOfIq4Xs, HasScalesOfSixBits) {
  std::vector<std::byte> block(136);
  block[1] = kOneInF16High;
  block[2] = std::byte{2};       // upper bits of groups 0 to 3
  block[4] = std::byte{2};       // lower bits of groups 0 and 1
  block[5] = std::byte{2 << 4};  // of groups 2 and 3
  block[8] = std::byte{0xf8};
  block[8 + 3 * 16 + 1] = std::byte{0x09};
  const auto row = elements(BlockFormat::iq4_xs, block, 256);
  EXPECT_EQ(row[0], 2 * 1);
  EXPECT_EQ(row[16], 2 * 113);
  EXPECT_EQ(row[96 + 1], -30 * 13);
}

// The exponent 128 is a factor of two; code 7 is 6, code 9 is -1/2.
TEST(ABlockOfMxfp4, IsAnExponentAndFourBitFloats) {
  std::vector<std::byte> block(17);
  block[0] = std::byte{128};
  block[1] = std::byte{0x97};
  const auto row = elements(BlockFormat::mxfp4, block, 32);
  EXPECT_EQ(row[0], 12);
  EXPECT_EQ(row[16], -1);
}

// d = 1, dmin = 2. Group 0: scale 3 and minimum 5. Group 4: scale 0x15 (lower bits 5 in the half
// of byte 8, upper bits 1 in byte 0), minimum 0x26 (6, and 2 in byte 4).
TEST(ABlockOfQ4_K, HasSixBitScalesAndMinima) {
  std::vector<std::byte> block(144);
  block[1] = kOneInF16High;
  block[3] = std::byte{0x40};
  block[4 + 0] = std::byte{3 | 1 << 6};
  block[4 + 4] = std::byte{5 | 2 << 6};
  block[4 + 8] = std::byte{0x65};
  block[16] = std::byte{0x04};           // element 0: quant 4; element 32: 0
  block[16 + 2 * 32] = std::byte{0x07};  // element 128, the first of group 4: quant 7
  const auto row = elements(BlockFormat::q4_k, block, 256);
  EXPECT_EQ(row[0], 3 * 4 - 2 * 5);
  EXPECT_EQ(row[1], -2 * 5);
  EXPECT_EQ(row[128], 0x15 * 7 - 2 * 0x26);
}

// d = 1; elements 0, 32, 64 and 96 share two bytes of lower and one of upper bits.
TEST(ABlockOfQ6_K, HasLowerAndUpperBitsApart) {
  std::vector<std::byte> block(210);
  block[0] = std::byte{0x21};          // lower bits of elements 0 and 64
  block[32] = std::byte{0x43};         // of 32 and 96
  block[128] = std::byte{0b11100100};  // upper bits 0, 1, 2, 3
  for (std::size_t group = 0; group < 16; ++group) block[192 + group] = std::byte{2};
  block[192 + 6] = std::byte{0xff};  // the scale of elements 96 to 111: -1
  block[209] = kOneInF16High;
  const auto row = elements(BlockFormat::q6_k, block, 256);
  EXPECT_EQ(row[0], 2 * (1 - 32));
  EXPECT_EQ(row[32], 2 * (3 + 16 - 32));
  EXPECT_EQ(row[64], 2 * (2 + 32 - 32));
  EXPECT_EQ(row[96], -(4 + 48 - 32));
}

TEST(ARowOfBytes, HasItsScaleAfterIt) {
  const std::vector<std::byte> row{std::byte{0xfe}, std::byte{3}, std::byte{0x00}, std::byte{0x3f}};
  EXPECT_EQ(elements(BlockFormat::int8_channel, row, 2), (std::vector<float>{-1, 1.5F}));
}

TEST(AStoredRow, OfAnotherLengthIsRefused) {
  std::vector<float> row(32);
  EXPECT_THROW(dequantise(BlockFormat::q8_0, std::vector<std::byte>(33), row),
               std::invalid_argument);
  EXPECT_THROW(dequantise(BlockFormat::q4_k, std::vector<std::byte>(18), row),
               std::invalid_argument);
}

// Half a step of the coarsest scale that a block of elements below 1 can have: 1/127 for bytes, a
// sixteenth of the range for four bits, and in mxfp4 the gap between 4 and 6 where 6 is about 1, in
// iq4_nl that of 24 of 127; beside it the rounding of scales to f16, to six bits or to four. Where
// the extreme is the code without an opposite, its opposite is a whole step away.
TEST(Quantising, RoundsEveryElementByAtMostHalfAStep) {
  constexpr std::array<std::pair<BlockFormat, float>, 14> kSteps{
      {{BlockFormat::q8_0, 1.0F / 127},
       {BlockFormat::int8_channel, 1.01F / 127},
       {BlockFormat::q6_k, 1.05F / 31},
       {BlockFormat::q4_0, 2.01F / 8},
       {BlockFormat::q4_1, 2.02F / 15},
       {BlockFormat::q5_0, 2.02F / 16},
       {BlockFormat::q5_1, 2.02F / 31},
       {BlockFormat::q2_k, 2.6F / 3},
       {BlockFormat::q3_k, 2.3F / 4},
       {BlockFormat::q4_k, 2.2F / 15},
       {BlockFormat::q5_k, 2.3F / 31},
       {BlockFormat::iq4_nl, 2 * 14.1F / 127},
       {BlockFormat::iq4_xs, 2 * 18.0F / 127},
       {BlockFormat::mxfp4, 2.0F / 4}}};
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> row(512);
  for (float& x : row) x = uniform(generator);
  for (const auto& [format, step] : kSteps) {
    const auto back = elements(format, quantise(format, row), row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      EXPECT_LE(std::abs(back[i] - row[i]), step / 2 * 1.01F)
          << static_cast<int>(format) << ", element " << i;
    }
  }
}

TEST(Quantising, KeepsZerosAndWhatAFormatHoldsExactly) {
  for (const BlockFormat format :
       {BlockFormat::q8_0, BlockFormat::q4_0, BlockFormat::q4_1, BlockFormat::q5_0,
        BlockFormat::q5_1, BlockFormat::q2_k, BlockFormat::q3_k, BlockFormat::q4_k,
        BlockFormat::q5_k, BlockFormat::q6_k, BlockFormat::iq4_nl, BlockFormat::iq4_xs,
        BlockFormat::mxfp4}) {
    const std::vector<float> zeros(256, 0.0F);
    EXPECT_EQ(elements(format, quantise(format, zeros), 256), zeros);
  }
  std::vector<float> row(32, 0.0F);
  row[0] = -127;
  row[1] = 6;
  EXPECT_EQ(elements(BlockFormat::q8_0, quantise(BlockFormat::q8_0, row), 32), row);
  row[0] = 3;
  EXPECT_EQ(elements(BlockFormat::mxfp4, quantise(BlockFormat::mxfp4, row), 32), row);
}

TEST(Quantising, RefusesWhatIsNotFinite) {
  std::vector<float> row(32, 1.0F);
  row[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW((void)quantise(BlockFormat::q8_0, row), std::invalid_argument);
  EXPECT_THROW((void)quantise(BlockFormat::q4_k, std::vector<float>(32, 1.0F)),
               std::invalid_argument);
}

}  // namespace
}  // namespace llmarch
