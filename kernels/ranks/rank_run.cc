#include "kernels/ranks/rank_run.h"

#include "kernels/ranks/rank_weights.h"

namespace llmarch {

Workload workload_of_rank(const Deployment& deployment, Workload workload) {
  workload.token_ranks = expert_spread(deployment).value().data;
  return workload;
}

template <class Scalar>
RankRun<Scalar>::RankRun(const RankedModel& model, std::size_t rank, std::size_t batch)
    : shard_(llmarch::shard(model.graph, model.deployment, static_cast<std::int64_t>(rank))),
      weights_(weights_of_rank(model.graph, model.weights, shard_)),
      caches_(shard_.graph, batch),
      batch_(batch),
      deployment_(model.deployment) {}

template <class Scalar>
Execution RankRun<Scalar>::run(const Workload& workload, std::span<const std::int64_t> token_ids,
                               Links& links) {
  return execute_rank(shard_.graph, weights_, caches_, token_ids,
                      workload_of_rank(deployment_, workload), links);
}

template <class Scalar>
void RankRun<Scalar>::forget() {
  caches_ = KvCaches<Scalar>(shard_.graph, batch_);
}

template class RankRun<double>;
template class RankRun<Counted>;

namespace {

// The `index`th choice of keys in a stage, with the groups of all ranks that share its heads.
KeyTrace keys_of_groups(const Deployment& deployment, const std::vector<Execution>& ranks,
                        Integer stage, std::size_t index) {
  const auto of_rank = [&](Integer own) -> const KeyTrace& {
    return ranks.at(size(stage_neighbour(deployment, own, stage))).trace.keys.at(index);
  };
  KeyTrace whole = of_rank(0);
  if (!whole.share) return whole;
  const std::size_t rows = whole.blocks.size() / whole.groups;
  whole.groups = size(whole.share->all);
  whole.share.reset();
  whole.blocks.assign(rows * whole.groups, {});
  for (Integer own = 0; own < deployment.tensor; own += 1) {
    const KeyTrace& part = of_rank(own);
    for (std::size_t i = 0; i < part.blocks.size(); ++i) {
      const std::size_t group = size(part.share->first) + i % part.groups;
      whole.blocks.at(i / part.groups * whole.groups + group) = part.blocks[i];
    }
  }
  return whole;
}

}  // namespace

Trace trace_of(const Deployment& deployment, const std::vector<Execution>& ranks) {
  Trace whole;
  for (Integer stage = 0; stage < deployment.pipeline; stage += 1) {
    const Trace& part = ranks.at(size(stage_neighbour(deployment, 0, stage))).trace;
    // What a stage receives is what the one before it made last.
    const auto first = part.hidden.begin() + (stage == 0 ? 0 : 1);
    const std::size_t before = whole.hidden.empty() ? 0 : whole.hidden.size() - 1;
    whole.hidden.insert(whole.hidden.end(), first, part.hidden.end());
    for (RoutingTrace routing : part.routing) {
      routing.layer += before;
      whole.routing.push_back(std::move(routing));
    }
    for (std::size_t i = 0; i < part.keys.size(); ++i) {
      whole.keys.push_back(keys_of_groups(deployment, ranks, stage, i));
      whole.keys.back().layer += before;
    }
    whole.logits = part.logits;
  }
  return whole;
}

namespace {

// A trace as numbers, and back. Every list is preceded by its length.
class TraceWriter {
 public:
  void number(double value) { numbers_.push_back(value); }
  template <class List>
  void list(const List& values) {
    number(static_cast<double>(values.size()));
    for (const auto value : values) number(static_cast<double>(value));
  }
  [[nodiscard]] const std::vector<double>& numbers() const { return numbers_; }

 private:
  std::vector<double> numbers_;
};

class TraceReader {
 public:
  explicit TraceReader(std::vector<double> numbers) : numbers_(std::move(numbers)) {}
  template <class Value>
  Value number() {
    return static_cast<Value>(numbers_.at(next_++));
  }
  template <class Value>
  std::vector<Value> list() {
    std::vector<Value> values(number<std::size_t>());
    for (Value& value : values) value = number<Value>();
    return values;
  }

 private:
  std::vector<double> numbers_;
  std::size_t next_ = 0;
};

std::vector<double> written(const Execution& execution) {
  TraceWriter out;
  out.number(execution.book.total.sent.amount().as_double());
  out.number(execution.book.total.rounds.amount().as_double());
  const Trace& trace = execution.trace;
  out.number(static_cast<double>(trace.hidden.size()));
  for (const auto& hidden : trace.hidden) out.list(hidden);
  out.number(static_cast<double>(trace.routing.size()));
  for (const RoutingTrace& each : trace.routing) {
    out.number(static_cast<double>(each.layer));
    out.number(static_cast<double>(each.experts_per_token));
    out.list(each.experts);
    out.list(each.weights);
  }
  out.number(static_cast<double>(trace.keys.size()));
  for (const KeyTrace& each : trace.keys) {
    const Share share = each.share.value_or(Share{0, 0});
    out.number(static_cast<double>(each.layer));
    out.number(static_cast<double>(each.groups));
    out.number(share.first.as_double());
    out.number(share.all.as_double());
    out.number(static_cast<double>(each.blocks.size()));
    for (const auto& blocks : each.blocks) out.list(blocks);
  }
  out.list(trace.logits);
  return out.numbers();
}

KeyTrace read_keys(TraceReader& in) {
  KeyTrace keys{in.number<std::size_t>(), in.number<std::size_t>(), {}};
  const Share share{in.number<std::int64_t>(), in.number<std::int64_t>()};
  if (share.all > 0) keys.share = share;
  keys.blocks.resize(in.number<std::size_t>());
  for (auto& blocks : keys.blocks) blocks = in.list<std::size_t>();
  return keys;
}

Execution read(std::vector<double> numbers) {
  TraceReader in(std::move(numbers));
  Execution execution;
  execution.book.total.sent = Elements(in.number<std::int64_t>());
  execution.book.total.rounds = Rounds(in.number<std::int64_t>());
  Trace& trace = execution.trace;
  trace.hidden.resize(in.number<std::size_t>());
  for (auto& hidden : trace.hidden) hidden = in.list<float>();
  trace.routing.resize(in.number<std::size_t>());
  for (RoutingTrace& each : trace.routing) {
    each.layer = in.number<std::size_t>();
    each.experts_per_token = in.number<std::size_t>();
    each.experts = in.list<std::int64_t>();
    each.weights = in.list<float>();
  }
  for (auto left = in.number<std::size_t>(); left > 0; --left) trace.keys.push_back(read_keys(in));
  trace.logits = in.list<float>();
  return execution;
}

}  // namespace

std::vector<Execution> executions_of_all(const Deployment& deployment, std::size_t own,
                                         Execution execution, Links& links) {
  const std::size_t ranks = size(deployment.ranks());
  const std::vector<double> numbers = written(execution);
  const auto length = static_cast<double>(numbers.size());
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    if (rank == own) continue;
    links.send(rank, std::span(&length, 1));
    links.send(rank, numbers);
  }
  std::vector<Execution> all(ranks);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    if (rank == own) continue;
    const auto expected = static_cast<std::size_t>(links.receive(rank, 1).front());
    all[rank] = read(links.receive(rank, expected));
  }
  all[own] = std::move(execution);
  return all;
}

}  // namespace llmarch
