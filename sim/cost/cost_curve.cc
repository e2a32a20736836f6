#include "sim/cost/cost_curve.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "sim/cost/driver.h"
#include "sim/cost/op_cost.h"

namespace llmarch {
namespace {

// Whether a longer step has more of them. Both phases want the logits of the last position only.
bool varies(Driver driver, Phase phase) {
  switch (driver) {
    case Driver::once:
    case Driver::sequence:
    case Driver::logit: return false;
    case Driver::token:
    case Driver::stepped: return phase == Phase::prefill;
    case Driver::key:
    case Driver::pair:
    case Driver::position: return true;
  }
  throw std::logic_error("varies: a driver outside the enumeration");
}

// The driver in place of which it can be counted, since a step of this phase has equally many. In a
// decode step each sequence has one query, which attends to as many keys as it reads positions. In
// a prefill nothing comes before the prompt: its tokens are all the positions there are, and each
// is read, if only by its own query.
Driver counted_as(Driver driver, Phase phase) {
  switch (driver) {
    case Driver::once:
    case Driver::sequence:
    case Driver::token:
    case Driver::logit:
    case Driver::stepped:
    case Driver::pair: return driver;
    case Driver::key: return phase == Phase::decode ? Driver::key : Driver::token;
    case Driver::position: return phase == Phase::decode ? Driver::pair : Driver::token;
  }
  throw std::logic_error("counted_as: a driver outside the enumeration");
}

void add(const CostTerm& term, CostTerm& sum) {
  sum.fixed += term.fixed;
  sum.varying.add(term.varying, 1);
}

// 0 for a reach within which a cache never shrinks.
Integer chunk_size(const EveryKey&) {
  return 0;
}
Integer chunk_size(const Window&) {
  return 0;
}
Integer chunk_size(const Chunk& chunk) {
  return chunk.size;
}
Integer chunk_size(const ChosenKeys&) {
  return 0;
}
Integer chunk_size(const Growing& growing) {
  return std::visit([](const auto& reach) { return chunk_size(reach); }, growing.reach);
}
Integer chunk_size(const Fixed&) {
  return 0;
}
Integer chunk_size(const Compressed&) {
  return 0;
}

// The most ends of chunks that are tried one by one.
constexpr std::int64_t kMostEnds = std::int64_t{1} << 16;

// The least common multiple of `sizes`, or `most` where that is less.
Integer common_multiple(const std::set<Integer>& sizes, Integer most) {
  Integer multiple = 1;
  for (const Integer size : sizes) {
    const Integer factor = size / std::gcd(multiple.value(), size.value());
    if (multiple > most / factor) return most;
    multiple *= factor;
  }
  return multiple;
}

}  // namespace

CostCurve::CostCurve(const OpGraph& graph, Phase phase, Integer batch)
    : phase_(phase), batch_(batch) {
  CostTerm total{};
  std::array<CostTerm, kWorkKinds.size()> kinds{};
  const Forms forms = step(1).forms;
  for (const Block& block : graph.blocks) {
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      if (!runs(block, n, forms)) continue;
      const Node& node = block.nodes[n];
      Price layers;
      layers.add(price(graph, block, node.op), block.repeats);
      terms_.push_back(term_of(node.kind, layers));
      terms_.back().layers = block.repeats;
      terms_.back().timed = timed(graph, node.op, phase);
      add(terms_.back(), total);
      add(terms_.back(), kinds.at(static_cast<std::size_t>(node.kind)));
    }
  }
  total_ = sum_of(total);
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) kinds_[kind] = sum_of(kinds[kind]);
  total.varying.for_each([&](Driver driver, const Reach& reach, const Work&) {
    if (driver == Driver::pair) reaches_.push_back(reach);
  });
}

CostTerm CostCurve::term_of(WorkKind kind, const Price& price) const {
  CostTerm term{kind, {}, {}};
  price.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    const Driver counted = counted_as(driver, phase_);
    if (varies(counted, phase_)) {
      term.varying.per(counted, reach) += each;
    } else {
      term.fixed += each * quantity(counted, reach, step(1));
    }
  });
  for (const ExpertReads& experts : price.experts()) term.varying.add(experts);
  return term;
}

CostCurve::Sum CostCurve::sum_of(const CostTerm& term) const {
  Sum sum{term.fixed, {}, {}};
  term.varying.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    sum.terms.push_back({driver, reach, {}});
    const Columns columns = each.columns();
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (columns[column] == 0) continue;
      sum.terms.back().coefficients.push_back({column, columns[column]});
    }
  });
  for (const ExpertReads& experts : term.varying.experts()) {
    if (varies(experts.rows, phase_)) {
      sum.experts.push_back(experts);
    } else {
      sum.fixed += expected_work(experts, step(1));
    }
  }
  return sum;
}

Work CostCurve::at(const Sum& sum, Integer length) const {
  const Workload workload = step(length);
  Columns columns = sum.fixed.columns();
  for (const Sum::Term& term : sum.terms) {
    const Integer times = quantity(term.driver, term.reach, workload);
    for (const auto& [column, each] : term.coefficients) columns[column] += each * times;
  }
  Work work = Work::of(columns);
  for (const ExpertReads& experts : sum.experts) {
    work += expected_work(experts, workload);
  }
  return work;
}

