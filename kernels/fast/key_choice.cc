#include "kernels/fast/key_choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace llmarch::fast {
namespace {

// Rows whose scores are held at a time: a key is read once for all of them.
constexpr std::size_t kRowsAtOnce = 32;
constexpr std::size_t kLanes = 16;
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kAboveAll = std::numeric_limits<float>::infinity();

// As many sums side by side as a compiler can keep in vector registers.
float dot(const float* left, const float* right, std::size_t count) {
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += left[i + lane] * right[i + lane];
    }
  }
  float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
  for (; i < count; ++i) sum += left[i] * right[i];
  return sum;
}

float score(const IndexShape& shape, const float* queries, const float* key, const float* weights) {
  if (weights == nullptr) return dot(queries, key, shape.head_dim);
  float sum = 0;
  for (std::size_t head = 0; head < shape.heads; ++head) {
    const float product = dot(queries + head * shape.head_dim, key, shape.head_dim);
    sum += weights[head] * (product < 0 ? 0.0F : product);
  }
  return sum;
}

// The largest score of each block. A NaN counts as the largest number. Where blocks are of several
// keys, the query's own is above all others, whatever those are.
std::vector<float> block_scores(std::span<const float> scores, std::size_t block) {
  std::vector<float> blocks((scores.size() + block - 1) / block, -kAboveAll);
  for (std::size_t key = 0; key < scores.size(); ++key) {
    float one = scores[key];
    if (std::isnan(one)) one = kLargest;
    blocks[key / block] = std::max(blocks[key / block], std::min(one, kLargest));
  }
  if (block > 1) blocks.back() = kAboveAll;
  return blocks;
}

// The indices of the `count` largest, ascending; on a tie, the lower index wins.
std::vector<std::uint32_t> best(std::span<const float> scores, std::size_t count) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  if (count >= order.size()) return order;
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(order.begin(), middle, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.erase(middle, order.end());
  std::sort(order.begin(), order.end());
  return order;
}

// Some rows of one sequence, and the scores that they give: (rows, groups, positions).
struct Scores {
  const IndexShape& shape;
  std::size_t first, rows, positions;
  std::vector<float> all;
  [[nodiscard]] float* of(std::size_t row, std::size_t group) {
    return all.data() + (row * shape.groups + group) * positions;
  }
};

void score_keys(Team& team, ConstRows queries, ConstRows weights, const Places& places,
                const Cache& keys, Scores& scores) {
  const IndexShape& shape = scores.shape;
  const std::size_t sequence = places.sequence(scores.first);
  team.run([&](std::size_t thread) {
    std::vector<float> key(shape.head_dim);
    const Share share = share_of(scores.positions, thread, team.size());
    for (std::size_t position = share.first; position < share.last; ++position) {
      keys.read(sequence, 0, position, key);
      for (std::size_t row = 0; row < scores.rows; ++row) {
        const std::size_t at = scores.first + row;
        if (shape.visible(places.position(at)) <= position) continue;
        const float* weight = weights.rows == 0 ? nullptr : weights.row(at);
        for (std::size_t group = 0; group < shape.groups; ++group) {
          const float* query = queries.row(at) + group * shape.heads * shape.head_dim;
          scores.of(row, group)[position] = score(shape, query, key.data(), weight);
        }
      }
    }
  });
}

void choose_blocks(Team& team, const Places& places, Scores& scores, KeyChoice& choice) {
  const IndexShape& shape = scores.shape;
  team.run([&](std::size_t thread) {
    const Share share = share_of(scores.rows * shape.groups, thread, team.size());
    for (std::size_t i = share.first; i < share.last; ++i) {
      const std::size_t row = i / shape.groups;
      const std::size_t group = i % shape.groups;
      const std::size_t visible = shape.visible(places.position(scores.first + row));
      choice.blocks[(scores.first + row) * shape.groups + group] =
          best(block_scores({scores.of(row, group), visible}, shape.block), shape.blocks);
    }
  });
}

}  // namespace

std::vector<std::uint32_t> KeyChoice::keys(std::size_t row, std::size_t group,
                                           std::size_t position) const {
  std::vector<std::uint32_t> keys;
  for (const std::uint32_t number : blocks.at(row * groups + group)) {
    const std::size_t end = std::min((number + 1) * block, position + 1);
    for (std::size_t key = number * block; key < end; ++key) {
      keys.push_back(static_cast<std::uint32_t>(key));
    }
  }
  return keys;
}

Scored choose_keys(Team& team, const IndexShape& shape, ConstRows queries, ConstRows weights,
                   const Places& places, const Cache& keys, KeyChoice& choice) {
  const bool weighted = weights.rows > 0;
  if (queries.rows != places.rows() ||
      queries.columns != shape.groups * shape.heads * shape.head_dim ||
      keys.shape().width != shape.head_dim || keys.shape().heads != 1 ||
      (weighted && (weights.rows != queries.rows || weights.columns != shape.heads)) ||
      (!weighted && shape.heads != 1)) {
    throw std::invalid_argument("choose_keys: sizes that do not agree");
  }
  choice = {shape.groups, shape.block, {}};
  choice.blocks.resize(places.rows() * shape.groups);
  Scored scored;
  for (std::size_t first = 0; first < places.rows();) {
    const std::size_t left = places.tokens - first % places.tokens;  // of its sequence
    const std::size_t rows = std::min(kRowsAtOnce, left);
    const std::size_t positions = shape.visible(places.position(first + rows - 1));
    Scores scores{shape, first, rows, positions, {}};
    scores.all.resize(rows * shape.groups * positions);
    score_keys(team, queries, weights, places, keys, scores);
    choose_blocks(team, places, scores, choice);
    for (std::size_t row = 0; row < rows; ++row) {
      scored.pairs += static_cast<std::int64_t>(shape.visible(places.position(first + row)));
    }
    if (rows == left) scored.keys += static_cast<std::int64_t>(positions);
    first += rows;
  }
  return scored;
}

}  // namespace llmarch::fast
