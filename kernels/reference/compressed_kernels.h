// The operations of compressed attention: how entries are made of groups of positions, and
// attention over them and the newest positions.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "kernels/reference/arithmetic.h"
#include "kernels/reference/attention_kernels.h"
#include "kernels/reference/step.h"

namespace llmarch::reference {

// What is read for one part of the entries.
template <class Scalar>
struct PartReader {
  PartReader(BlockRun<Scalar>& step, const CompressedPart& part)
      : values(step.cache(part.values)),
        gates(step.cache(part.gates)),
        bias(step.weight(part.bias)) {}
  CacheReader<Scalar> values, gates;
  WeightReader bias;
};

// The positions of one group, as far as an entry is made of them: for each its values, and gates
// with their bias.
template <class Scalar>
struct Slots {
  std::vector<std::span<const Scalar>> values;
  std::vector<std::vector<Scalar>> gates;

  void add(PartReader<Scalar>& part, std::size_t sequence, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(part.values.row(sequence, first + i));
      const auto gate = part.gates.row(sequence, first + i);
      const auto bias = part.bias.row(0, i);
      gates.emplace_back(gate.begin(), gate.end());
      for (std::size_t c = 0; c < gate.size(); ++c) gates.back()[c] += Scalar(bias[c]);
    }
  }
};

// The mean of the values, column by column, with weights that are a softmax of the gates.
template <class Scalar>
std::vector<Scalar> weighted_mean(const Slots<Scalar>& slots) {
  std::vector<Scalar> mean(slots.values.front().size(), Scalar(0.0));
  std::vector<Scalar> weights(slots.values.size());
  for (std::size_t c = 0; c < mean.size(); ++c) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = slots.gates[i][c];
    softmax(std::span(weights));
    for (std::size_t i = 0; i < weights.size(); ++i) mean[c] += weights[i] * slots.values[i][c];
  }
  return mean;
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const Compress& op) {
  const std::size_t each = size(op.positions);
  const std::size_t first = step.past() / each;
  const std::size_t last = (step.past() + step.tokens()) / each;
  if (first == last) return;
  const RotaryTable table = rotary_table(op.rotary, op.turned, sequence_length(*step.workload));
  PartReader<Scalar> own(step, op.own);
  std::optional<PartReader<Scalar>> before;
  if (op.before) before.emplace(step, *op.before);
  const auto norm = step.weight(op.norm).row(0);
  LayerCache<Scalar>& entries = step.caches->of(op.entries, step.layer);
  const StorageFormat& format = step.graph->cache(op.entries).format;
  for (std::size_t sequence = 0; sequence < step.batch(); ++sequence) {
    for (std::size_t entry = first; entry < last; ++entry) {
      Slots<Scalar> slots;
      if (before && entry > 0) slots.add(*before, sequence, (entry - 1) * each, each);
      slots.add(own, sequence, entry * each, each);
      const std::vector<Scalar> mean = weighted_mean(slots);
      std::vector<Scalar> made(mean.size());
      normalize_rms(std::span<const Scalar>(mean), norm, op.epsilon, std::span(made));
      rotate_pairs(std::span(made).last(size(op.turned)), table, op.rotary.layout,
                   {static_cast<double>(entry * each), RotationSense::forward});
      entries.append(sequence, made);
      step.ledger->current().cache_written += llmarch::Elements(std::ssize(made));
      step.ledger->current().cache_bytes_written += bytes_of_single_row(made.size(), format);
    }
  }
}

template <class Scalar>
void run(BlockRun<Scalar>& step, const AttendShared& op) {
  auto query = step.read(op.query);
  auto recent = cache_within(step, op.recent, op.window, 1);
  std::optional<CacheReader<Scalar>> entries;
  if (op.entries) entries.emplace(cache_within(step, op.entries->cache, op.entries->reach, 1));
  const auto sinks = step.weight(op.sinks).row(0);
  auto out = step.write(op.out);
  const std::size_t width = size(op.head_dim);
  for (std::size_t r = 0; r < query.rows(); ++r) {
    const std::size_t sequence = step.place(r).sequence;
    std::vector<std::span<const Scalar>> attended;
    for (const std::size_t key : attended_keys(step, op.window, r, 0)) {
      attended.push_back(recent.row(sequence, key));
    }
    if (op.entries) {
      for (const std::size_t entry : attended_keys(step, op.entries->reach, r, 0)) {
        attended.push_back(entries->row(sequence, entry));
      }
    }
    std::vector<std::size_t> all(attended.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto value = [&](std::size_t i) { return attended[i]; };
    for (std::size_t head = 0; head < size(op.heads); ++head) {
      const auto q = part(query.row(r), head, width);
      const auto score = [&](std::size_t i) { return Scalar(op.scale) * dot(q, attended[i]); };
      attend(all, score, value, part(out.row(r), head, width), std::optional(Scalar(sinks[head])));
    }
  }
}

}  // namespace llmarch::reference
