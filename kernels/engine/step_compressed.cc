// Compressed attention: entries that are made of groups of positions, and attention over them and
// the newest positions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/engine/held_caches.h"
#include "kernels/engine/step.h"
#include "kernels/engine/step_choice.h"
#include "kernels/fast/attention.h"
#include "kernels/fast/first_key.h"
#include "kernels/reference/attention_kernels.h"
#include "kernels/reference/rotary_table.h"

namespace llmarch::fast {
namespace {

// What one part of an entry is made of: the positions from `first` on, and the bias of each place
// in their group.
struct PartOfEntry {
  const Cache& values;
  const Cache& gates;
  std::span<const float> bias;
  std::size_t first;
};

// The mean of values whose weights are a softmax, column by column, as positions are added to it:
// sums are kept relative to the largest gate so far.
class RunningMean {
 public:
  explicit RunningMean(std::size_t columns)
      : largest_(columns, -std::numeric_limits<float>::infinity()),
        weights_(columns, 0.0F),
        sums_(columns, 0.0F),
        value_(columns),
        gate_(columns) {}

  void add(const PartOfEntry& part, std::size_t sequence, std::size_t count) {
    const std::size_t columns = value_.size();
    for (std::size_t i = 0; i < count; ++i) {
      part.values.read(sequence, 0, part.first + i, value_);
      part.gates.read(sequence, 0, part.first + i, gate_);
      for (std::size_t c = 0; c < columns; ++c) {
        add(c, gate_[c] + part.bias[i * columns + c], value_[c]);
      }
    }
  }
  [[nodiscard]] float mean(std::size_t column) const { return sums_[column] / weights_[column]; }

 private:
  void add(std::size_t c, float gate, float value) {
    const float largest = std::max(largest_[c], gate);
    const float before = std::exp(largest_[c] - largest);
    const float weight = std::exp(gate - largest);
    weights_[c] = weights_[c] * before + weight;
    sums_[c] = sums_[c] * before + weight * value;
    largest_[c] = largest;
  }

