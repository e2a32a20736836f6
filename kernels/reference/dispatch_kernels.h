// Rows on their way to the ranks whose experts they choose, and back. What is sent is entered in
// the ledger where it is sent.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/reference/step.h"

namespace llmarch::reference {

// Whether a choice has experts of the member among the first `chosen` of its elements, which are
// the experts' numbers.
template <class Scalar>
bool goes_to(std::span<const Scalar> choice, std::size_t chosen, const ExpertPlaces& places,
             std::size_t member) {
  const std::size_t first = size(places.first_of(static_cast<std::int64_t>(member)));
  return std::any_of(choice.begin(), choice.begin() + static_cast<std::ptrdiff_t>(chosen),
                     [&](const Scalar& expert) {
                       const auto number = static_cast<std::size_t>(plain(expert));
                       return number >= first && number - first < size(places.each);
                     });
}

template <class Scalar>
class Dispatcher {
 public:
  Dispatcher(BlockRun<Scalar>& step, const Ranks& ranks) : step_(step), ranks_(ranks) {}

  void send(std::size_t member, const std::vector<double>& elements) {
    step_.ledger->current().sent += Elements(std::ssize(elements));
    step_.links->send(rank_of(member), elements);
  }
  std::vector<double> receive(std::size_t member, std::size_t elements) {
    return step_.links->receive(rank_of(member), elements);
  }
  template <class Visit>
  void for_each_other(const Visit& visit) const {
    for (std::size_t member = 0; member < size(ranks_.count); ++member) {
      if (member != size(ranks_.own)) visit(member);
    }
  }

 private:
  [[nodiscard]] std::size_t rank_of(std::size_t member) const {
    return size(ranks_.rank_of(static_cast<std::int64_t>(member)));
  }
  BlockRun<Scalar>& step_;
  const Ranks& ranks_;
};

template <class Scalar>
void append_plain(std::span<const Scalar> row, std::vector<double>& elements) {
  for (const Scalar& element : row) elements.push_back(plain(element));
}

// The rows that go to a member, each with its number and its choice.
template <class Scalar>
std::vector<double> rows_for(std::size_t member, const DispatchRows& op, RowReader<Scalar>& in,
                             RowReader<Scalar>& choice, std::size_t& count) {
  std::vector<double> elements;
  for (std::size_t r = 0; r < in.rows(); ++r) {
    if (!goes_to(choice.row(r), size(op.experts_per_token), op.places, member)) continue;
    ++count;
    elements.push_back(static_cast<double>(r));
    append_plain(in.row(r), elements);
    append_plain(choice.row(r), elements);
  }
  return elements;
}

// The places of rows among the tokens of all ranks, before anything has come but the own ones.
template <class Scalar>
void place_own(const DispatchRows& op, RowReader<Scalar>& in, RowReader<Scalar>& choice,
               RowWriter<Scalar>& out, RowWriter<Scalar>& out_choice) {
  const std::size_t first = size(op.ranks.own) * in.rows();
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const bool own = r >= first && r - first < in.rows();
    const auto row = out.row(r);
    const auto chosen = out_choice.row(r);
    if (own) {
      std::ranges::copy(in.row(r - first), row.begin());
      std::ranges::copy(choice.row(r - first), chosen.begin());
    } else {
      std::ranges::fill(chosen, Scalar(op.places.all.as_double()));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const DispatchRows& op) {
  Dispatcher<Scalar> ranks(step, op.ranks);
  auto in = step.read(op.in);
  auto choice = step.read(op.choice);
  auto out = step.write(op.out);
  auto out_choice = step.write(op.out_choice);
  step.ledger->current().rounds += Rounds(1);
  ranks.for_each_other([&](std::size_t member) {
    std::size_t count = 0;
    const std::vector<double> elements = rows_for(member, op, in, choice, count);
    ranks.send(member, {static_cast<double>(count)});
    if (count > 0) ranks.send(member, elements);
  });
  place_own(op, in, choice, out, out_choice);
  ranks.for_each_other([&](std::size_t member) {
    const auto count = static_cast<std::size_t>(ranks.receive(member, 1).front());
    if (count == 0) return;
    const std::size_t width = out.row(0).size();
    const std::size_t choices = out_choice.row(0).size();
    const std::vector<double> elements = ranks.receive(member, count * (1 + width + choices));
    auto next = elements.begin();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = member * in.rows() + static_cast<std::size_t>(*next++);
      for (Scalar& element : out.row(place)) element = *next++;
      for (Scalar& element : out_choice.row(place)) element = *next++;
    }
  });
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const CombineRows& op) {
  Dispatcher<Scalar> ranks(step, op.ranks);
  auto in = step.read(op.in);
  auto choice = step.read(op.choice);
  auto out = step.write(op.out);
  const std::size_t chosen = size(op.experts_per_token);
  const std::size_t own = size(op.ranks.own);
  step.ledger->current().rounds += Rounds(1);
  ranks.for_each_other([&](std::size_t member) {
    std::vector<double> elements;
    for (std::size_t r = member * out.rows(); r < (member + 1) * out.rows(); ++r) {
      const auto row = in.row(r);
      if (goes_to(choice.row(r), chosen, op.places, own)) append_plain(row, elements);
    }
    if (!elements.empty()) ranks.send(member, elements);
  });
  const std::size_t first = own * out.rows();
  for (std::size_t r = 0; r < out.rows(); ++r) {
    std::ranges::copy(in.row(first + r), out.row(r).begin());
  }
  ranks.for_each_other([&](std::size_t member) {
    std::vector<std::size_t> away;
    for (std::size_t r = 0; r < out.rows(); ++r) {
      if (goes_to(choice.row(first + r), chosen, op.places, member)) away.push_back(r);
    }
    if (away.empty()) return;
    const std::vector<double> elements = ranks.receive(member, away.size() * out.row(0).size());
    auto next = elements.begin();
    for (const std::size_t r : away) {
      for (Scalar& element : out.row(r)) element += Scalar(*next++);
    }
  });
}

}  // namespace llmarch::reference
