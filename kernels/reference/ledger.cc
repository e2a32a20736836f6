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

Book Ledger::book() const {
  Book book = book_;
  std::sort(book.lines.begin(), book.lines.end(), [](const BookLine& a, const BookLine& b) {
    return std::tie(a.block, a.node) < std::tie(b.block, b.node);
  });
  for (const BookLine& line : book.lines) book.total += line.work;
  return book;
}

}  // namespace llmarch
