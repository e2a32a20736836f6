// The exchanges between ranks: collectives by their algorithms, and what a stage of a pipeline
// hands on. What is sent, and in how many rounds, is entered in the ledger where it is sent.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "kernels/reference/step.h"

namespace llmarch::reference {

// Rows on their way between ranks.
template <class Scalar>
struct Slab {
  std::size_t rows = 0, columns = 0;
  std::vector<Scalar> elements = {};
  Scalar& at(std::size_t row, std::size_t column) { return elements[row * columns + column]; }
};

// Part of a slab: rows and columns from the first up to the one after the last.
struct Region {
  std::size_t first_row, end_row, first_column, end_column;
  [[nodiscard]] std::size_t elements() const {
    return (end_row - first_row) * (end_column - first_column);
  }
};

template <class Scalar>
class Exchanger {
 public:
  Exchanger(BlockRun<Scalar>& step, const Ranks& ranks)
      : step_(step), ranks_(ranks), count_(size(ranks.count)), own_(size(ranks.own)) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t own() const { return own_; }
  // The member that is reached by counting round the ring.
  [[nodiscard]] std::size_t around(std::size_t member) const { return member % count_; }
  void begin_round() { step_.ledger->current().rounds += Rounds(1); }

  void send(std::size_t member, Slab<Scalar>& from, const Region& region) {
    std::vector<double> elements;
    elements.reserve(region.elements());
    for_each(from, region, [&](Scalar& element) { elements.push_back(plain(element)); });
    step_.ledger->current().sent += Elements(std::ssize(elements));
    step_.links->send(rank_of(member), elements);
  }
  void receive(std::size_t member, Slab<Scalar>& to, const Region& region) {
    auto next = received(member, region).begin();
    for_each(to, region, [&](Scalar& element) { element = *next++; });
  }
  void add_received(std::size_t member, Slab<Scalar>& to, const Region& region) {
    auto next = received(member, region).begin();
    for_each(to, region, [&](Scalar& element) { element += Scalar(*next++); });
  }

 private:
  [[nodiscard]] std::size_t rank_of(std::size_t member) const {
    return size(ranks_.rank_of(static_cast<std::int64_t>(member)));
  }
  const std::vector<double>& received(std::size_t member, const Region& region) {
    received_ = step_.links->receive(rank_of(member), region.elements());
    return received_;
  }
  template <class Visit>
  static void for_each(Slab<Scalar>& slab, const Region& region, const Visit& visit) {
    for (std::size_t row = region.first_row; row < region.end_row; ++row) {
      for (std::size_t column = region.first_column; column < region.end_column; ++column) {
        visit(slab.at(row, column));
      }
    }
  }

