// What all ranks of a deployment hold of a model's weights, and what is missing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/graph/shard.h"

namespace llmarch {

struct AllRanks {
  // Throws CannotShard.
  AllRanks(const OpGraph& of_model, const Deployment& of_deployment);

  const OpGraph& model;
  Deployment deployment;
  std::vector<Shard> shards;
};

// A part of a weight, by its place among the rows, columns, copies and layers of the whole, without
// padding.
struct Box {
  std::vector<std::int64_t> first, end;
  friend auto operator<=>(const Box&, const Box&) = default;
  [[nodiscard]] std::int64_t elements() const;
};

// For each weight its parts, and on how many ranks each is.
std::map<WeightId, std::map<Box, std::int64_t>> boxes_of(const AllRanks& ranks);

// The first weight whose parts do not add up to the whole; empty if there is none. Parts of a
// weight lie on a grid, so they are apart if their sum is the whole.
std::string missing_in(const AllRanks& ranks);

}  // namespace llmarch
