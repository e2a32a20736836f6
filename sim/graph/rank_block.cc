#include "sim/graph/rank_block.h"

namespace llmarch {
namespace {

// Rows of a vocabulary for each of `shares` ranks: the last rank's are padded.
Integer padded_share(Integer rows, Integer shares) {
  return (rows + shares - 1) / shares;
}

// What stands before the name of the operation for which ranks of other groups exchange rows.
std::string name_of(Collective collective) {
  switch (collective) {
    case Collective::all_reduce: return "all-reduce of ";
    case Collective::all_gather:
    case Collective::gather_rows: return "all-gather for ";
    case Collective::scatter_rows: return "reduce-scatter of ";
  }
  throw std::logic_error("name_of: a collective outside the enumeration");
}

}  // namespace

std::optional<Integer> shares_of(Integer units, Integer ranks) {
  if (units % ranks == 0) return ranks;
  if (ranks % units == 0) return units;
  return std::nullopt;
}

RankBlock::RankBlock(RankGraph& rank, std::size_t block, std::vector<Integer> units)
    : rank_(rank),
      model_(rank.model.blocks.at(block)),
      units_(std::move(units)),
      held_(model_.values.size()) {
  Block made;
  made.name = model_.name;
  made.kind = model_.kind;
  rank_.shard.graph.blocks.push_back(std::move(made));
  rank_.blocks.emplace(block, rank_.shard.graph.blocks.size() - 1);
  if (model_.input) this->block().input = make_whole(*model_.input);
  const bool given = model_.kind == BlockKind::layer && model_.per_layer_input;
  if (given) this->block().per_layer_input = make_whole(*model_.per_layer_input);
}

Integer RankBlock::own_share(Integer shares) const {
  return place_of(rank_.deployment, rank_.rank).tensor * shares / tensor();
}

Integer RankBlock::shares_of_units(ValueId value) const {
  const auto shares = shares_of(units_.at(value), tensor());
  if (!shares) {
    refuse(std::to_string(units_.at(value).value()) + " parts do not divide among " +
           std::to_string(tensor().value()) + " ranks");
  }
  return *shares;
}

ValueId RankBlock::add_value(const Value& value) {
  block().values.push_back(value);
  return block().values.size() - 1;
}

// A value that several forms of a mixer make is one value, made alike in all of them.
ValueId RankBlock::make(ValueId value, Layout layout, Integer shares, Integer columns_of_share) {
  Held& held = held_.at(value);
  if (held.own) return *held.own;
  Value made = model_.values.at(value);
  made.columns = columns_of_share;
  held.made = layout;
  held.shares = shares;
  held.maker = node_;
  held.own = add_value(made);
  return *held.own;
}

ValueId RankBlock::make_whole(ValueId value) {
  return make(value, Layout::whole, 1, columns(value));
}

Integer RankBlock::share_of(Integer all, Integer shares, const std::string& what) const {
  if (all % shares != 0) refuse(std::to_string(all.value()) + " " + what + " do not divide");
  return all / shares;
}

ValueId RankBlock::make_divided(ValueId value, Integer shares) {
  return make_divided(value, shares, share_of(columns(value), shares, "columns"));
}

ValueId RankBlock::make_divided(ValueId value, Integer shares, Integer columns_of_share) {
  if (shares == 1) return make_whole(value);
  return make(value, Layout::divided, shares, columns_of_share);
}

ValueId RankBlock::make_partial(ValueId value) {
  return tensor() == 1 ? make_whole(value) : make(value, Layout::partial, 1, columns(value));
}

ValueId RankBlock::make_like(ValueId value, ValueId other) {
  const Held& held = held_.at(other);
  return make(value, held.made, held.shares, block().values.at(held.own.value()).columns);
}

ValueId RankBlock::as_made(ValueId value) {
  return held_.at(value).own.value();
}

ValueId RankBlock::whole(ValueId value) {
  Held& held = held_.at(value);
  if (held.made == Layout::whole) return held.own.value();
  if (held.whole) return *held.whole;
  if (held.made == Layout::divided && held.shares != tensor()) {
    refuse("all of its " + std::to_string(held.shares.value()) +
           " parts are wanted, and there is one for several ranks");
  }
  const bool partial = held.made == Layout::partial;
  Value gathered = block().values.at(*held.own);
  if (!partial) gathered.columns *= tensor();
  held.whole = add_value(gathered);
  append_conversion(held, WorkKind::communication, partial ? "all-reduce of " : "all-gather of ",
                    Exchange{partial ? Collective::all_reduce : Collective::all_gather,
                             rank_.deployment.algorithm, tensor_ranks(rank_.deployment, rank_.rank),
                             *held.own, *held.whole});
  // A vocabulary is gathered with its padding.
  if (const Integer wanted = columns(value); gathered.columns != wanted) {
    const ValueId padded = *held.whole;
    gathered.columns = wanted;
    held.whole = add_value(gathered);
    append_conversion(held, WorkKind::residual,
                      "without padding: ", SelectColumns{0, padded, *held.whole});
  }
  return *held.whole;
}

ValueId RankBlock::divided(ValueId value, Integer shares) {
  Held& held = held_.at(value);
  if (shares == 1) return whole(value);
  if (held.made == Layout::divided && held.shares == shares) return held.own.value();
  const auto known = held.divided.find(shares);
  if (known != held.divided.end()) return known->second;
  const ValueId all = whole(value);
  Value part = block().values.at(all);
  part.columns = share_of(part.columns, shares, "columns");
  const ValueId out = add_value(part);
  append_conversion(held, WorkKind::residual, "share of ",
                    SelectColumns{own_share(shares) * part.columns, all, out});
  return held.divided[shares] = out;
}

WeightId RankBlock::add(WeightId id, const Weight& part, const WeightPart& where) {
  const auto known = rank_.weights.find(id);
  if (known != rank_.weights.end()) return known->second;
  OpGraph& graph = rank_.shard.graph;
  graph.weights.push_back(part);
  // A table that the head shares with an embedding on another stage is the head's own here.
  const auto home = rank_.blocks.find(part.block);
  graph.weights.back().block = home == rank_.blocks.end() ? graph.blocks.size() - 1 : home->second;
  rank_.shard.weights.push_back(where);
  return rank_.weights[id] = graph.weights.size() - 1;
}

WeightId RankBlock::weight(WeightId id) {
  return add(id, model_weight(id), {id, 0, 0, 0});
}

WeightId RankBlock::weight_rows(WeightId id, Integer shares) {
  Weight part = model_weight(id);
  WeightPart where{id, 0, 0, 0};
  const bool vector = is_vector(part.role);
  Integer& rows = vector ? part.columns : part.rows;
  const bool padded = split_axis_of(part.role) == SplitAxis::padded_rows;
  rows = padded ? padded_share(rows, shares)
                : share_of(rows, shares, "rows of '" + std::string(name_of(part.role)) + "'");
  (vector ? where.first_column : where.first_row) = own_share(shares) * rows;
  return add(id, part, where);
}

WeightId RankBlock::weight_columns(WeightId id, Integer shares) {
  Weight part = model_weight(id);
  part.columns =
      share_of(part.columns, shares, "columns of '" + std::string(name_of(part.role)) + "'");
  return add(id, part, {id, 0, own_share(shares) * part.columns, 0});
}

WeightId RankBlock::weight_copies(WeightId id, Integer shares) {
  Weight part = model_weight(id);
  part.copies = part.copies / shares;
  return add(id, part, {id, 0, 0, own_share(shares) * part.copies});
}

WeightId RankBlock::weight_experts(WeightId id) {
  Weight part = model_weight(id);
  WeightPart where{id, 0, 0, 0};
  const Share experts = own_experts(part.copies);
  part.copies = part.copies / rank_.deployment.expert;
  where.first_copy = experts.first;
  const Integer shares = shares_of_expert();
  const Integer own = place_of(rank_.deployment, rank_.rank).tensor % shares;
  const auto divide = [&](Integer& extent, Integer& first) {
    extent = share_of(extent, shares, "columns of an expert");
    first = own * extent;
  };
  switch (split_axis_of(part.role)) {
    case SplitAxis::none: break;
    case SplitAxis::padded_rows:
    case SplitAxis::rows:
      is_vector(part.role) ? divide(part.columns, where.first_column)
                           : divide(part.rows, where.first_row);
      break;
    case SplitAxis::columns: divide(part.columns, where.first_column); break;
  }
  return add(id, part, where);
}

Integer RankBlock::shares_of_expert() const {
  return tensor() / expert_spread(rank_.deployment).value().tensor;
}

Share RankBlock::own_experts(Integer experts) const {
  const Integer ranks = rank_.deployment.expert;
  if (experts % ranks != 0) {
    refuse(std::to_string(experts.value()) + " experts do not divide among " +
           std::to_string(ranks.value()) + " ranks");
  }
  const ExpertSpread spread = expert_spread(rank_.deployment).value();
  const RankPlace place = place_of(rank_.deployment, rank_.rank);
  const Integer own = place.data % spread.data * spread.tensor + place.tensor / shares_of_expert();
  return {own * (experts / ranks), experts};
}

// One for all forms of a mixer.
CacheId RankBlock::cache(CacheId id, Integer shares) {
  const auto known = rank_.caches.find(id);
  if (known != rank_.caches.end()) return known->second;
  OpGraph& graph = rank_.shard.graph;
  Cache part = rank_.model.cache(id);
  part.block = rank_.blocks.at(part.block);
  part.columns = part.columns / shares;
  const Ranks ranks = context_ranks(rank_.deployment, rank_.rank);
  auto* const growing = std::get_if<Growing>(&part.state);
  if (ranks.count > 1 && growing != nullptr && growing->reach == Reach(EveryKey{})) {
    growing->reach = Striped{ranks.own, ranks.count};
  }
  graph.caches.push_back(std::move(part));
  rank_.shard.caches.push_back({id, shares});
  return rank_.caches[id] = graph.caches.size() - 1;
}

CacheId RankBlock::cache(CacheId id) const {
  const auto known = rank_.caches.find(id);
  if (known == rank_.caches.end()) {
    refuse("it reads the " + rank_.model.cache(id).name + " of a layer of another stage");
  }
  return known->second;
}

Integer RankBlock::shares_of_cache(CacheId id) const {
  return rank_.shard.caches.at(cache(id)).shares;
}

Reach RankBlock::own_reach(CacheId id, const Reach& reach) const {
  const auto* const growing = std::get_if<Growing>(&rank_.shard.graph.cache(cache(id)).state);
  if (growing == nullptr || !std::holds_alternative<Striped>(growing->reach)) return reach;
  if (reach == Reach(EveryKey{})) return growing->reach;
  refuse("not every key of a cache whose positions are divided among ranks is attended to");
}

void RankBlock::enter_node(std::size_t node) {
  node_ = node;
  first_of_node_.push_back(block().nodes.size());
}

void RankBlock::append(const Op& op) {
  const Node& node = model_.nodes.at(node_);
  block().nodes.push_back({node.name, node.kind, node.part, op});
}

void RankBlock::append_conversion(const Held& held, WorkKind kind, std::string name, const Op& op) {
  const Node& maker = model_.nodes.at(held.maker);
  block().nodes.push_back({std::move(name) + maker.name, kind, maker.part, op});
}

void RankBlock::append_beside(const std::string& name, WorkKind kind, const Op& op) {
  const Node& node = model_.nodes.at(node_);
  block().nodes.push_back({name + node.name, kind, node.part, op});
}

void RankBlock::stripe(ValueId made, const Reach& reach) {
  if (const auto* own = std::get_if<Striped>(&reach)) block().values.at(made).striped = *own;
}

ValueId RankBlock::beside(ValueId made, RowAxis rows) {
  Value value = block().values.at(made);
  value.rows = rows;
  return add_value(value);
}

void RankBlock::exchange(Collective collective, const Ranks& ranks, ValueId in, ValueId out) {
  append_beside(name_of(collective), WorkKind::communication,
                Exchange{collective, rank_.deployment.algorithm, ranks, in, out});
}

void RankBlock::finish() {
  block().output = whole(model_.output);
  if (model_.kind == BlockKind::input && model_.per_layer_input) {
    block().per_layer_input = whole(*model_.per_layer_input);
  }
  first_of_node_.push_back(block().nodes.size());
  for (const FormNodes& form : model_.forms) {
    block().forms.push_back(
        {form.form, first_of_node_.at(form.first), first_of_node_.at(form.last)});
  }
}

void RankBlock::refuse(const std::string& why) const {
  std::string where = "'" + model_.name + "'";
  if (node_ < model_.nodes.size()) where += ", " + model_.nodes[node_].name;
  throw CannotShard(where + ": " + why + " (" + text_of(rank_.deployment) + ")");
}

}  // namespace llmarch
