#include "tests/ranks/coverage.h"

#include <algorithm>

namespace llmarch {
namespace {

Box box_of(const OpGraph& model, const Shard& shard, WeightId id) {
  const Weight& part = shard.graph.weight(id);
  const WeightPart& where = shard.weights.at(id);
  const Weight& whole = model.weight(where.whole);
  Box box;
  const auto add = [&](Integer first, Integer extent, Integer most) {
    box.first.push_back(std::min(first, most).value());
    box.end.push_back(std::min(first + extent, most).value());
  };
  add(where.first_row, part.rows, whole.rows);
  add(where.first_column, part.columns, whole.columns);
  add(where.first_copy, part.copies, whole.copies);
  const auto layer = static_cast<std::int64_t>(where.first_layer);
  add(layer, shard.graph.instances(part), model.instances(whole));
  return box;
}

}  // namespace

AllRanks::AllRanks(const OpGraph& of_model, const Deployment& of_deployment)
    : model(of_model), deployment(of_deployment) {
  for (Integer rank = 0; rank < deployment.ranks(); rank += 1) {
    shards.push_back(shard(model, deployment, rank));
  }
}

std::int64_t Box::elements() const {
  std::int64_t product = 1;
  for (std::size_t i = 0; i < first.size(); ++i) product *= end[i] - first[i];
  return product;
}

std::map<WeightId, std::map<Box, std::int64_t>> boxes_of(const AllRanks& ranks) {
  std::map<WeightId, std::map<Box, std::int64_t>> boxes;
  for (const Shard& each : ranks.shards) {
    for (WeightId id = 0; id < each.graph.weights.size(); ++id) {
      const Box box = box_of(ranks.model, each, id);
      if (box.elements() > 0) boxes[each.weights[id].whole][box] += 1;
    }
  }
  return boxes;
}

std::string missing_in(const AllRanks& ranks) {
  const auto boxes = boxes_of(ranks);
  for (WeightId id = 0; id < ranks.model.weights.size(); ++id) {
    const Weight& weight = ranks.model.weight(id);
    const Integer whole = weight.elements().amount() * ranks.model.instances(weight);
    Integer sum;
    const auto parts = boxes.find(id);
    if (parts != boxes.end()) {
      for (const auto& [box, count] : parts->second) sum += box.elements();
    }
    if (sum == whole) continue;
    return std::to_string(sum.value()) + " of " + std::to_string(whole.value()) + " elements of '" +
           std::string(name_of(weight.role)) + "'";
  }
  return "";
}

}  // namespace llmarch
