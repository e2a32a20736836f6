#include "kernels/reference/ledger.h"

#include <algorithm>

namespace llmarch {

void Ledger::begin(std::size_t block, std::size_t node) {
  for (line_ = 0; line_ < book_.lines.size(); ++line_) {
    if (book_.lines[line_].block == block && book_.lines[line_].node == node) return;
  }
  book_.lines.push_back({block, node, Work::none()});
}

Integer Ledger::expert_runs(std::size_t block, std::size_t node) const {
  for (const auto& [line, runs] : expert_runs_) {
    if (book_.lines[line].block == block && book_.lines[line].node == node) return runs;
  }
  return 0;
}

void Ledger::enter_arithmetic(const ArithmeticTally& tally) {
  current().matrix += Flops(tally.matrix);
  current().other += Flops(tally.other);
  current().transcendentals += Transcendentals(tally.transcendentals);
}

namespace {

std::size_t blocks_in(std::size_t extent, Integer block) {
  if (block == kWholeExtent) return 1;
  const std::size_t each = size(block);
  return extent / each + (extent % each == 0 ? 0 : 1);
}

Bytes times(std::size_t count, Integer each) {
  return Bytes(static_cast<std::int64_t>(count) * each);
}

// Elements are packed within a row, and the row ends with a whole byte.
Bytes packed_row(std::size_t columns, const StorageFormat& format) {
  const std::size_t bits_of_all = columns * size(format.bits);
  const std::size_t per_byte = 8 * size(format.of_elements);
  return times((bits_of_all + per_byte - 1) / per_byte, 1);
}

}  // namespace

ByteTally::ByteTally(std::size_t copies, std::size_t rows, std::size_t columns,
                     const StorageFormat& format, Bytes& sink)
    : rows_(rows), columns_(columns), row_(packed_row(columns, format)), sink_(&sink) {
  for (const ScaleGrid& grid : format.scales) {
    if (grid.bytes == 0) continue;
    if (grid.rows == kAcrossRows) {
      const std::size_t in_copy = blocks_in(rows * columns, grid.columns);
      across_.push_back(
          {size(grid.columns), in_copy, grid.bytes, std::vector<bool>(copies * in_copy, false)});
      continue;
    }
    const std::size_t block_rows = grid.rows == kWholeExtent ? rows : size(grid.rows);
    scales_.push_back({block_rows, times(blocks_in(columns, grid.columns), grid.bytes),
                       std::vector<bool>(copies * blocks_in(rows, grid.rows), false)});
  }
}

void ByteTally::enter(std::size_t row) {
  *sink_ += row_;
  for (Scales& scales : scales_) {
    const std::size_t in_copy = (rows_ + scales.block_rows - 1) / scales.block_rows;
    const std::size_t block = row / rows_ * in_copy + row % rows_ / scales.block_rows;
    if (scales.read.at(block)) continue;
    scales.read[block] = true;
    *sink_ += scales.of_block_row;
  }
  for (ScalesAcrossRows& scales : across_) enter(row, scales);
}

void ByteTally::enter(std::size_t row, ScalesAcrossRows& scales) {
  const std::size_t first_of_copy = row / rows_ * scales.blocks_of_copy;
  const std::size_t begin = row % rows_ * columns_;
  for (std::size_t element = begin; element < begin + columns_; ++element) {
    const std::size_t block = first_of_copy + element / scales.block_elements;
    if (scales.read.at(block)) continue;
    scales.read[block] = true;
    *sink_ += Bytes(scales.bytes_of_block);
  }
}

Bytes bytes_of_single_row(std::size_t columns, const StorageFormat& format) {
  Bytes bytes;
  ByteTally(1, 1, columns, format, bytes).enter(0);
  return bytes;
}

Book Ledger::book() const {
  Book book = book_;
  std::sort(book.lines.begin(), book.lines.end(), [](const BookLine& a, const BookLine& b) {
    return std::tie(a.block, a.node) < std::tie(b.block, b.node);
  });
  for (const BookLine& line : book.lines) book.total += line.work;
  return book;
}

}  // namespace llmarch
