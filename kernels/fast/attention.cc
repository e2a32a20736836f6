#include "kernels/fast/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/fast/attention_pass.h"
#include "kernels/fast/first_key.h"
#include "kernels/fast/shared_pieces.h"

namespace llmarch::fast {
namespace {

// The blocks of keys that the query rows of `rows` attend to.
Share blocks_of(const AttentionProblem& problem, Share rows) {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  for (std::size_t row = rows.first; row < rows.last; row += 1) {
    first = std::min(first, first_key(problem.reach, problem.position(row)));
  }
  return {first / kBlock, problem.position(rows.last - 1) / kBlock + 1};
}

// Joins the partial softmaxes of the same rows, each scaled by exp2(its largest score - the overall
// largest), as in streaming softmax.
void join(const AttentionProblem& problem, std::span<const PartialAttention* const> partials) {
  const PartialAttention& some = *partials.front();
  const std::size_t width = problem.padded_values();
  for (std::size_t row = 0; row < some.rows; ++row) {
    const float sink = problem.sink(some.kv_head, row);
    float largest = sink;
    for (const PartialAttention* partial : partials) {
      largest = std::max(largest, partial->largest[row]);
    }
    float sum = sink == kNone ? 0 : std::exp2(sink - largest);
    for (const PartialAttention* partial : partials) {
      sum += partial->sums[row] * std::exp2(partial->largest[row] - largest);
    }
    float* const out = problem.target(some.sequence, some.kv_head, row);
    std::fill_n(out, problem.value_width, 0.0F);
    for (const PartialAttention* partial : partials) {
      const float factor = std::exp2(partial->largest[row] - largest) / sum;
      problem.rows->accumulate(partial->weighted.data() + row * width, problem.value_width, factor,
                               out);
    }
  }
}

using Partials = std::vector<PartialAttention>;

// In the order of heads, and within a head in the order of keys, whichever thread attended to them.
// So the sums do not depend on how the pieces were divided among the threads.
void join_all(const AttentionProblem& problem, const std::vector<Partials>& partials) {
  std::vector<const PartialAttention*> ordered;
  for (const Partials& some : partials) {
    for (const PartialAttention& partial : some) ordered.push_back(&partial);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto* one, const auto* other) {
    return std::pair(one->head(), one->first_block) < std::pair(other->head(), other->first_block);
  });
  for (std::size_t i = 0; i < ordered.size();) {
    std::size_t end = i + 1;
    while (end < ordered.size() && ordered[end]->head() == ordered[i]->head()) ++end;
    join(problem, std::span(ordered).subspan(i, end - i));
    i = end;
  }
}

// The blocks that all rows of a decode step attend to, those of all heads and sequences in one
// line.
struct KeyLine {
  const AttentionProblem& problem;
  Share rows;
  Share blocks;  // of each head

