// Which keys an index chooses for each query: scores of all cached index keys, and the best blocks
// of them. The mathematics is that of kernels/reference/choice_kernels.h, in float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/fast/cache.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"

namespace llmarch::fast {

struct IndexShape {
  std::size_t groups;  // each chooses for itself
  std::size_t heads;   // index queries of a group
  std::size_t head_dim;
  std::size_t block;          // keys of a block
  std::size_t blocks;         // that are chosen, at most
  std::size_t positions = 1;  // that a key stands for; a query sees those that are whole
  // How many keys the query at `position` sees.
  [[nodiscard]] std::size_t visible(std::size_t position) const {
    return (position + 1) / positions;
  }
};

// For each row and group the chosen blocks, ascending.
struct KeyChoice {
  std::size_t groups = 0, block = 1;
  std::vector<std::vector<std::uint32_t>> blocks;  // (rows, groups)

  // The keys of the chosen blocks up to `position`, ascending.
  [[nodiscard]] std::vector<std::uint32_t> keys(std::size_t row, std::size_t group,
                                                std::size_t position) const;
};

// How much the loops went over.
struct Scored {
  std::int64_t pairs = 0;  // (query row, key), each for all groups and heads
  std::int64_t keys = 0;   // positions read, summed over the sequences
};

// queries (rows, groups * heads * head_dim); weights (rows, heads), or without rows where a score
// is the product itself. The step's own positions are stored in `keys` already. Throws
// std::invalid_argument when sizes do not agree.
Scored choose_keys(Team& team, const IndexShape& shape, ConstRows queries, ConstRows weights,
                   const Places& places, const Cache& keys, KeyChoice& choice);

}  // namespace llmarch::fast
