// The price of operations: how much work they are for each of the things that a workload can vary.
// The rules of op_cost.h state it once, without a workload, and prices add up. `evaluate`
// multiplies a price by the quantities of a workload; a curve (cost_curve.h) adds up the prices of
// a whole model and does the same with the sum.
#pragma once

#include <array>
#include <vector>

#include "sim/cost/driver.h"
#include "sim/figures.h"

namespace llmarch {

// What routed experts cost by how rows choose them: their weights, of which a step reads those that
// at least one of its rows chooses, and where a row may choose identities instead, which have no
// weights, the work of the experts that it does choose.
struct ExpertReads {
  Driver rows;
  Integer experts, chosen;  // there are so many, and each row chooses so many
  Elements each;            // of one expert
  Bytes each_bytes;         // the same as they are stored
  Integer layers;
  Integer identities = 0;  // the row chooses among these too
  Work run = {};           // of one row through one expert, where there are identities
  // The experts are those of one of so many ranks; those of the others are the identities.
  Integer ranks = 1;
};

// Rows that go to other ranks because they choose experts there, or the same that come from others:
// of each of these a rank has `of_rank` experts.
struct RoutedRows {
  enum class Way { leaving, arriving };
  Way way;
  Driver rows;  // those of one rank
  Integer experts, chosen, of_rank, other_ranks;
  Work each;  // for a row and each of the ranks
  Integer layers;
};

// How many of `experts` at least one of `rows` rows chooses, if each row chooses `chosen` of them
// and every choice is as likely as any other: E (1 - (1 - k/E)^rows). This and the share of
// identities, and routed rows, are the only figures of a book that are expectations and not counts.
double expected_distinct_experts(Integer experts, Integer chosen, Integer rows);
// The same where identities are chosen too: the share of experts E / (E + identities) in the
// distinct choices.
double expected_distinct_experts(const ExpertReads& experts, Integer rows);

// Which experts the rows of a step choose. Only `fewest` makes a bound: skewed or grouped routing
// reads fewer than uniform routing would.
enum class ExpertLoad {
  fewest,   // every row chooses the same ones, which any router allows: as many as one row chooses
  uniform,  // every choice is as likely as any other: an expectation
};

// What a step reads of them at least: those of one row, less the identities that it may choose
// instead.
Work least_reads(const ExpertReads& experts);

// The work of routed rows under uniform routing; their number, in all layers together, is rounded
// to the nearest. At least there is none: every row may choose experts of its own rank.
Work expected_work(const RoutedRows& routed, const Workload& workload);

// What a step reads of them under uniform routing: elements, rounded to the nearest in each layer,
// and the bytes of all layers' elements, rounded up. Both are exact for one row without identities.
// With identities, the work of rows k E / (E + identities) runs too, rounded to the nearest in all
// layers together.
Work expected_work(const ExpertReads& experts, const Workload& workload);

class Price {
 public:
  // The work for each of them, to be added to.
  Work& per(Driver driver, const Reach& reach);
  Work& once() { return by_row_[index_of(Driver::once)]; }
  Work& per_sequence() { return by_row_[index_of(Driver::sequence)]; }
  Work& per_stepped() { return by_row_[index_of(Driver::stepped)]; }
  Work& per_row(const Value& value) {
    return value.striped ? per_position(*value.striped) : by_row_[index_of(driver_of(value.rows))];
  }
  Work& per_pair(const Reach& reach) { return within(reach).of(Driver::pair); }
  Work& per_position(const Reach& reach) { return within(reach).of(Driver::position); }
  // What entries that stand for so many positions each cost: for each that is made, for each of
  // these that has a group before its own, and once in a step that makes any.
  Work& per_entry(Integer positions) { return within(Entries{positions}).of(Driver::entry); }
  Work& per_later_entry(Integer positions) {
    return within(Entries{positions}).of(Driver::later_entry);
  }
  Work& if_entries(Integer positions) { return within(Entries{positions}).of(Driver::making); }
  Work& if_later_entries(Integer positions) {
    return within(Entries{positions}).of(Driver::making_later);
  }
  // What chunks of so many new tokens cost each, and each pair of tokens within one.
  Work& per_chunk(Integer size) { return within(Chunk{size}).of(Driver::chunk); }
  Work& per_chunk_pair(Integer size) { return within(Chunk{size}).of(Driver::chunk_pair); }
  void add(const ExpertReads& experts) { experts_.push_back(experts); }
  void add(const RoutedRows& routed) { routed_.push_back(routed); }
  // Another price, of so many layers.
  void add(const Price& more, Integer layers);

  [[nodiscard]] const std::vector<ExpertReads>& experts() const { return experts_; }
  [[nodiscard]] const std::vector<RoutedRows>& routed() const { return routed_; }
  // visit(driver, reach, work for each), but for those that there is no work for.
  template <class Visit>
  void for_each(const Visit& visit) const;

 private:
  struct Within {
    Reach reach;
    std::array<Work, kDrivers - index_of(Driver::pair)> each;
    Work& of(Driver driver) { return each.at(index_of(driver) - index_of(Driver::pair)); }
  };
  Within& within(const Reach& reach);

  std::array<Work, index_of(Driver::pair)> by_row_;
  std::vector<Within> within_;
  std::vector<ExpertReads> experts_;
  std::vector<RoutedRows> routed_;
};

template <class Visit>
void Price::for_each(const Visit& visit) const {
  const auto visit_work = [&](Driver driver, const Reach& reach, const Work& each) {
    if (each != Work::none()) visit(driver, reach, each);
  };
  for (std::size_t i = 0; i < by_row_.size(); ++i) {
    visit_work(static_cast<Driver>(i), EveryKey{}, by_row_[i]);
  }
  for (const Within& each : within_) {
    for (std::size_t i = 0; i < each.each.size(); ++i) {
      visit_work(static_cast<Driver>(index_of(Driver::pair) + i), each.reach, each.each[i]);
    }
  }
}

// The work of so many layers, if experts are chosen in that way. Throws Overflow.
Work evaluate(const Price& price, const Workload& workload, Integer layers,
              ExpertLoad load = ExpertLoad::uniform);

}  // namespace llmarch