  [[nodiscard]] std::size_t each() const { return blocks.last - blocks.first; }
  [[nodiscard]] std::size_t all() const {
    return problem.places.sequences * problem.kv_heads * each();
  }
};

// Attends to a stretch of the line's blocks. A head whose blocks are all in the stretch is
// finished; any other leaves a partial softmax.
void attend_along(const KeyLine& line, Share stretch, AttentionPass& pass, AttentionTally& tally,
                  Partials& partials) {
  const std::size_t each = line.each();
  for (std::size_t at = stretch.first; at < stretch.last;) {
    const std::size_t head = at / each;
    const std::size_t end = std::min(stretch.last, (head + 1) * each);
    pass.run(head / line.problem.kv_heads, head % line.problem.kv_heads, line.rows,
             {line.blocks.first + at - head * each, line.blocks.first + end - head * each}, tally);
    if (end - at == each) {
      pass.finish();
    } else {
      partials.push_back(pass.partial());
    }
    at = end;
  }
}

// Each piece is a softmax of its own, so a piece is no less than a 64th of a thread's share, and at
// least four blocks, since four are interleaved, unless that exceeds a 16th of the share. Latents
// are not divided into pieces: their softmaxes, over all query heads, are larger than their blocks,
// and two more of them took a tenth of the time.
std::size_t piece_blocks(const AttentionProblem& problem, std::size_t share) {
  if (problem.values == nullptr) return share;
  return std::max<std::size_t>({share / 64, std::min<std::size_t>(share / 16, 4), 1});
}

void divide_keys(Team& team, const AttentionProblem& problem,
                 std::vector<AttentionTally>& tallies) {
  const Share rows{0, problem.query_rows()};
  const KeyLine line{problem, rows, blocks_of(problem, rows)};
  const std::size_t share = (line.all() + team.size() - 1) / team.size();
  const std::size_t piece = piece_blocks(problem, share);
  SharedPieces pieces((line.all() + piece - 1) / piece, team.size());
  std::vector<Partials> partials(team.size());
  const std::size_t bytes = AttentionPass::bytes(problem);
  std::byte* const scratch = team.scratch(bytes * team.size());
  team.run([&](std::size_t thread) {
    AttentionPass pass(problem, scratch + thread * bytes);
    const auto attend_to = [&](Share some) {
      attend_along(line, {some.first * piece, std::min(some.last * piece, line.all())}, pass,
                   tallies[thread], partials[thread]);
    };
    attend_to(pieces.certain(thread));
    while (const auto one = pieces.next(thread)) attend_to({*one, *one + 1});
  });
  join_all(problem, partials);
}

// Threads take stretches of query rows in turn, those with the most keys first.
void divide_queries(Team& team, const AttentionProblem& problem,
                    std::vector<AttentionTally>& tallies) {
  const std::size_t stretches = (problem.query_rows() + problem.stretch() - 1) / problem.stretch();
  const std::size_t heads = problem.places.sequences * problem.kv_heads;
  std::atomic<std::size_t> taken{0};
  const std::size_t bytes = AttentionPass::bytes(problem);
  std::byte* const scratch = team.scratch(bytes * team.size());
  team.run([&](std::size_t thread) {
    AttentionPass pass(problem, scratch + thread * bytes);
    for (std::size_t i = taken++; i < stretches * heads; i = taken++) {
      const std::size_t stretch = stretches - 1 - i / heads;
      const std::size_t head = i % heads;
      const Share rows{stretch * problem.stretch(),
                       std::min((stretch + 1) * problem.stretch(), problem.query_rows())};
      pass.run(head / problem.kv_heads, head % problem.kv_heads, rows, blocks_of(problem, rows),
               tallies[thread]);
      pass.finish();
    }
  });
}

// What the threads read together; a position that several threads read counts once.
Attended sum_of(const std::vector<AttentionTally>& tallies, std::size_t sequences) {
  Attended attended;
  std::vector<PositionRange> read(sequences);
  for (const AttentionTally& tally : tallies) {
    attended.pairs += tally.pairs;
    for (std::size_t i = 0; i < sequences; ++i) {
      if (tally.read[i].end > 0) read[i].extend(tally.read[i].first, tally.read[i].end);
    }
  }
  for (const PositionRange& range : read) {
    attended.keys += static_cast<std::int64_t>(range.end - range.first);
  }
  return attended;
}

Attended solve(Team& team, const AttentionProblem& problem) {
  const std::size_t sequences = problem.places.sequences;
  std::vector<AttentionTally> tallies(team.size(), {0, std::vector<PositionRange>(sequences)});
  if (problem.query_rows() <= problem.stretch()) {
    divide_keys(team, problem, tallies);
  } else {
    divide_queries(team, problem, tallies);
  }
  return sum_of(tallies, sequences);
}

[[noreturn]] void refuse_sizes() {
  throw std::invalid_argument("attend: sizes that do not agree");
}

bool multiplied_alike(const Cache& one, const Cache& other) {
  return arithmetic_of(one.shape().format) == arithmetic_of(other.shape().format);
}

bool has_shape(const Cache& cache, CacheLayout layout, std::size_t heads, std::size_t width) {
  return cache.shape().layout == layout && cache.shape().heads == heads &&
         cache.shape().width == width;
}

bool has_shape(ConstRows rows, std::size_t count, std::size_t columns) {
  return rows.rows == count && rows.columns == columns;
}

bool one_each(std::span<const float> numbers, std::size_t heads) {
  return numbers.empty() || numbers.size() == heads;
}

// At least two streams where values are summed, since a single block of them is too short a stream.
std::size_t streams_of(const Team& team) {
  return std::max<std::size_t>(team.streams(), 2);
}

}  // namespace

