#include "kernels/reference/ledger.h"

#include <algorithm>

namespace llmarch {

void Ledger::begin(std::size_t block, std::size_t node) {
  for (line_ = 0; line_ < book_.lines.size(); ++line_) {
    if (book_.lines[line_].block == block && book_.lines[line_].node == node) return;
  }
  book_.lines.push_back({block, node, Work::none()});
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
Bytes packed_bytes(std::size_t columns, Integer bits) {
  const std::size_t all_bits = columns * size(bits);
  return times((all_bits + 7) / 8, 1);
}

}  // namespace

ByteTally::ByteTally(std::size_t copies, std::size_t rows, std::size_t columns,
                     const StorageFormat& format, Bytes& sink)
    : rows_(rows), row_(packed_bytes(columns, format.bits)), sink_(&sink) {
  for (const ScaleGrid& grid : format.scales) {
    if (grid.bytes == 0) continue;
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
    if (scales.opened.at(block)) continue;
    scales.opened[block] = true;
    *sink_ += scales.of_block_row;
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