  BlockRun<Scalar>& step_;
  const Ranks& ranks_;
  std::size_t count_, own_;
  std::vector<double> received_;
};

// The columns that stand for one member where a ring divides them.
template <class Scalar>
Region columns_of(const Slab<Scalar>& slab, std::size_t member, std::size_t count) {
  return {0, slab.rows, member * slab.columns / count, (member + 1) * slab.columns / count};
}

// The rows of one member.
template <class Scalar>
Region rows_of(const Slab<Scalar>& slab, std::size_t member, std::size_t count) {
  const std::size_t each = slab.rows / count;
  return {member * each, (member + 1) * each, 0, slab.columns};
}

// The regions go round the ring until each has reached all members; every member begins with its
// own.
template <class Scalar, class RegionOf>
void ring_gather(Exchanger<Scalar>& ranks, Slab<Scalar>& slab, const RegionOf& region_of) {
  const std::size_t count = ranks.count();
  const auto region = [&](std::size_t index) { return region_of(ranks.around(index)); };
  for (std::size_t round = 0; round + 1 < count; ++round) {
    ranks.begin_round();
    ranks.send(ranks.around(ranks.own() + 1), slab, region(ranks.own() + count - round));
    ranks.receive(ranks.around(ranks.own() + count - 1), slab,
                  region(ranks.own() + count - round - 1));
  }
}

// Partial sums of the regions go round the ring, and the last member to add to one is the one to
// which the region belongs.
template <class Scalar, class RegionOf>
void ring_scatter(Exchanger<Scalar>& ranks, Slab<Scalar>& slab, const RegionOf& region_of) {
  const std::size_t count = ranks.count();
  const auto region = [&](std::size_t index) { return region_of(ranks.around(index)); };
  for (std::size_t round = 0; round + 1 < count; ++round) {
    ranks.begin_round();
    ranks.send(ranks.around(ranks.own() + 1), slab, region(ranks.own() + count - 1 - round));
    ranks.add_received(ranks.around(ranks.own() + count - 1), slab,
                       region(ranks.own() + count - 2 - round));
  }
}

// Every member sums up one piece of the columns, and then hands the sum on to all others.
template <class Scalar>
void ring_all_reduce(Exchanger<Scalar>& ranks, Slab<Scalar>& slab) {
  const auto summed_by = [&](std::size_t member) {
    return columns_of(slab, ranks.around(member + 1), ranks.count());
  };
  ring_scatter(ranks, slab, summed_by);
  ring_gather(ranks, slab, summed_by);
}

// Sums go up a binomial tree to the first member, and the whole sum comes down.
template <class Scalar>
void tree_all_reduce(Exchanger<Scalar>& ranks, Slab<Scalar>& slab) {
  const Region all{0, slab.rows, 0, slab.columns};
  const std::size_t own = ranks.own();
  std::size_t top = 1;
  for (std::size_t bit = 1; bit < ranks.count(); bit *= 2) {
    ranks.begin_round();
    top = bit;
    if (own % bit != 0) continue;
    if (own / bit % 2 == 1) {
      ranks.send(own - bit, slab, all);
    } else if (own + bit < ranks.count()) {
      ranks.add_received(own + bit, slab, all);
    }
  }
  for (std::size_t bit = top; bit >= 1; bit /= 2) {
    ranks.begin_round();
    if (own % bit != 0) continue;
    if (own / bit % 2 == 1) {
      ranks.receive(own - bit, slab, all);
    } else if (own + bit < ranks.count()) {
      ranks.send(own + bit, slab, all);
    }
  }
}

template <class Scalar, class Visit>
void for_each_other(const Exchanger<Scalar>& ranks, const Visit& visit) {
  for (std::size_t member = 0; member < ranks.count(); ++member) {
    if (member != ranks.own()) visit(member);
  }
}

// Every member sends to every other, and each adds up for itself, in the order of the members, so
// that all have the same sum.
template <class Scalar>
void direct_all_reduce(Exchanger<Scalar>& ranks, Slab<Scalar>& slab) {
  const Region all{0, slab.rows, 0, slab.columns};
  Slab<Scalar> own = slab;
  ranks.begin_round();
  for_each_other(ranks, [&](std::size_t member) { ranks.send(member, own, all); });
  for (std::size_t member = 0; member < ranks.count(); ++member) {
    if (member == ranks.own() && member == 0) {
      slab = own;
    } else if (member == ranks.own()) {
      for (std::size_t i = 0; i < own.elements.size(); ++i) slab.elements[i] += own.elements[i];
    } else if (member == 0) {
      ranks.receive(member, slab, all);
    } else {
      ranks.add_received(member, slab, all);
    }
  }
}

// Brings every member's region to all members; each begins with its own.
template <class Scalar, class RegionOf>
void gather(Exchanger<Scalar>& ranks, Algorithm algorithm, Slab<Scalar>& slab,
            const RegionOf& region_of) {
  if (algorithm != Algorithm::direct) return ring_gather(ranks, slab, region_of);
  ranks.begin_round();
  for_each_other(ranks,
                 [&](std::size_t member) { ranks.send(member, slab, region_of(ranks.own())); });
  for_each_other(ranks,
                 [&](std::size_t member) { ranks.receive(member, slab, region_of(member)); });
}

// Brings to every member the sum, over all members, of the region that belongs to it.
template <class Scalar, class RegionOf>
void scatter(Exchanger<Scalar>& ranks, Algorithm algorithm, Slab<Scalar>& slab,
             const RegionOf& region_of) {
  if (algorithm != Algorithm::direct) return ring_scatter(ranks, slab, region_of);
  ranks.begin_round();
  for_each_other(ranks, [&](std::size_t member) { ranks.send(member, slab, region_of(member)); });
  for_each_other(
      ranks, [&](std::size_t member) { ranks.add_received(member, slab, region_of(ranks.own())); });
}

template <class Scalar>
void all_reduce(Exchanger<Scalar>& ranks, Algorithm algorithm, Slab<Scalar>& slab) {
  switch (algorithm) {
    case Algorithm::ring: return ring_all_reduce(ranks, slab);
    case Algorithm::tree: return tree_all_reduce(ranks, slab);
    case Algorithm::direct: return direct_all_reduce(ranks, slab);
  }
  throw std::logic_error("all_reduce: an algorithm outside the enumeration");
}

// Copies rows of an operand into a slab, from this row and column on.
template <class Scalar>
void copy_in(RowReader<Scalar>& in, std::size_t first_row, std::size_t first_column,
             Slab<Scalar>& slab) {
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    std::copy(row.begin(), row.end(), &slab.at(first_row + r, first_column));
  }
}

