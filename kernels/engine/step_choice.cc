#include "kernels/engine/step_choice.h"

#include <algorithm>

namespace llmarch::fast {
namespace {

CacheShape gathered_shape(const CacheShape& source, const ChosenKeys& chosen) {
  CacheShape shape = source;
  shape.format = cache_format(arithmetic_of(source.format));
  shape.sequences = 1;
  shape.positions = size(chosen.blocks * chosen.size);
  return shape;
}

// Copies what was chosen for a row, position after position.
void gather(Step& step, std::size_t row, const Cache& source, GatheredCache& to) {
  const KeyChoice& choice = step.space.keys;
  const CacheShape& shape = source.shape();
  const std::size_t sequence = step.places.sequence(row);
  std::vector<std::vector<std::uint32_t>> keys;
  for (std::size_t group = 0; group < choice.groups; ++group) {
    keys.push_back(choice.keys(row, group, step.places.position(row)));
  }
  const std::size_t count = keys.front().size();
  const std::size_t columns = shape.heads * shape.width;
  to.floats.resize(count * columns);
  step.team.run([&](std::size_t thread) {
    const Share share = share_of(count, thread, step.team.size());
    for (std::size_t i = share.first; i < share.last; ++i) {
      for (std::size_t head = 0; head < shape.heads; ++head) {
        const std::uint32_t key = keys[choice.groups == 1 ? 0 : head][i];
        source.read(sequence, head, key,
                    {to.floats.data() + i * columns + head * shape.width, shape.width});
      }
    }
  });
  to.cache.store(step.team, {to.floats.data(), count, columns, columns}, {1, count, 0});
}

}  // namespace

GatheredCache& gathered_cache(Step& step, const CacheShape& shape, std::size_t place) {
  std::unique_ptr<GatheredCache>& cache = step.space.gathered.at(place);
  if (!cache || cache->cache.shape() != shape) {
    cache.reset();
    cache = std::make_unique<GatheredCache>(shape);
  }
  return *cache;
}

Attended attend_within(Step& step, const Reach& reach, const Cache& first, const Cache& second,
                       const AttendRows& attend) {
  const Places& places = step.places;
  const auto* chosen = std::get_if<ChosenKeys>(&reach);
  if (chosen == nullptr) return attend({0, places.rows()}, places, first, second);
  GatheredCache& some = gathered_cache(step, gathered_shape(first.shape(), *chosen), 0);
  GatheredCache& others = gathered_cache(step, gathered_shape(second.shape(), *chosen), 1);
  Attended sum;
  for (std::size_t row = 0; row < places.rows(); ++row) {
    gather(step, row, first, some);
    gather(step, row, second, others);
    const std::size_t count = some.floats.size() / (first.shape().heads * first.shape().width);
    const Attended one = attend({row, row + 1}, {1, 1, count - 1}, some.cache, others.cache);
    sum.pairs += one.pairs;
    sum.keys += one.keys;
  }
  // Each query reads the entries chosen for it, and the queries of a sequence together may read
  // all.
  if (places.tokens > 1) {
    sum.keys = static_cast<std::int64_t>(places.sequences * (places.past + places.tokens));
  }
  return sum;
}

Reach given_reach(const Reach& reach) {
  return std::holds_alternative<ChosenKeys>(reach) ? Reach(EveryKey{}) : reach;
}

std::size_t gathered_bytes(const Reach& reach, CacheLayout layout, CacheFormat format,
                           Integer heads, Integer columns) {
  const auto* chosen = std::get_if<ChosenKeys>(&reach);
  if (chosen == nullptr) return 0;
  const CacheShape source{layout, format, 1, size(heads), size(columns / heads), 1};
  const CacheShape shape = gathered_shape(source, *chosen);
  return HugeMemory::rounded(Cache::bytes(shape)) +
         shape.positions * shape.heads * shape.width * sizeof(float);
}

void run(Step& step, const ChooseKeys& op) {
  const Rows queries = step.value(op.query);
  const Rows weights = op.weights ? step.value(*op.weights) : Rows{};
  const auto* entries = std::get_if<Entries>(&op.scored);
  const IndexShape shape{size(op.groups),        size(op.heads),
                         size(op.head_dim),      size(op.chosen.size),
                         size(op.chosen.blocks), entries == nullptr ? 1 : size(entries->positions)};
  KeyChoice& choice = step.space.keys;
  const Scored scored =
      choose_keys(step.team, shape, queries, weights, step.places, step.cache(op.keys), choice);
  if (!step.follow.keys.empty()) {
    const KeyTrace& given = step.follow.keys.subspan(step.space.indexed++).front();
    step.space.own_keys = std::move(choice.blocks);
    choice.blocks.clear();
    for (const auto& blocks : given.blocks) {
      choice.blocks.emplace_back(blocks.begin(), blocks.end());
    }
  }
  step.count_each(static_cast<std::size_t>(scored.pairs));
  step.count_read(queries);
  if (op.weights) step.count_read(weights);
  step.count_cache_read(op.keys, scored.keys);
}

}  // namespace llmarch::fast
