#include <algorithm>
#include <map>
#include <numeric>

#include "sim/graph/shard_rules.h"

namespace llmarch {
namespace {

// Visits operations from the last to the first, so that those which use a value come before the one
// that makes it.
class Units {
 public:
  Units(const OpGraph& graph, const Block& block) : graph_(graph) {
    for (const Value& value : block.values) units_.push_back(value.columns);
  }

  [[nodiscard]] std::vector<Integer> units() && { return std::move(units_); }

  void operator()(const Attend& op) {
    belong(op.query, op.query_heads);
    heads_of_cache_[op.keys] = op.kv_heads;
    heads_of_cache_[op.values] = op.kv_heads;
  }
  void operator()(const ChooseKeys& op) { belong(op.query, op.groups); }
  // A cache that no attention reads by heads is not divided.
  void operator()(const Store& op) {
    const auto heads = heads_of_cache_.find(op.cache);
    belong(op.in, heads == heads_of_cache_.end() ? Integer(1) : heads->second);
  }
  void operator()(const Rotate& op) {
    belong(op.in, op.heads);
    pass_on(op.in, op.out);
  }
  void operator()(const Recurrence& op) {
    for (const ValueId value : {op.query, op.key}) belong(value, op.shape.key_heads);
    belong(op.value, op.shape.value_heads);
    if (op.decay) belong(*op.decay, op.shape.value_heads);
    if (op.strength) belong(*op.strength, op.shape.value_heads);
  }
  void operator()(const ChunkedRecurrence& op) { (*this)(op.rule); }
  void operator()(const NormalizeLength& op) {
    belong(op.in, op.vectors);
    pass_on(op.in, op.out);
  }
  void operator()(const Decay& op) {
    belong(op.in, graph_.weight(op.rate).columns);
    pass_on(op.in, op.out);
  }
  void operator()(const GateRows& op) {
    pass_on(op.gate, op.out);
    pass_on(op.in, op.out);
  }
  void operator()(const Gate& op) {
    pass_on(op.gate, op.out);
    pass_on(op.up, op.out);
  }
  void operator()(const Add& op) {
    pass_on(op.left, op.out);
    pass_on(op.right, op.out);
  }
  void operator()(const Multiply& op) {
    pass_on(op.left, op.out);
    pass_on(op.right, op.out);
  }
  void operator()(const AttendShared& op) { belong(op.query, op.heads); }
  template <OneOf<AbsorbQuery, AttendLatent, AttendExpanded> Op>
  void operator()(const Op& op) {
    belong(op.query, op.shape.heads);
  }
  template <OneOf<Scale, ScaleByPosition, ScaleColumns, ScaleByConstant, SoftCap, Clip, Activate,
                  ActivateXielu, Sparsify, Normalize, Convolve>
                Op>
  void operator()(const Op& op) {
    pass_on(op.in, op.out);
  }
  // These use whole rows, or columns one by one.
  template <OneOf<Embed, AddPositions, Project, ProjectEach, SelectColumns, JoinColumns,
                  ExpandAttended, ExpandLatents, SelectiveScan, Route, RunExperts, SelectRows,
                  MatchMagnitude, AverageVectors, PredictStreams, CorrectStreams, AddToOtherStreams,
                  Compress, RepeatVector, WeighStreams, CollapseStreams, MixStreams, AttendVectors,
                  AddToLastVector, WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive>
                Op>
  void operator()(const Op&) {}

 private:
  void belong(ValueId value, Integer parts) {
    units_.at(value) = std::gcd(units_.at(value).value(), parts.value());
  }
  void pass_on(ValueId in, ValueId out) { belong(in, units_.at(out)); }

  const OpGraph& graph_;
  std::vector<Integer> units_;
  std::map<CacheId, Integer> heads_of_cache_;
};

}  // namespace

std::vector<Integer> units_of(const OpGraph& graph, const Block& block) {
  Units units(graph, block);
  std::for_each(block.nodes.rbegin(), block.nodes.rend(),
                [&](const Node& node) { std::visit(units, node.op); });
  return std::move(units).units();
}

}  // namespace llmarch