  std::vector<float> largest_, weights_, sums_, value_, gate_;
};

void normalize_entry(std::span<float> entry, std::span<const float> weight, double epsilon) {
  double squares = 0;
  for (const float x : entry) squares += static_cast<double>(x) * x;
  const double inverse = 1 / std::sqrt(squares / static_cast<double>(entry.size()) + epsilon);
  for (std::size_t i = 0; i < entry.size(); ++i) {
    entry[i] = static_cast<float>(entry[i] * inverse) * weight[i];
  }
}

void rotate_entry(std::span<float> elements, const RotaryTable& table, RotaryLayout layout,
                  double position) {
  std::vector<double> turned(elements.begin(), elements.end());
  reference::rotate_pairs(std::span(turned), table, layout, {position, RotationSense::forward});
  std::ranges::transform(turned, elements.begin(), [](double x) { return static_cast<float>(x); });
}

// The caches and the biases of all places of a part; the part of one entry begins at `first`.
PartOfEntry part_of_entry(Step& step, const CompressedPart& part, std::size_t first) {
  return {step.cache(part.values), step.cache(part.gates),
          step.weights.vector(part.bias, step.layer), first};
}

// The entries that the step makes: (sequences x count) rows.
struct MadeEntries {
  std::size_t first, count;  // of each sequence
  Rows rows;
};

void make_entry(Step& step, const Compress& op, const RotaryTable& table, const MadeEntries& made,
                std::size_t row) {
  const std::size_t each = size(op.positions);
  const std::size_t sequence = row / made.count;
  const std::size_t entry = made.first + row % made.count;
  RunningMean mean(made.rows.columns);
  if (op.before && entry > 0) {
    mean.add(part_of_entry(step, *op.before, (entry - 1) * each), sequence, each);
  }
  mean.add(part_of_entry(step, op.own, entry * each), sequence, each);
  const std::span<float> out(made.rows.row(row), made.rows.columns);
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = mean.mean(c);
  normalize_entry(out, step.vector(op.norm), op.epsilon);
  rotate_entry(out.last(size(op.turned)), table, op.rotary.layout,
               static_cast<double>(entry * each));
}

void count_part(Step& step, const CompressedPart& part, std::size_t positions) {
  const auto read = static_cast<std::int64_t>(positions);
  step.count_cache_read(part.values, read);
  step.count_cache_read(part.gates, read);
  const std::size_t copies = size(step.graph.weight(part.bias).copies);
  for (std::size_t copy = 0; copy < copies; ++copy) step.count_weight(part.bias, copy);
}

// The entries that the query in a row attends to.
std::vector<std::uint32_t> attended_entries(const Step& step, const Entries& reach,
                                            std::size_t row) {
  if (reach.chosen) return step.space.keys.blocks.at(row);
  std::vector<std::uint32_t> all((step.places.position(row) + 1) / size(reach.positions));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  return all;
}

// Room for the newest positions and as many entries as a query attends to at most.
CacheShape together_shape(const CacheShape& recent, const AttendShared& op, std::size_t entries) {
  const auto& reach = std::get<Entries>(op.entries->reach);
  CacheShape shape = recent;
  shape.sequences = 1;
  shape.positions = size(std::get<Window>(op.window).size) +
                    std::min(entries, reach.chosen ? size(*reach.chosen) : entries);
  return shape;
}

// How much attention went over: pairs of a query head and a key, and what was read of each cache.
struct SharedReads {
  std::int64_t pairs = 0, recent = 0, entries = 0;
};

// How many of each a query attends to.
struct Together {
  std::size_t newest, entries;
  [[nodiscard]] std::size_t count() const { return newest + entries; }
};

// Copies what one query attends to, its window and then its entries.
Together gather_together(Step& step, const AttendShared& op, std::size_t row, GatheredCache& to) {
  const Cache& recent = step.cache(op.recent);
  const Cache& entries = step.cache(op.entries->cache);
  const std::size_t sequence = step.places.sequence(row);
  const std::size_t position = step.places.position(row);
  const std::size_t first = fast::first_key(op.window, position);
  const auto chosen = attended_entries(step, std::get<Entries>(op.entries->reach), row);
  const Together together{position + 1 - first, chosen.size()};
  const std::size_t columns = recent.shape().width;
  const std::size_t count = together.count();
  to.floats.resize(count * columns);
  step.team.run([&](std::size_t thread) {
    const Share share = share_of(count, thread, step.team.size());
    for (std::size_t i = share.first; i < share.last; ++i) {
      const std::span<float> key(to.floats.data() + i * columns, columns);
      if (i < together.newest) {
        recent.read(sequence, 0, first + i, key);
      } else {
        entries.read(sequence, 0, chosen[i - together.newest], key);
      }
    }
  });
  to.cache.store(step.team, {to.floats.data(), count, columns, columns}, {1, count, 0});
  return together;
}

SharedShape shared_shape(const Step& step, const AttendShared& op, const Reach& reach) {
  return {size(op.heads), size(op.head_dim), static_cast<float>(op.scale), reach,
          step.vector(op.sinks)};
}

// Row by row over the newest positions and the entries that the row attends to.
SharedReads attend_together(Step& step, const AttendShared& op, ConstRows queries, Rows out) {
  const Places& places = step.places;
  const auto& reach = std::get<Entries>(op.entries->reach);
  const std::size_t end = places.past + places.tokens;
  const Cache& entries = step.cache(op.entries->cache);
  const CacheShape shape =
      together_shape(step.cache(op.recent).shape(), op, entries.shape().positions);
  GatheredCache& together = gathered_cache(step, shape, 0);
  SharedReads reads;
  for (std::size_t row = 0; row < places.rows(); ++row) {
    const Together attended = gather_together(step, op, row, together);
    const Attended one = attend_shared(step.team, shared_shape(step, op, EveryKey{}),
                                       {queries.row(row), 1, queries.columns, queries.stride},
                                       {1, 1, attended.count() - 1}, together.cache,
                                       {out.row(row), 1, out.columns, out.stride});
    reads.pairs += one.pairs;
    if (places.tokens == 1) reads.entries += static_cast<std::int64_t>(attended.entries);
  }
  const std::size_t of_each = end - fast::first_key(op.window, places.past);
  reads.recent = static_cast<std::int64_t>(places.sequences * of_each);
  // The queries of a sequence together may read every entry.
  if (places.tokens > 1) {
    reads.entries = static_cast<std::int64_t>(places.sequences * (end / size(reach.positions)));
  }
  return reads;
}

}  // namespace

Scratch ScratchOf::operator()(const Compress& op) const {
  return {sequences * (tokens / size(op.positions) + 1) * size(graph.cache(op.entries).columns), 0};
}

Scratch ScratchOf::operator()(const AttendShared& op) const {
  if (!op.entries) return {};
  const CacheFormat format = cache_format_of(graph.cache(op.recent));
  const CacheShape recent{CacheLayout::keys, format, 1, 1, size(op.head_dim), 1};
  const std::size_t entries = positions / size(std::get<Entries>(op.entries->reach).positions);
  const CacheShape shape = together_shape(recent, op, entries);
  return {0,
          HugeMemory::rounded(Cache::bytes(shape)) + shape.positions * shape.width * sizeof(float)};
}

void run(Step& step, const Compress& op) {
  const Places& places = step.places;
  const std::size_t each = size(op.positions);
  const std::size_t first = places.past / each;
  const std::size_t count = (places.past + places.tokens) / each - first;
  if (count == 0) return;
  const std::size_t columns = size(step.graph.cache(op.entries).columns);
  const std::size_t rows = places.sequences * count;
  const MadeEntries made{first, count, {step.scratch(rows * columns), rows, columns, columns}};
  const RotaryTable table = rotary_table(op.rotary, op.turned, sequence_length(step.workload));
  step.team.run([&](std::size_t thread) {
    const Share share = share_of(rows, thread, step.team.size());
    for (std::size_t row = share.first; row < share.last; ++row) {
      make_entry(step, op, table, made, row);
    }
  });
  step.cache(op.entries).store(step.team, made.rows, {places.sequences, count, first});
  const std::size_t later = first == 0 ? rows - places.sequences : rows;
  count_part(step, op.own, rows * each);
  if (op.before && later > 0) count_part(step, *op.before, later * each);
  step.count_weight(op.norm);
  step.count_cache_written(op.entries, made.rows);
  step.count_each(rows);
  if (op.before) step.count_elements(later);
}

void run(Step& step, const AttendShared& op) {
  const Rows queries = step.value(op.query);
  const Rows out = step.value(op.out);
  SharedReads reads;
  if (op.entries) {
    reads = attend_together(step, op, queries, out);
    step.count_cache_read(op.entries->cache, reads.entries);
  } else {
    const Attended attended = attend_shared(step.team, shared_shape(step, op, op.window), queries,
                                            step.places, step.cache(op.recent), out);
    reads = {attended.pairs, attended.keys, 0};
  }
  step.count_cache_read(op.recent, reads.recent);
  step.count_each(static_cast<std::size_t>(reads.pairs));
  step.count_elements(queries.rows * size(op.heads));
  step.count_weight(op.sinks);
  step.count_read(queries);
  step.count_written(out);
}

}  // namespace llmarch::fast
