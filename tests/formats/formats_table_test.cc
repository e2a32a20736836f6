// The table of storage formats: the bytes of each, as products that can be redone by hand, against
// the types of GGUF files, and as the reference kernels count them row by row.
#include <gtest/gtest.h>

#include "kernels/reference/ledger.h"
#include "kernels/weight_files/gguf_types.h"
#include "sim/formats/storage_formats.h"

namespace llmarch {
namespace {

TEST(EveryTypeOfGguf, HasTheBytesOfTheFormatOfItsName) {
  int compared = 0;
  for (const GgufType& type : kGgufTypes) {
    const StorageFormat* const format =
        type.name == "nvfp4" ? &ggml::kNvfp4 : find_storage_format(type.name);
    if (format == nullptr) continue;  // integers, f64 and what only products use
    EXPECT_EQ(bytes_of(1, type.elements, *format), Bytes(type.bytes)) << type.name;
    EXPECT_EQ(bytes_of(3, 2 * type.elements, *format), Bytes(6 * type.bytes)) << type.name;
    ++compared;
  }
  EXPECT_EQ(compared, 26);
}

// 256 x 128 weights in groups of 64: as many half bytes, 256 x 2 scales of two bytes, zeros of half
// a byte, and for each input its group.
TEST(Gptq, KeepsScalesZerosAndTheOrderOfInputs) {
  EXPECT_EQ(bytes_of(256, 128, checkpoint::gptq(4, 64)),
            Bytes(256 * 128 / 2 + 256 * 2 * 2 + 256 * 2 / 2 + 128 * 4));
  EXPECT_EQ(bytes_of(256, 128, checkpoint::gptq(8, 64)),
            Bytes(256 * 128 + 256 * 2 * 2 + 256 * 2 + 128 * 4));
}

TEST(Awq, KeepsScalesAndZeros) {
  EXPECT_EQ(bytes_of(256, 128, checkpoint::awq(128)), Bytes(256 * 128 / 2 + 256 * 2 + 256 / 2));
}

TEST(Mlx, KeepsAScaleAndABiasOfSixteenBits) {
  EXPECT_EQ(bytes_of(256, 128, checkpoint::mlx(4, 64)), Bytes(256 * (128 / 2 + 2 * 4)));
  EXPECT_EQ(bytes_of(256, 128, checkpoint::mlx(3, 32)), Bytes(256 * (128 * 3 / 8 + 4 * 4)));
}

TEST(CompressedTensors, KeepTheShapeBesideTheScales) {
  EXPECT_EQ(bytes_of(256, 128, checkpoint::packed(4, 128)), Bytes(256 * (64 + 2) + 2 * 8));
  EXPECT_EQ(bytes_of(256, 128, checkpoint::packed_with_zeros(4, 128)),
            Bytes(256 * (64 + 2) + 256 / 2 + 2 * 8));
}

// Blocks of 64 run on through the rows: 250 x 100 weights are 391 of them, and two blocks of 256
// scales. Tables of 16 and of 256 floats belong to the tensor.
TEST(Nf4, CountsItsBlocksThroughAllRows) {
  EXPECT_EQ(bytes_of(250, 100, checkpoint::kBnbNf4),
            Bytes(250 * 50 + 391 + 2 * 4 + (16 + 256) * 4));
}

TEST(Nvfp4, KeepsAScaleBySixteenAndTwoOfTheTensor) {
  EXPECT_EQ(bytes_of(10, 64, checkpoint::kNvfp4), Bytes(10 * (32 + 4) + 2 * 4));
}

TEST(Bits, CanBeAFractionOfElements) {
  const StorageFormat five_and_a_half{"bits", 55, {}, 10};
  EXPECT_EQ(bytes_of(3, 16, five_and_a_half), Bytes(3 * 11));
  EXPECT_EQ(bytes_of(3, 3, five_and_a_half), Bytes(3 * 3));  // 16.5 bits
}

// The reference kernels enter rows one by one, and a block with the first of its rows.
TEST(EveryFormat, IsCountedRowByRowAsItIsPredicted) {
  for (const FormatRow& row : storage_formats()) {
    for (const auto& [rows, columns] : {std::pair{7, 96}, std::pair{130, 260}, std::pair{1, 5}}) {
      Bytes counted;
      ByteTally tally(2, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns),
                      row.format, counted);
      for (int i = 0; i < 2 * rows; ++i) tally.enter(static_cast<std::size_t>(i));
      EXPECT_EQ(counted, bytes_of(rows, columns, row.format) * 2)
          << row.format.name << " of " << rows << " x " << columns;
    }
  }
}

}  // namespace
}  // namespace llmarch
