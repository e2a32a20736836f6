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
    case Driver::token_of_ranks:
    case Driver::stepped:
    case Driver::chunk:
    case Driver::chunk_pair: return phase == Phase::prefill;
    case Driver::key:
    case Driver::pair:
    case Driver::position:
    case Driver::entry:
    case Driver::later_entry:
    case Driver::making:
    case Driver::making_later: return true;
  }
  throw std::logic_error("varies: a driver outside the enumeration");
}

bool is_over_entries(const Reach& reach) {
  return std::holds_alternative<Entries>(reach) || std::holds_alternative<Striped>(reach);
}

// The driver in place of which it can be counted, since a step of this phase has equally many. In a
// decode step each sequence has one query, which attends to as many keys as it reads positions. In
// a prefill nothing comes before the prompt: its tokens are all the positions there are, and each
// is read, if only by its own query. There are fewer entries than positions, and fewer that are a
// rank's own.
Driver counted_as(Driver driver, const Reach& reach, Phase phase) {
  switch (driver) {
    case Driver::once:
    case Driver::sequence:
    case Driver::token:
    case Driver::token_of_ranks:
    case Driver::logit:
    case Driver::stepped:
    case Driver::pair: return driver;
    case Driver::key: return phase == Phase::decode ? Driver::key : Driver::token;
    case Driver::position:
      if (phase == Phase::decode) return Driver::pair;
      return is_over_entries(reach) ? Driver::position : Driver::token;
    case Driver::entry:
    case Driver::later_entry:
    case Driver::making:
    case Driver::making_later:
    case Driver::chunk:
    case Driver::chunk_pair: return driver;
  }
  throw std::logic_error("counted_as: a driver outside the enumeration");
}

void add(const CostTerm& term, CostTerm& sum) {
  sum.fixed += term.fixed;
  sum.varying.add(term.varying, 1);
}

// A cache that is emptied again and again: it holds the most after `full` positions and after
// every `size` more. Size 0: it never shrinks.
struct Sawtooth {
  Integer size = 0, full = 0;
  friend auto operator<=>(const Sawtooth&, const Sawtooth&) = default;
};
Sawtooth sawtooth(
    const OneOf<EveryKey, Window, ChosenKeys, Entries, Striped, Fixed, Compressed> auto&) {
  return {};
}
Sawtooth sawtooth(const Chunk& chunk) {
  return {chunk.size, chunk.size};
}
Sawtooth sawtooth(const Growing& growing) {
  return std::visit([](const auto& reach) { return sawtooth(reach); }, growing.reach);
}
Sawtooth sawtooth(const Waiting& waiting) {
  return waiting.positions == 1 ? Sawtooth{} : Sawtooth{waiting.positions, waiting.positions - 1};
}

// The most ends of chunks that are tried one by one.
constexpr std::int64_t kMostEnds = std::int64_t{1} << 16;

// The least common multiple of their sizes, or `most` where that is less.
Integer common_multiple(const std::set<Sawtooth>& teeth, Integer most) {
  Integer multiple = 1;
  for (const auto& [size, full] : teeth) {
    const Integer factor = size / std::gcd(multiple.value(), size.value());
    if (multiple > most / factor) return most;
    multiple *= factor;
  }
  return multiple;
}

}  // namespace

CostCurve::CostCurve(const OpGraph& graph, Phase phase, Integer batch, Integer token_ranks,
                     RecurrenceForm recurrence)
    : phase_(phase), batch_(batch), token_ranks_(token_ranks), recurrence_(recurrence) {
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
    const bool known = std::find(reaches_.begin(), reaches_.end(), reach) != reaches_.end();
    if (is_within_reach(driver) && !known) reaches_.push_back(reach);
  });
}

CostTerm CostCurve::term_of(WorkKind kind, const Price& price) const {
  CostTerm term{kind, {}, {}};
  price.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    const Driver counted = counted_as(driver, reach, phase_);
    if (varies(counted, phase_)) {
      term.varying.per(counted, reach) += each;
    } else {
      term.fixed += each * quantity(counted, reach, step(1));
    }
  });
  for (const ExpertReads& experts : price.experts()) term.varying.add(experts);
  for (const RoutedRows& routed : price.routed()) term.varying.add(routed);
  return term;
}

CostCurve::Sum CostCurve::sum_of(const CostTerm& term) const {
  Sum sum{term.fixed, {}, {}, term.varying.routed()};
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
  for (const RoutedRows& routed : sum.routed) work += expected_work(routed, workload);
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
      if (experts.identities > 0 && experts.ranks == 1) continue;
      const Integer all = experts.experts * experts.ranks;
      term.chances = of_busiest(llmarch::chances(skew, all, experts.chosen), experts.ranks);
    }
  }
}

Work FloorCurve::work_of(const Term& term, const ExpertReads& experts, const Workload& step) {
  if (term.chances.empty()) return expected_work(experts, step);
  return skewed_work(experts, term.chances, quantity(experts.rows, EveryKey{}, step));
}

FloorCurve::Term FloorCurve::term_of(const CostTerm& cost, const Work& fixed) {
  Term term{sides_of(fixed), {}, {}};
  cost.varying.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    const Sides sides = sides_of(each);
    if (sides.arithmetic == 0 && sides.memory == 0) return;
    const Driver counted = at_least(driver);
    term.varying.push_back({counted, kNoReach, sides});
    if (is_within_reach(counted)) {
      const std::vector<Reach>& reaches = curve_.reaches();
      const auto found = std::find(reaches.begin(), reaches.end(), reach);
      term.varying.back().reach = static_cast<std::size_t>(found - reaches.begin());
    } else if (std::ranges::find(rows_, counted) == rows_.end()) {
      rows_.push_back(counted);
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
  std::array<std::size_t, kDrivers> counted{};  // the reach that each was counted within last
  counted.fill(kNoReach);
  for (const Term& term : terms_) {
    Sides sides = term.fixed;
    for (const auto& [driver, reach, each] : term.varying) {
      if (counted[index_of(driver)] != reach) {
        counted[index_of(driver)] = reach;
        count(driver, curve_.reaches()[reach]);
      }
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

// Between two such ends, what is held never shrinks. One common multiple of the sizes earlier,
// every sawtooth was as full as it is now, and everything else held no more. So the most is held
// either now or where one was full since then.
Bytes CacheCurve::peak(Integer context) const {
  std::set<Sawtooth> teeth;
  for (const Term& term : terms_) {
    const Sawtooth tooth =
        std::visit([](const auto& state) { return sawtooth(state); }, term.state);
    if (tooth.size > 0) teeth.insert(tooth);
  }
  const Integer since = context - common_multiple(teeth, context);
  Integer ends;
  for (const auto& [size, full] : teeth) ends += (context - since) / size;
  if (ends > kMostEnds) return all_full(context);
  Bytes most = held(context);
  for (const auto& [size, full] : teeth) {
    if (context < full) continue;
    for (Integer end = context - (context - full) % size; end > since; end = end - size) {
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
