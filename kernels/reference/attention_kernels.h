// The attention operations: which query attends to which key, head by head. Causality is a loop
// bound here (`position < count`), not a mask.
#pragma once

#include <cmath>
#include <tuple>
#include <vector>

#include "kernels/reference/alibi.h"
#include "kernels/reference/arithmetic.h"
#include "kernels/reference/kept.h"
#include "kernels/reference/rotary_table.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// Where elements are rotated to, and which way.
struct RotationTo {
  double position;
  RotationSense sense;
};

// Turns the pairs of some elements of a head.
template <class Scalar>
void rotate_pairs(std::span<Scalar> elements, const RotaryTable& table, RotaryLayout layout,
                  const RotationTo& to) {
  const std::size_t half = elements.size() / 2;
  const bool neighbours = layout == RotaryLayout::interleaved;
  const double sign = to.sense == RotationSense::back ? -1 : 1;
  for (std::size_t i = 0; i < table.frequencies.size(); ++i) {
    const double angle = to.position * table.frequencies[i];
    Scalar& x = elements[neighbours ? 2 * i : i];
    Scalar& y = elements[neighbours ? 2 * i + 1 : i + half];
    std::tie(x, y) =
        turned(x, y, table.factor * std::cos(angle), sign * table.factor * std::sin(angle));
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Rotate& op) {
  const RotaryTable table = rotary_table(op.rotary, op.dim, sequence_length(*step.workload));
  auto in = step.read(op.in);
  auto out = step.write(op.out);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto source = in.row(r);
    const auto target = out.row(r);
    std::copy(source.begin(), source.end(), target.begin());
    const auto position = static_cast<double>(step.place(r).position);
    const std::size_t width = source.size() / size(op.heads);
    for (std::size_t head = 0; head < size(op.heads); ++head) {
      rotate_pairs(target.subspan(head * width + size(op.offset), size(op.dim) / 2 * 2), table,
                   op.rotary.layout, {position, op.sense});
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Store& op) {
  auto in = step.read(op.in);
  LayerCache<Scalar>& cache = step.caches->of(op.cache, step.layer);
  const StorageFormat& format = step.graph->cache(op.cache).format;
  const auto* growing = std::get_if<Growing>(&step.graph->cache(op.cache).state);
  const auto* own = growing == nullptr ? nullptr : std::get_if<Striped>(&growing->reach);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    const auto row = in.row(r);
    if (own != nullptr && !is_own(*own, step.place(r).position)) continue;
    cache.append(step.place(r).sequence, kept_in(format, row));
    step.ledger->current().cache_written += llmarch::Elements(std::ssize(row));
    step.ledger->current().cache_bytes_written += bytes_of_single_row(row.size(), format);
  }
}

// The keys, or entries, that one group of heads of the query in row r attends to. Keys that are a
// rank's own are counted as entries are: the first of them is 0.
template <class Scalar>
std::vector<std::size_t> attended_keys(const BlockRun<Scalar>& step, const Reach& reach,
                                       std::size_t r, std::size_t group) {
  const std::size_t position = step.place(r).position;
  std::vector<std::size_t> keys;
  const auto add = [&](std::size_t first, std::size_t last) {
    for (std::size_t key = first; key <= last; ++key) keys.push_back(key);
  };
  const auto* entries = std::get_if<Entries>(&reach);
  if (entries != nullptr && entries->chosen) {
    return step.choice->blocks.at(r * step.choice->groups + group);
  }
  if (entries != nullptr || std::holds_alternative<Striped>(reach)) {
    for (std::size_t entry = 0; entry < visible(reach, position); ++entry) keys.push_back(entry);
    return keys;
  }
  const auto* chosen = std::get_if<ChosenKeys>(&reach);
  if (chosen == nullptr) {
    add(first_key(reach, position), position);
    return keys;
  }
  const std::size_t width = size(chosen->size);
  for (const std::size_t block : step.choice->blocks.at(r * step.choice->groups + group)) {
    add(block * width, std::min((block + 1) * width - 1, position));
  }
  return keys;
}

// The position of what attended_keys counts as a key.
inline std::size_t position_of(const Reach& reach, std::size_t key) {
  const auto* own = std::get_if<Striped>(&reach);
  return own == nullptr ? key : size(own->first) + key * size(own->every);
}

// A cache for a reach: where several queries choose, the step reads all of it.
template <class Scalar>
CacheReader<Scalar> cache_within(BlockRun<Scalar>& step, CacheId id, const Reach& reach,
                                 std::size_t heads) {
  CacheReader<Scalar> cache = step.cache(id, heads);
  if (is_chosen(reach) && step.tokens() > 1) cache.read_all();
  return cache;
}

// One head of one query: scores, softmax and weighted sum over the keys.
template <class Scalar, class Score, class ValueOf>
SoftmaxSum<Scalar> attend(std::span<const std::size_t> keys, const Score& score,
                          const ValueOf& value, std::span<Scalar> sum,
                          std::optional<Scalar> sink = std::nullopt) {
  std::vector<Scalar> scores;
  for (const std::size_t key : keys) scores.push_back(score(key));
  const SoftmaxSum<Scalar> of_scores = softmax(std::span(scores), sink);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    accumulate_product(scores[i], value(keys[i]), sum);
  }
  return of_scores;
}

