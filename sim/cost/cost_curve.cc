#include "sim/cost/cost_curve.h"

#include <algorithm>

#include "sim/cost/op_cost.h"
#include "sim/cost/reach_cost.h"

namespace llmarch {
namespace {

bool same(const Reach& a, const Reach& b) {
  const auto size = [](const Reach& reach) {
    return std::visit(
        [](const auto& kind) -> Integer {
          if constexpr (requires { kind.size; }) return kind.size;
          return 0;
        },
        reach);
  };
  return a.index() == b.index() && size(a) == size(b);
}

// An operation that meets keys says within which reach; one that says nothing meets all or none.
Reach reach_of(const Op& op) {
  return std::visit(
      [](const auto& kind) -> Reach {
        if constexpr (requires { kind.reach; }) return kind.reach;
        return EveryKey{};
      },
      op);
}

// The same operations without windows and chunks. What a pair costs does not depend on how many of
// them there are, and without a reach three short steps tell it.
OpGraph without_reach(OpGraph graph) {
  for (Cache& cache : graph.caches) cache.reach = EveryKey{};
  for (Block& block : graph.blocks) {
    for (Node& node : block.nodes) {
      std::visit(
          [](auto& op) {
            if constexpr (requires { op.reach; }) op.reach = EveryKey{};
          },
          node.op);
    }
  }
  return graph;
}

// A price at lengths 1, 2 and 3 in all layers, less what experts read.
std::array<Work, 3> sample(const OpGraph& graph, const Block& block, const Node& node,
                           StepOfLength step, Integer batch) {
  const auto at = [&](Integer length) {
    Work work = price(graph, block, node.op, row_counts(step(length, batch))) * block.repeats;
    if (std::holds_alternative<RunExperts>(node.op)) work.weights_read = Elements();
    return work;
  };
  return {at(1), at(2), at(3)};
}

// The coefficients of  fixed + per_token n + per_pair p(n)  through three prices. With every key
// met p is n in decode and n (n + 1) / 2 in prefill: 1, 2, 3 or 1, 3, 6.
void solve(const std::array<Work, 3>& prices, const std::array<Integer, 3>& pairs, CostTerm& term) {
  const Work first = prices[1] - prices[0];
  const Work second = prices[2] - prices[1];
  const bool straight = pairs[2] - pairs[1] == pairs[1] - pairs[0];
  if (straight) {
    term.per_pair = first;
  } else {
    term.per_pair = second - first;
    term.per_token = first - term.per_pair * (pairs[1] - pairs[0]);
  }
  term.fixed = prices[0] - term.per_token - term.per_pair;
}

std::optional<ExpertReads> experts_of(const OpGraph& graph, const Block& block, const Op& op) {
  const auto* experts = std::get_if<RunExperts>(&op);
  if (experts == nullptr) return std::nullopt;
  return ExpertReads{elements_per_expert(graph, *experts), experts->experts,
                     experts->experts_per_token, block.repeats};
}

void add_to(CostSum& sum, const CostTerm& term) {
  sum.fixed += term.fixed;
  sum.per_token += term.per_token;
  if (sum.per_pair.size() <= term.reach) sum.per_pair.resize(term.reach + 1);
  sum.per_pair[term.reach] += term.per_pair;
  if (term.experts) sum.experts.push_back(term.experts.value());
}

}  // namespace

CostCurve::CostCurve(const OpGraph& graph, StepOfLength step, Integer batch)
    : step_(step), batch_(batch) {
  const OpGraph sampled = without_reach(graph);
  const LatentForm form = step(1, batch).latent_form;
  const auto met = [&](Integer length) { return attended_pairs(step(length, 1), EveryKey{}); };
  const std::array<Integer, 3> pairs{met(1), met(2), met(3)};
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    const Block& block = sampled.blocks[b];
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      const Node& node = block.nodes[n];
      if (!runs_in(node.when, form)) continue;
      CostTerm term{};
      term.kind = node.kind;
      term.reach = index_of(reach_of(graph.blocks[b].nodes[n].op));
      term.experts = experts_of(graph, block, node.op);
      solve(sample(sampled, block, node, step, batch), pairs, term);
      add(term);
    }
  }
}