Attended attend(Team& team, const GroupedShape& shape, ConstRows queries, const Places& places,
                const Cache& keys, const Cache& values, Rows out) {
  if (!has_shape(queries, places.rows(), shape.query_heads * shape.key_width) ||
      !has_shape(out, places.rows(), shape.query_heads * shape.value_width) ||
      !has_shape(keys, CacheLayout::keys, shape.kv_heads, shape.key_width) ||
      !has_shape(values, CacheLayout::values, shape.kv_heads, shape.value_width) ||
      !multiplied_alike(keys, values) || !one_each(shape.sinks, shape.query_heads) ||
      !one_each(shape.slopes, shape.query_heads)) {
    refuse_sizes();
  }
  const simd::Kernels& kernels = simd::kernels_of(team.isa());
  return solve(team, {&kernels.products(arithmetic_of(keys.shape().format)),
                      &kernels.narrow,
                      &kernels.rows,
                      streams_of(team),
                      team.streams(),
                      shape.kv_heads,
                      shape.query_heads / shape.kv_heads,
                      {{&keys, queries, shape.key_width, 0, shape.key_width}},
                      &values,
                      shape.value_width,
                      shape.scale,
                      shape.soft_cap.value_or(0.0F),
                      shape.reach,
                      places,
                      out,
                      shape.sinks,
                      shape.slopes,
                      shape.growth_length});
}

Attended attend_latent(Team& team, const LatentShape& shape, ConstRows absorbed, ConstRows queries,
                       const Places& places, const Cache& latents, const Cache& rope_keys,
                       Rows out) {
  const std::size_t width = shape.nope_width + shape.rope_width;
  if (!has_shape(absorbed, places.rows(), shape.heads * shape.latent_width) ||
      !has_shape(queries, places.rows(), shape.heads * width) ||
      !has_shape(out, places.rows(), shape.heads * shape.latent_width) ||
      !has_shape(latents, CacheLayout::keys, 1, shape.latent_width) ||
      !has_shape(rope_keys, CacheLayout::keys, 1, shape.rope_width) ||
      !multiplied_alike(latents, rope_keys)) {
    refuse_sizes();
  }
  const simd::Kernels& kernels = simd::kernels_of(team.isa());
  return solve(team, {&kernels.products(arithmetic_of(latents.shape().format)),
                      &kernels.narrow,
                      &kernels.rows,
                      streams_of(team),
                      team.streams(),
                      1,
                      shape.heads,
                      {{&latents, absorbed, shape.latent_width, 0, shape.latent_width},
                       {&rope_keys, queries, width, shape.nope_width, shape.rope_width}},
                      nullptr,
                      shape.latent_width,
                      shape.scale,
                      0.0F,
                      EveryKey{},
                      places,
                      out});
}

Attended attend_shared(Team& team, const SharedShape& shape, ConstRows queries,
                       const Places& places, const Cache& keys, Rows out) {
  if (!has_shape(queries, places.rows(), shape.heads * shape.width) ||
      !has_shape(out, places.rows(), shape.heads * shape.width) ||
      !has_shape(keys, CacheLayout::keys, 1, shape.width) || !one_each(shape.sinks, shape.heads)) {
    refuse_sizes();
  }
  const simd::Kernels& kernels = simd::kernels_of(team.isa());
  return solve(team, {&kernels.products(arithmetic_of(keys.shape().format)),
                      &kernels.narrow,
                      &kernels.rows,
                      streams_of(team),
                      team.streams(),
                      1,
                      shape.heads,
                      {{&keys, queries, shape.width, 0, shape.width}},
                      nullptr,
                      shape.width,
                      shape.scale,
                      0.0F,
                      shape.reach,
                      places,
                      out,
                      shape.sinks});
}

void join_keys(Team& team, ConstRows nope_keys, std::size_t sequence, std::size_t first,
               const Cache& rope_keys, Cache& joined) {
  const std::size_t heads = joined.shape().heads;
  const std::size_t nope = nope_keys.columns / heads;
  const std::size_t rope = rope_keys.shape().width;
  if (nope * heads != nope_keys.columns || joined.shape().width != nope + rope) refuse_sizes();
  team.run([&](std::size_t thread) {
    std::vector<float> key(nope + rope);
    const Share share = share_of(heads, thread, team.size());
    for (std::size_t r = 0; r < nope_keys.rows; ++r) {
      rope_keys.read(sequence, 0, first + r, std::span(key).subspan(nope));
      for (std::size_t head = share.first; head < share.last; ++head) {
        std::copy_n(nope_keys.row(r) + head * nope, nope, key.data());
        joined.write(sequence, head, first + r, key.data());
      }
    }
  });
}

}  // namespace llmarch::fast