// The log-sums of an attention, where it has any.
template <class Scalar>
class LogSums {
 public:
  LogSums(BlockRun<Scalar>& step, const std::optional<ValueId>& value) {
    if (value) out_.emplace(step.write(*value));
  }
  void set(std::size_t row, std::size_t head, const SoftmaxSum<Scalar>& of_scores) {
    if (out_) out_->row(row)[head] = of_scores.largest + logarithm(of_scores.sum);
  }

 private:
  std::optional<RowWriter<Scalar>> out_;
};

// What the scores of one query head depend on besides its products with keys.
struct QueryHead {
  std::size_t position;
  double slope, growth;
};

// The score of a product of a query and the key at a position.
template <class Scalar>
Scalar scored(const Attend& op, Scalar product, const QueryHead& query, std::size_t key) {
  Scalar s = Scalar(op.scale) * product;
  if (op.alibi) s = s - Scalar(query.slope) * Scalar(static_cast<double>(query.position - key));
  if (op.soft_cap) s = soft_capped(s, *op.soft_cap);
  return op.growth_length ? Scalar(query.growth) * s : s;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Attend& op) {
  auto query = step.read(op.query);
  auto keys = cache_within(step, op.keys, op.reach, size(op.kv_heads));
  auto values = cache_within(step, op.values, op.reach, size(op.kv_heads));
  std::span<const float> sinks;
  if (op.sinks) sinks = step.weight(*op.sinks).row(0);
  auto out = step.write(op.out);
  LogSums<Scalar> log_sums(step, op.log_sums);
  const std::size_t width = size(op.head_dim);
  const std::size_t value_width = size(op.value_width());
  const std::size_t sharing = size(op.query_heads / op.kv_heads);
  for (std::size_t r = 0; r < query.rows(); ++r) {
    const RowPlace place = step.place(r);
    const double growth = score_growth_at(op.growth_length, static_cast<double>(place.position));
    for (std::size_t head = 0; head < size(op.query_heads); ++head) {
      const auto q = part(query.row(r), head, width);
      const std::size_t kv_head = head / sharing;
      const Share heads = op.share.value_or(Share{0, op.query_heads});
      const double slope =
          alibi_slope(size(heads.first) + head, size(heads.all)) * op.alibi.value_or(0);
      const auto score = [&](std::size_t key) {
        return scored(op, dot(q, keys.row(place.sequence, key, kv_head)),
                      {place.position, slope, growth}, position_of(op.reach, key));
      };
      const auto value = [&](std::size_t key) { return values.row(place.sequence, key, kv_head); };
      std::optional<Scalar> sink;
      if (op.sinks) sink = Scalar(sinks[head]);
      log_sums.set(r, head,
                   attend(attended_keys(step, op.reach, r, kv_head), score, value,
                          part(out.row(r), head, value_width), sink));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AbsorbQuery& op) {
  auto query = step.read(op.query);
  auto key_up = step.weight(op.key_up);
  auto out = step.write(op.out);
  const std::size_t nope = size(op.shape.nope_dim);
  const std::size_t latent = size(op.shape.latent_dim);
  const std::size_t width = nope + size(op.shape.rope_dim);
  for (std::size_t r = 0; r < query.rows(); ++r) {
    for (std::size_t head = 0; head < size(op.shape.heads); ++head) {
      const auto q = part(query.row(r), head, width);
      const auto absorbed = part(out.row(r), head, latent);
      for (std::size_t i = 0; i < nope; ++i) {
        accumulate_product(q[i], key_up.row(head * nope + i), absorbed);
      }
    }
  }
}

// The dot product of the joined vectors, latent part and rotated part, and so a single sum.
template <class Scalar>
Scalar joined_dot(std::span<const Scalar> q, std::span<const Scalar> key,
                  std::span<const Scalar> q_rope, std::span<const Scalar> rope_key) {
  [[maybe_unused]] const MatrixProduct<Scalar> product;
  Scalar sum = 0.0;
  for (std::size_t i = 0; i < q.size(); ++i) sum += q[i] * key[i];
  for (std::size_t i = 0; i < q_rope.size(); ++i) sum += q_rope[i] * rope_key[i];
  return sum;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AttendLatent& op) {
  auto absorbed = step.read(op.absorbed);
  auto query = step.read(op.query);
  auto latents = cache_within(step, op.latents, op.reach, 1);
  auto rope_keys = cache_within(step, op.rope_keys, op.reach, 1);
  auto out = step.write(op.out);
  LogSums<Scalar> log_sums(step, op.log_sums);
  const std::size_t latent = size(op.shape.latent_dim);
  const std::size_t nope = size(op.shape.nope_dim);
  const std::size_t width = nope + size(op.shape.rope_dim);
  const Scalar scale = op.scale;
  for (std::size_t r = 0; r < query.rows(); ++r) {
    const RowPlace place = step.place(r);
    const auto value = [&](std::size_t key) { return latents.row(place.sequence, key); };
    const std::vector<std::size_t> attended = attended_keys(step, op.reach, r, 0);
    for (std::size_t head = 0; head < size(op.shape.heads); ++head) {
      const auto q = part(absorbed.row(r), head, latent);
      const auto q_rope = part(query.row(r), head, width).subspan(nope);
      const auto score = [&](std::size_t key) {
        return scale * joined_dot(q, value(key), q_rope, rope_keys.row(place.sequence, key));
      };
      log_sums.set(r, head, attend(attended, score, value, part(out.row(r), head, latent)));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ExpandAttended& op) {
  auto in = step.read(op.in);
  auto value_up = step.weight(op.value_up);
  auto out = step.write(op.out);
  const std::size_t latent = size(op.shape.latent_dim);
  const std::size_t width = size(op.shape.value_dim);
  for (std::size_t r = 0; r < in.rows(); ++r) {
    for (std::size_t i = 0; i < size(op.shape.heads) * width; ++i) {
      out.row(r)[i] = dot(part(in.row(r), i / width, latent), value_up.row(i));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const ExpandLatents& op) {
  auto latents = step.cache(op.latents);
  auto key_up = step.weight(op.key_up);
  auto value_up = step.weight(op.value_up);
  auto keys = step.write(op.keys);
  auto values = step.write(op.values);
  const std::size_t positions = keys.rows() / step.batch();
  for (std::size_t r = 0; r < keys.rows(); ++r) {
    const auto latent = latents.row(r / positions, r % positions);
    for (std::size_t i = 0; i < key_up.rows(); ++i) keys.row(r)[i] = dot(latent, key_up.row(i));
    for (std::size_t i = 0; i < value_up.rows(); ++i) {
      values.row(r)[i] = dot(latent, value_up.row(i));
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AttendExpanded& op) {
  auto query = step.read(op.query);
  auto keys = step.read(op.keys);
  auto values = step.read(op.values);
  // What is expanded is read row by row, chosen or not.
  for (std::size_t r = 0; r < keys.rows(); ++r) {
    (void)keys.row(r);
    (void)values.row(r);
  }
  auto rope_keys = cache_within(step, op.rope_keys, op.reach, 1);
  auto out = step.write(op.out);
  LogSums<Scalar> log_sums(step, op.log_sums);
  const std::size_t nope = size(op.shape.nope_dim);
  const std::size_t width = nope + size(op.shape.rope_dim);
  const std::size_t value_width = size(op.shape.value_dim);
  const std::size_t positions = keys.rows() / step.batch();
  const Scalar scale = op.scale;
  for (std::size_t r = 0; r < query.rows(); ++r) {
    const RowPlace place = step.place(r);
    const std::size_t first_key = place.sequence * positions;
    const std::vector<std::size_t> attended = attended_keys(step, op.reach, r, 0);
    for (std::size_t head = 0; head < size(op.shape.heads); ++head) {
      const auto q = part(query.row(r), head, width);
      const auto score = [&](std::size_t key) {
        return scale * joined_dot(q.first(nope), part(keys.row(first_key + key), head, nope),
                                  q.subspan(nope), rope_keys.row(place.sequence, key));
      };
      const auto value = [&](std::size_t key) {
        return part(values.row(first_key + key), head, value_width);
      };
      log_sums.set(r, head, attend(attended, score, value, part(out.row(r), head, value_width)));
    }
  }
}

}  // namespace llmarch::reference
