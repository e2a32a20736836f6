// The choice of keys: the scores of an index, and the blocks of keys with the largest.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// The score of a key: its product with the index query, or the weighted sum of its products with
// several of them, each only where it is above 0.
template <class Scalar>
Scalar index_score(std::span<const Scalar> queries, std::span<const Scalar> key,
                   std::span<const Scalar> weights) {
  if (weights.empty()) return dot(queries, key);
  std::vector<Scalar> products;
  for (std::size_t head = 0; head < weights.size(); ++head) {
    products.push_back(relu(dot(part(queries, head, key.size()), key)));
  }
  return dot(weights, std::span<const Scalar>(products));
}

// The largest score of each block. A NaN counts as the largest number, so that it is chosen and
// reaches the result. Where blocks are of several keys, the query's own is above all others,
// whatever those are.
inline std::vector<double> block_scores(std::span<const double> scores, std::size_t block) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  constexpr double kAboveAll = std::numeric_limits<double>::infinity();
  std::vector<double> blocks((scores.size() + block - 1) / block, -kAboveAll);
  for (std::size_t key = 0; key < scores.size(); ++key) {
    double score = scores[key];
    if (std::isnan(score)) score = kLargest;
    blocks[key / block] = std::max(blocks[key / block], std::min(score, kLargest));
  }
  if (block > 1) blocks.back() = kAboveAll;
  return blocks;
}

// The indices of the `count` largest scores, ascending; on a tie, the lower index wins.
inline std::vector<std::size_t> best(const std::vector<double>& scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ChooseKeys& op) {
  auto query = step.read(op.query);
  auto keys = step.cache(op.keys);
  std::optional<RowReader<Scalar>> weights;
  if (op.weights) weights = step.read(*op.weights);
  const std::size_t width = size(op.heads * op.head_dim);
  KeyChoice& choice = *step.choice;
  choice = {size(op.groups), {}};
  for (std::size_t r = 0; r < query.rows(); ++r) {
    const RowPlace place = step.place(r);
    const auto weight = weights ? weights->row(r) : std::span<const Scalar>();
    for (std::size_t group = 0; group < choice.groups; ++group) {
      const auto q = part(query.row(r), group, width);
      std::vector<double> scores;
      for (std::size_t key = 0; key < visible(op.scored, place.position); ++key) {
        scores.push_back(plain(index_score(q, keys.row(place.sequence, key), weight)));
      }
      choice.blocks.push_back(
          best(block_scores(scores, size(op.chosen.size)), size(op.chosen.blocks)));
    }
  }
}

}  // namespace llmarch::reference
