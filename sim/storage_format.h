// How a tensor is stored: the bits of an element, and the scales that a quantised format keeps
// beside the elements. This file is the one place where a shape becomes bytes; which tensor of a
// model has which format is known by sim/formats/scheme.h. What is computed with the elements is
// another format, that of the arithmetic (roofline.h).
#pragma once

#include <array>
#include <string_view>

#include "sim/dtype.h"
#include "sim/units.h"

namespace llmarch {

// The extent of a block that is as long as the tensor.
inline constexpr std::int64_t kWholeExtent = 0;
// The rows of a block that runs on from one row of the tensor into the next, as if all rows were
// one: it has as many elements as it has columns.
inline constexpr std::int64_t kAcrossRows = -1;

// What a format keeps for each block of elements: a scale, a zero point, a scale of scales. Blocks
// at the edge of a tensor may be smaller and keep as much.
struct ScaleGrid {
  Integer rows, columns;  // of a block
  Integer bytes;          // for each block; 0: there is no such grid
  friend bool operator==(const ScaleGrid&, const ScaleGrid&) = default;
};

// Elements are stored row by row, and each row begins at a whole byte. Rows are the outputs of a
// matrix and columns its inputs, so a block along the columns lies along the sum of a product. The
// grids after the first hold the scales of scales, the zero points, or the order of the inputs.
struct StorageFormat {
  std::string_view name;  // in static memory
  Integer bits;           // of an element, or of as many as `of_elements` says
  std::array<ScaleGrid, 3> scales = {};
  Integer of_elements = 1;  // 100: `bits` are hundredths
  friend bool operator==(const StorageFormat&, const StorageFormat&) = default;
};

// Single elements without scales.
constexpr StorageFormat plain(DType dtype) {
  return {name_of(dtype), bits_of(dtype)};
}

constexpr Integer blocks_along(Integer extent, Integer block) {
  return block == kWholeExtent ? Integer(1) : (extent + block - 1) / block;
}

constexpr Integer blocks_of(Integer rows, Integer columns, const ScaleGrid& grid) {
  if (grid.rows == kAcrossRows) return blocks_along(rows * columns, grid.columns);
  return blocks_along(rows, grid.rows) * blocks_along(columns, grid.columns);
}

// The elements of a row without its scales.
constexpr Integer packed_bytes(Integer columns, const StorageFormat& format) {
  if (format.of_elements == 1) return bytes_of_bits(columns, format.bits);
  const Integer per_byte = 8 * format.of_elements;
  return (columns * format.bits + per_byte - 1) / per_byte;
}

// The bytes of a tensor of `rows` x `columns` elements, scales included. Throws Overflow.
constexpr Bytes bytes_of(Integer rows, Integer columns, const StorageFormat& format) {
  Integer bytes = rows * packed_bytes(columns, format);
  for (const ScaleGrid& grid : format.scales) {
    if (grid.bytes != 0) bytes += blocks_of(rows, columns, grid) * grid.bytes;
  }
  return Bytes(bytes);
}

}  // namespace llmarch