// Copies as many rows of a slab as `out` has, from this one on.
template <class Scalar>
void copy_out(Slab<Scalar>& slab, std::size_t first_row, RowWriter<Scalar>& out) {
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const auto row = out.row(r);
    std::copy_n(&slab.at(first_row + r, 0), row.size(), row.begin());
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Exchange& op) {
  Exchanger<Scalar> ranks(step, op.ranks);
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  const std::size_t width = size(step.block->values.at(op.in).columns);
  const bool by_columns = op.collective == Collective::all_gather;
  Slab<Scalar> slab{std::max(in.rows(), out.rows()), by_columns ? width * ranks.count() : width};
  slab.elements.resize(slab.rows * slab.columns);
  const auto own_rows = [&](std::size_t member) { return rows_of(slab, member, ranks.count()); };
  const auto own_columns = [&](std::size_t member) {
    return columns_of(slab, member, ranks.count());
  };
  std::size_t first_row = 0;
  switch (op.collective) {
    case Collective::all_reduce:
      copy_in(in, 0, 0, slab);
      all_reduce(ranks, op.algorithm, slab);
      break;
    case Collective::all_gather:
      copy_in(in, 0, ranks.own() * width, slab);
      gather(ranks, op.algorithm, slab, own_columns);
      break;
    case Collective::gather_rows:
      copy_in(in, ranks.own() * in.rows(), 0, slab);
      gather(ranks, op.algorithm, slab, own_rows);
      break;
    case Collective::scatter_rows:
      copy_in(in, 0, 0, slab);
      scatter(ranks, op.algorithm, slab, own_rows);
      first_row = ranks.own() * out.rows();
      break;
  }
  copy_out(slab, first_row, out);
}

// The share of a member's exponentials in those of all, of which the logarithms are given, for one
// head of `heads`.
template <class Scalar>
Scalar share_of(std::span<const Scalar> log_sums, std::size_t head, std::size_t heads,
                std::size_t member) {
  Scalar largest = log_sums[head];
  for (std::size_t i = head; i < log_sums.size(); i += heads) {
    if (largest < log_sums[i]) largest = log_sums[i];
  }
  Scalar own = 0.0;
  Scalar sum = 0.0;
  for (std::size_t i = head; i < log_sums.size(); i += heads) {
    const Scalar each = exponential(log_sums[i] - largest);
    if (i / heads == member) own = each;
    sum += each;
  }
  return own / sum;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const WeighPart& op) {
  auto in = step.read(op.in);
  auto log_sums = step.read(op.log_sums);
  auto out = step.write(op.out);
  const std::size_t heads = size(op.heads);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto part = in.row(r);
    const auto weighed = out.row(r);
    const std::size_t width = part.size() / heads;
    for (std::size_t head = 0; head < heads; ++head) {
      const Scalar share = share_of(log_sums.row(r), head, heads, size(op.ranks.own));
      for (std::size_t i = head * width; i < (head + 1) * width; ++i) weighed[i] = share * part[i];
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Send& op) {
  auto in = step.read(op.in);
  std::vector<double> elements;
  for (std::size_t r = 0; r < in.rows(); ++r) {
    for (const Scalar element : in.row(r)) elements.push_back(plain(element));
  }
  step.ledger->current().sent += Elements(std::ssize(elements));
  step.ledger->current().rounds += Rounds(1);
  step.links->send(size(op.to), elements);
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Receive& op) {
  auto out = step.write(op.out);
  const std::size_t width = size(step.block->values.at(op.out).columns);
  const std::vector<double> elements = step.links->receive(size(op.from), out.rows() * width);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(r * width), width,
                out.row(r).begin());
  }
}

}  // namespace llmarch::reference
