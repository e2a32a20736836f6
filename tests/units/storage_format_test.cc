// Bytes of tensors, each a product that can be redone by hand. Formats are those that models are
// published in; their blocks are in the sources that stand beside them.
#include "sim/storage_format.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

TEST(APlainFormat, TakesTheBitsOfEachElement) {
  EXPECT_EQ(bytes_of(3, 5, plain(DType::f32)), Bytes(3 * 5 * 4));
  EXPECT_EQ(bytes_of(3, 5, plain(DType::bf16)), Bytes(3 * 5 * 2));
  EXPECT_EQ(bytes_of(3, 5, plain(DType::fp8)), Bytes(3 * 5));
}

TEST(ARow, EndsWithAWholeByte) {
  EXPECT_EQ(bytes_of(3, 4, plain(DType::int4)), Bytes(3 * 2));
  EXPECT_EQ(bytes_of(3, 5, plain(DType::int4)), Bytes(3 * 3));
  EXPECT_EQ(bytes_of(2, 3, {"six bits", 6}), Bytes(2 * 3));  // 18 bits
}

// DeepSeek-V3's: e4m3 with a float for each 128 x 128. Of 300 x 200 elements there are 3 x 2 such
// blocks, those at the edges smaller.
TEST(AFormatInTiles, KeepsAScaleForEachTile) {
  const StorageFormat format{"fp8 in tiles", 8, {ScaleGrid{128, 128, 4}}};
  EXPECT_EQ(bytes_of(256, 128, format), Bytes(256 * 128 + 2 * 4));
  EXPECT_EQ(bytes_of(300, 200, format), Bytes(300 * 200 + 3 * 2 * 4));
  EXPECT_EQ(bytes_of(1, 200, format), Bytes(200 + 2 * 4));  // a row that is read by itself
}

// MXFP4 (OCP Microscaling Formats 1.0): four bits, and an exponent of 8 bits for each 32 in a row.
TEST(AFormatInGroups, KeepsAScaleForEachGroupOfARow) {
  const StorageFormat mxfp4{"mxfp4", 4, {ScaleGrid{1, 32, 1}}};
  EXPECT_EQ(bytes_of(10, 64, mxfp4), Bytes(10 * (32 + 2)));
  EXPECT_EQ(bytes_of(10, 65, mxfp4), Bytes(10 * (33 + 3)));
}

// int8 by output channel, and one float more for the tensor.
TEST(AScaleForAWholeExtent, IsKeptOnce) {
  const StorageFormat format{
      "int8", 8, {ScaleGrid{1, kWholeExtent, 2}, ScaleGrid{kWholeExtent, kWholeExtent, 4}}};
  EXPECT_EQ(bytes_of(10, 64, format), Bytes(10 * (64 + 2) + 4));
}

// Elements of half a byte: 2^63 of them are 2^62 bytes, and of whole bytes one too many.
TEST(TheBytesOfATensor, AreLoudWhereTheyPassSixtyFourBits) {
  const Integer rows = std::int64_t{1} << 33;
  const Integer columns = std::int64_t{1} << 30;
  EXPECT_EQ(bytes_of(rows, columns, plain(DType::int4)), Bytes(std::int64_t{1} << 62));
  EXPECT_THROW(bytes_of(rows, columns, plain(DType::int8)), Overflow);
}

}  // namespace
}  // namespace llmarch
