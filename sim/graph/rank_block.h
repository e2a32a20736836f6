// A block of a rank's graph while it is made: which values of the model's block are there, and in
// which layout. This file knows how one layout becomes another, and which exchange that takes. What
// layout an operation wants is known by shard_rules.h. Private to sim/graph.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/graph/deployment.h"
#include "sim/graph/rank_parts.h"

namespace llmarch {

// What a rank has of the rows of a value.
enum class Layout {
  whole,    // all columns
  divided,  // its share of the columns
  partial,  // all columns, and the value is the sum over the ranks
};

// A rank's graph while it is made.
struct RankGraph {
  const OpGraph& model;
  const Deployment& deployment;
  Integer rank;
  Shard shard = {};
  std::map<std::size_t, std::size_t> blocks = {};  // of the model, and their places here
  std::map<WeightId, WeightId> weights = {};       // of the model, and here
  std::map<CacheId, CacheId> caches = {};

  [[nodiscard]] Integer tensor() const { return deployment.tensor; }
};

// Shares of something of which the model has `units`, heads or columns: as many as there are
// ranks, or as there are units where these are fewer and each is on as many ranks.
std::optional<Integer> shares_of(Integer units, Integer ranks);

class RankBlock {
 public:
  // `units` are the parts, for each value of the model's block, that a rank has wholly or not at
  // all.
  RankBlock(RankGraph& rank, std::size_t block, std::vector<Integer> units);

  // --- The rank's own.
  [[nodiscard]] Integer tensor() const { return rank_.tensor(); }
  [[nodiscard]] const RankGraph& rank() const { return rank_; }
  // The number of the share that the rank has of so many.
  [[nodiscard]] Integer own_share(Integer shares) const;
  [[nodiscard]] Integer shares_of_units(ValueId value) const;

  // --- Values of the model's block, in the layout that is asked for.
  [[nodiscard]] Layout layout(ValueId value) const { return held_.at(value).made; }
  // How many shares a divided value has.
  [[nodiscard]] Integer shares(ValueId value) const { return held_.at(value).shares; }
  ValueId whole(ValueId value);
  ValueId divided(ValueId value, Integer shares);
  // In the layout in which it was made.
  ValueId as_made(ValueId value);
  // Each of these adds a value that the operation at hand makes, in this layout.
  ValueId make_whole(ValueId value);
  ValueId make_divided(ValueId value, Integer shares);
  // With so many columns on each rank, where the last rank's are padded.
  ValueId make_divided(ValueId value, Integer shares, Integer columns_of_share);
  ValueId make_partial(ValueId value);
  // In the layout of another value of the same columns.
  ValueId make_like(ValueId value, ValueId other);

  // --- Weights and caches of the model.
  WeightId weight(WeightId id);                          // the whole
  WeightId weight_rows(WeightId id, Integer shares);     // of a vector: elements
  WeightId weight_columns(WeightId id, Integer shares);  // of a matrix
  WeightId weight_copies(WeightId id, Integer shares);
  // The copies of an expert's weights that the rank has, each divided along the axis of its role.
  WeightId weight_experts(WeightId id);
  // Those of a layer's experts that the rank has, and among how many ranks each is divided.
  [[nodiscard]] Share own_experts(Integer experts) const;
  [[nodiscard]] Integer shares_of_expert() const;
  // A cache that grows with every position has the rank's own positions alone.
  CacheId cache(CacheId id, Integer shares);
  [[nodiscard]] CacheId cache(CacheId id) const;
  [[nodiscard]] Integer shares_of_cache(CacheId id) const;
  // Which keys of the cache an operation attends to that would attend to those within reach: the
  // rank's own, where it has not all.
  [[nodiscard]] Reach own_reach(CacheId id, const Reach& reach) const;

  // --- Nodes.
  // Nodes that are appended from here on have the name and the kind of this node of the model's.
  void enter_node(std::size_t node);
  void append(const Op& op);
  // An operation that the node takes beside the model's own; `name` is put before the node's.
  void append_beside(const std::string& name, WorkKind kind, const Op& op);
  ValueId add_value(const Value& value);
  // Adds a value that differs from `made` only in what its rows stand for.
  ValueId beside(ValueId made, RowAxis rows);
  // What the rank has of a value's rows, where these are keys.
  void stripe(ValueId made, const Reach& reach);
  // An exchange over other ranks than the tensor-parallel group, of values of the rank's block.
  void exchange(Collective collective, const Ranks& ranks, ValueId in, ValueId out);

  // Makes the block's output, and the inputs of the layers if it makes them, whole.
  void finish();
  [[noreturn]] void refuse(const std::string& why) const;

  [[nodiscard]] const Block& model() const { return model_; }
  [[nodiscard]] const Weight& model_weight(WeightId id) const { return rank_.model.weight(id); }
  [[nodiscard]] Integer columns(ValueId id) const { return model_.values.at(id).columns; }

 private:
  // A value of the model's block: as it was made, and what has been made of that.
  struct Held {
    Layout made = Layout::whole;
    Integer shares = 1;  // where it was made divided
    std::optional<ValueId> own;
    std::optional<ValueId> whole;
    std::map<Integer, ValueId> divided;
    std::size_t maker = 0;  // the node of the model's block
  };
  ValueId make(ValueId value, Layout layout, Integer shares, Integer columns_of_share);
  // A share of so many, which have to divide; `what` they are is said if they do not.
  [[nodiscard]] Integer share_of(Integer all, Integer shares, const std::string& what) const;
  void append_conversion(const Held& held, WorkKind kind, std::string name, const Op& op);
  WeightId add(WeightId id, const Weight& part, const WeightPart& where);
  Block& block() { return rank_.shard.graph.blocks.back(); }

  RankGraph& rank_;
  const Block& model_;
  std::vector<Integer> units_;
  std::vector<Held> held_;
  std::size_t node_ = 0;                    // of the model's block
  std::vector<std::size_t> first_of_node_;  // the rank's first node for each of the model's
};

}  // namespace llmarch