FloorCurve::FloorCurve(const CostCurve& curve, const Rates& rates, ExpertLoad load)
    : curve_(curve), rates_(rates), seconds_per_byte_(1 / rates.bytes_per_second) {
  for (const CostTerm& cost : curve.terms()) {
    Work fixed = cost.fixed;
    if (load == ExpertLoad::fewest) {
      for (const ExpertReads& experts : cost.varying.experts()) fixed += least_reads(experts);
    }
    Term term = term_of(cost, fixed);
    if (load == ExpertLoad::uniform) term.experts = cost.varying.experts();
    if (term.varying.empty() && term.experts.empty()) {
      fixed_ += floor_of(fixed, rates);
    } else {
      terms_.push_back(std::move(term));
    }
  }
}

FloorCurve::FloorCurve(const CostCurve& curve, const Rates& rates, const Skew& skew)
    : FloorCurve(curve, rates, ExpertLoad::uniform) {
  for (Term& term : terms_) {
    for (const ExpertReads& experts : term.experts) {
      if (experts.identities == 0) {
        term.chances = llmarch::chances(skew, experts.experts, experts.chosen);
      }
    }
  }
}

Work FloorCurve::work_of(const Term& term, const ExpertReads& experts, const Workload& step) const {
  if (term.chances.empty()) return expected_work(experts, step);
  return skewed_work(experts, term.chances, quantity(experts.rows, EveryKey{}, step));
}

FloorCurve::Term FloorCurve::term_of(const CostTerm& cost, const Work& fixed) {
  Term term{sides_of(fixed), {}, kNoReach, {}};
  cost.varying.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    const Sides sides = sides_of(each);
    if (sides.arithmetic == 0 && sides.memory == 0) return;
    term.varying.push_back({at_least(driver), sides});
    if (is_within_reach(driver)) {
      const std::vector<Reach>& reaches = curve_.reaches();
      const auto found = std::find(reaches.begin(), reaches.end(), reach);
      term.reach = static_cast<std::size_t>(found - reaches.begin());
    } else if (std::ranges::find(rows_, at_least(driver)) == rows_.end()) {
      rows_.push_back(at_least(driver));
    }
  });
  return term;
}

FloorCurve::Sides FloorCurve::sides_of(const Work& work) const {
  const Bytes cache = work.cache_bytes_read + work.cache_bytes_written;
  return {work.flops().amount().as_double() / rates_.flops_per_second,
          work.weight_bytes_read.amount().as_double() * seconds_per_byte_ +
              cache.amount().as_double() * seconds_per_byte_};
}

Floor FloorCurve::at(Integer length) const {
  Floor floor = fixed_;
  const Workload step = curve_.step(length);
  std::array<double, kDrivers> counts{};
  const auto count = [&](Driver driver, const Reach& reach) {
    counts[index_of(driver)] = quantity(driver, reach, step).as_double();
  };
  for (const Driver driver : rows_) count(driver, EveryKey{});
  std::size_t counted = kNoReach;
  for (const Term& term : terms_) {
    if (term.reach != kNoReach && term.reach != counted) {
      counted = term.reach;
      count(Driver::pair, curve_.reaches()[counted]);
    }
    Sides sides = term.fixed;
    for (const auto& [driver, each] : term.varying) {
      sides.arithmetic += each.arithmetic * counts[index_of(driver)];
      sides.memory += each.memory * counts[index_of(driver)];
    }
    for (const ExpertReads& experts : term.experts) {
      const Sides more = sides_of(work_of(term, experts, step));
      sides.arithmetic += more.arithmetic;
      sides.memory += more.memory;
    }
    floor += {sides.arithmetic, sides.memory, std::max(sides.arithmetic, sides.memory)};
  }
  return floor;
}

CacheCurve::CacheCurve(const OpGraph& graph, Integer batch) {
  for (const Cache& cache : graph.caches) {
    const Integer entries = graph.blocks[cache.block].repeats * batch;
    terms_.push_back({cache.state, cache.bytes_of_entry() * entries});
  }
}

Bytes CacheCurve::held(Integer context) const {
  Bytes sum;
  for (const Term& term : terms_) {
    sum += held_entries(context, term.state) * term.bytes_per_entry;
  }
  return sum;
}

// Between the ends of chunks, what is held never shrinks. One common multiple of the chunks' sizes
// earlier, all chunks were as full as they are now, and everything else held no more. So the most
// is held either now or at the end of a chunk since then.
Bytes CacheCurve::peak(Integer context) const {
  std::set<Integer> sizes;
  for (const Term& term : terms_) {
    const Integer size =
        std::visit([](const auto& state) { return chunk_size(state); }, term.state);
    if (size > 0) sizes.insert(size);
  }
  const Integer since = context - common_multiple(sizes, context);
  Integer ends;
  for (const Integer size : sizes) ends += (context - since) / size;
  if (ends > kMostEnds) return all_full(context);
  Bytes most = held(context);
  for (const Integer size : sizes) {
    for (Integer end = context / size * size; end > since; end = end - size) {
      most = std::max(most, held(end));
    }
  }
  return most;
}

Bytes CacheCurve::all_full(Integer context) const {
  Bytes sum;
  for (const Term& term : terms_) {
    sum += most_held_entries(context, term.state) * term.bytes_per_entry;
  }
  return sum;
}

}  // namespace llmarch
