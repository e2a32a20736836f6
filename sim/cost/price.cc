#include "sim/cost/price.h"

#include <cmath>
#include <stdexcept>

namespace llmarch {

double expected_distinct_experts(Integer experts, Integer chosen, Integer rows) {
  if (rows == 1) return chosen.as_double();  // exactly, where the formula would round
  const double missed = 1 - chosen.as_double() / experts.as_double();
  return experts.as_double() * (1 - std::pow(missed, rows.as_double()));
}

double expected_distinct_experts(const ExpertReads& experts, Integer rows) {
  const Integer all = experts.experts + experts.identities;
  const double distinct = expected_distinct_experts(all, experts.chosen, rows);
  return experts.identities == 0 ? distinct
                                 : distinct * experts.experts.as_double() / all.as_double();
}

namespace {

// To the nearest. Never more than all of them, and so never rounded to what 64 bits cannot hold.
Elements expected_elements(const ExpertReads& experts, Integer rows) {
  if (rows == 1 && experts.identities == 0) return experts.each * experts.chosen;
  const Elements all = experts.each * experts.experts;
  const double expected =
      expected_distinct_experts(experts, rows) * experts.each.amount().as_double();
  return expected < all.amount().as_double() ? Elements(std::llround(expected)) : all;
}

// The bytes of `elements` elements, in proportion to those of a whole expert, rounded up.
Bytes bytes_in_proportion(const ExpertReads& experts, Elements elements) {
  const Integer whole = experts.each.amount();
  const Integer part = elements.amount() % whole * experts.each_bytes.amount();
  return experts.each_bytes * (elements.amount() / whole) + Bytes((part + whole - 1) / whole);
}

// How often a row runs an expert, in all layers.
Integer expected_runs(const ExpertReads& experts, Integer rows) {
  const Integer all = experts.experts + experts.identities;
  return (2 * rows * experts.layers * experts.chosen * experts.experts + all) / (2 * all);
}

Work work_of(const ExpertReads& experts, const Workload& workload, ExpertLoad load) {
  switch (load) {
    case ExpertLoad::fewest: return least_reads(experts);
    case ExpertLoad::uniform: return expected_work(experts, workload);
  }
  throw std::logic_error("work_of: a load outside the enumeration");
}

// Most columns of a price are zero.
void add_product(const Columns& each, Integer times, Columns& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (each[i] != 0) sum[i] += each[i] * times;
  }
}

}  // namespace

Work least_reads(const ExpertReads& experts) {
  // A row may choose every identity, and so much fewer experts.
  const Integer chosen =
      experts.chosen > experts.identities ? experts.chosen - experts.identities : Integer(0);
  Work work;
  work.weights_read = experts.each * chosen * experts.layers;
  work.weight_bytes_read = experts.each_bytes * chosen * experts.layers;
  return work;
}

Work expected_work(const ExpertReads& experts, const Workload& workload) {
  const Integer rows = quantity(experts.rows, EveryKey{}, workload);
  Work work = experts.run * (experts.identities == 0 ? 0 : expected_runs(experts, rows));
  work.weights_read = expected_elements(experts, rows) * experts.layers;
  work.weight_bytes_read = bytes_in_proportion(experts, work.weights_read);
  return work;
}

// A row goes to a rank unless it chooses none of its experts: of all ways to choose from `experts`,
// those that choose from the others alone.
Work expected_work(const RoutedRows& routed, const Workload& workload) {
  double none = 1;
  for (Integer i = 0; i < routed.chosen; i += 1) {
    none *= std::max((routed.experts - routed.of_rank - i).as_double(), 0.0) /
            (routed.experts - i).as_double();
  }
  const Integer pairs =
      quantity(routed.rows, EveryKey{}, workload) * routed.other_ranks * routed.layers;
  return routed.each * Integer(std::llround(pairs.as_double() * (1 - none)));
}

Price::Within& Price::within(const Reach& reach) {
  for (Within& known : within_) {
    if (known.reach == reach) return known;
  }
  within_.push_back({reach, {}});
  return within_.back();
}

Work& Price::per(Driver driver, const Reach& reach) {
  switch (driver) {
    case Driver::once:
    case Driver::sequence:
    case Driver::token:
    case Driver::token_of_ranks:
    case Driver::logit:
    case Driver::key:
    case Driver::stepped: return by_row_[index_of(driver)];
    case Driver::pair:
    case Driver::position:
    case Driver::entry:
    case Driver::later_entry:
    case Driver::making:
    case Driver::making_later:
    case Driver::chunk:
    case Driver::chunk_pair: return within(reach).of(driver);
  }
  throw std::logic_error("per: a driver outside the enumeration");
}

void Price::add(const Price& more, Integer layers) {
  for (std::size_t i = 0; i < by_row_.size(); ++i) by_row_[i] += more.by_row_[i] * layers;
  for (const Within& each : more.within_) {
    Within& sum = within(each.reach);
    for (std::size_t i = 0; i < sum.each.size(); ++i) sum.each[i] += each.each[i] * layers;
  }
  for (ExpertReads experts : more.experts_) {
    experts.layers *= layers;
    add(experts);
  }
  for (RoutedRows routed : more.routed_) {
    routed.layers *= layers;
    add(routed);
  }
}

Work evaluate(const Price& price, const Workload& workload, Integer layers, ExpertLoad load) {
  Columns columns{};
  price.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    const Driver counted = load == ExpertLoad::fewest ? at_least(driver) : driver;
    add_product(each.columns(), quantity(counted, reach, workload) * layers, columns);
  });
  Work work = Work::of(columns);
  for (ExpertReads experts : price.experts()) {
    experts.layers *= layers;
    work += work_of(experts, workload, load);
  }
  if (load == ExpertLoad::fewest) return work;
  for (RoutedRows routed : price.routed()) {
    routed.layers *= layers;
    work += expected_work(routed, workload);
  }
  return work;
}

}  // namespace llmarch