std::size_t CostCurve::index_of(const Reach& reach) {
  const auto found = std::find_if(reaches_.begin(), reaches_.end(),
                                  [&](const Reach& known) { return same(known, reach); });
  if (found != reaches_.end()) return static_cast<std::size_t>(found - reaches_.begin());
  reaches_.push_back(reach);
  return reaches_.size() - 1;
}

void CostCurve::add(const CostTerm& term) {
  terms_.push_back(term);
  add_to(total_, term);
  add_to(kinds_[static_cast<std::size_t>(term.kind)], term);
}

Integer CostCurve::pairs(std::size_t reach, Integer length) const {
  return attended_pairs(step_(length, 1), reaches_[reach]);
}

Elements CostCurve::read_by(const ExpertReads& experts, Integer length) const {
  const Integer tokens = batch_ * step_(length, 1).tokens;
  return expected_expert_elements(experts.each, experts.experts, experts.experts_per_token,
                                  tokens) *
         experts.layers;
}

Work CostCurve::at(const CostSum& sum, Integer length) const {
  Work work = sum.fixed;
  work += sum.per_token * length;
  for (std::size_t reach = 0; reach < sum.per_pair.size(); ++reach) {
    if (sum.per_pair[reach] == Work::none()) continue;  // how many pairs there are may not fit
    work += sum.per_pair[reach] * pairs(reach, length);
  }
  for (const ExpertReads& experts : sum.experts) work.weights_read += read_by(experts, length);
  return work;
}

FloorCurve::FloorCurve(const CostCurve& curve, const Formats& formats, const Rates& rates)
    : curve_(curve) {
  const double weight_seconds = bits_of(formats.weights).as_double() / 8 / rates.bytes_per_second;
  const double cache_seconds = bits_of(formats.kv).as_double() / 8 / rates.bytes_per_second;
  seconds_per_expert_element_ = weight_seconds;
  const auto arithmetic = [&](const Work& work) {
    return (work.matrix + work.other).amount().as_double() / rates.flops_per_second;
  };
  const auto memory = [&](const Work& work) {
    return work.weights_read.amount().as_double() * weight_seconds +
           (work.cache_read + work.cache_written).amount().as_double() * cache_seconds;
  };
  for (const CostTerm& term : curve.terms()) {
    const bool varies =
        term.per_token != Work::none() || term.per_pair != Work::none() || term.experts;
    if (varies) {
      terms_.push_back(
          {{arithmetic(term.fixed), arithmetic(term.per_token), arithmetic(term.per_pair)},
           {memory(term.fixed), memory(term.per_token), memory(term.per_pair)},
           term.reach,
           term.experts});
    } else {
      fixed_ += floor_of(term.fixed, formats, rates);
    }
  }
}

Floor FloorCurve::at(Integer length) const {
  Floor floor = fixed_;
  const double tokens = length.as_double();
  std::size_t known_reach = curve_.reaches().size();
  double pairs = 0;
  for (const Term& term : terms_) {
    if (term.reach != known_reach) pairs = curve_.pairs(term.reach, length).as_double();
    known_reach = term.reach;
    const auto side = [&](const SideTerm& seconds) {
      return seconds.fixed + seconds.per_token * tokens + seconds.per_pair * pairs;
    };
    const double arithmetic = side(term.arithmetic);
    double memory = side(term.memory);
    if (term.experts) {
      memory += curve_.read_by(term.experts.value(), length).amount().as_double() *
                seconds_per_expert_element_;
    }
    floor += {arithmetic, memory, std::max(arithmetic, memory)};
  }
  return floor;
}

CacheCurve::CacheCurve(const OpGraph& graph, Integer batch) {
  for (const Cache& cache : graph.caches) {
    terms_.push_back({cache.reach, cache.columns * graph.blocks[cache.block].repeats * batch});
  }
}

Elements CacheCurve::held(Integer context) const {
  Integer sum;
  for (const Term& term : terms_) {
    sum += held_positions(context, term.reach) * term.elements_per_position;
  }
  return Elements(sum);
}

Elements CacheCurve::peak(Integer context) const {
  Integer sum;
  for (const Term& term : terms_) {
    sum += most_held_positions(context, term.reach) * term.elements_per_position;
  }
  return Elements(sum);
}

}  // namespace llmarch
