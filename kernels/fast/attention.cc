#include "kernels/fast/attention.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <variant>
#include <vector>

#include "kernels/fast/simd/kernels.h"

// The query rows that share a key head (each of its query heads at each token) are gone through in
// stretches, and a stretch in tiles of six: their scores, numerators and sums stay in the first
// cache while a block of 64 keys and their values passes. Where all rows are one stretch, as in
// decode, the keys are divided between the threads instead and their partial softmaxes joined.
//
// Blocks that every row meets whole go by in fours, one from each quarter of the keys, and while
// one four is worked on the next is fetched: four streams are read from memory faster than one is
// (kernels/fast/matrix_product.cc has the figures). Streams pay when they are long, so that many
// fours' keys are scored before their values are summed.
namespace llmarch::fast {
namespace {

using simd::ProductKernels;
using simd::Tile;

constexpr std::size_t kStretch = 48;   // query rows
constexpr std::size_t kLargest = 128;  // and at most, where many heads share a key
constexpr std::size_t kStreams = 4;
constexpr std::size_t kMostParts = 2;       // of a key: latent attention's keys have two
constexpr std::size_t kMostFours = 16;      // of blocks, scored before values are summed
constexpr std::size_t kMostScores = 32768;  // at a time: 128 KiB, an eighth of a second cache
constexpr float kNone = -std::numeric_limits<float>::infinity();

std::size_t up_to(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

// What of a query meets a cache: `width` elements from `offset` on in each of its heads.
struct KeyPart {
  const Cache* cache;
  ConstRows queries;
  std::size_t head_stride, offset, width;
  [[nodiscard]] std::size_t steps() const {
    return cache->padded_width() / depth_of(cache->shape().stored);
  }
};

struct Problem {
  const ProductKernels* kernels;
  const simd::RowKernels* rows;
  std::size_t kv_heads, group;
  std::vector<KeyPart> parts;
  const Cache* values;  // none: the first part's cache, turned
  std::size_t value_width;
  float scale, cap;
  Reach reach;
  Places places;
  Rows out;

  [[nodiscard]] std::size_t query_rows() const { return places.tokens * group; }
  [[nodiscard]] std::size_t stretch() const { return std::clamp(group, kStretch, kLargest); }
  [[nodiscard]] std::size_t padded_values() const { return up_to(value_width, 16); }
  [[nodiscard]] std::size_t head(std::size_t kv_head, std::size_t query_row) const {
    return kv_head * group + query_row % group;
  }
  [[nodiscard]] std::size_t position(std::size_t query_row) const {
    return places.past + query_row / group;
  }
};

// The positions that a step opened of one sequence.
struct Opened {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  std::size_t end = 0;
  void join(std::size_t from, std::size_t to) {
    first = std::min(first, from);
    end = std::max(end, to);
  }
};

struct Tally {
  std::int64_t meetings = 0;
  std::vector<Opened> opened;  // by sequence
};

// Numerators summed over some of the keys: rows (query rows), each with the score that was largest.
struct Partial {
  std::size_t sequence = 0, kv_head = 0;
  std::size_t rows = 0;  // 0: none
  std::vector<float> largest, sums, weighted;
};

// A thread's memory while it goes over keys: pieces of the team's scratch. Memory of its own would
// be new pages at every step, which cost more than the keys.
class Workspace {
 public:
  static std::size_t bytes(const Problem& problem) {
    Workspace measured(problem, nullptr);
    return measured.taken_;
  }

  // `memory`: of bytes(problem), aligned to a cache line.
  Workspace(const Problem& problem, std::byte* memory) : problem_(&problem), memory_(memory) {
    const std::size_t rows = problem.stretch();
    for (std::size_t i = 0; i < problem.parts.size(); ++i) {
      queries_[i] = take<std::byte>(rows * problem.parts[i].steps() * problem.kernels->left_bytes);
    }
    largest_ = take<float>(rows);
    sums_ = take<float>(rows);
    weighted_ = take<float>(rows * problem.padded_values());
    first_ = take<int>(rows);
    last_ = take<int>(rows);
    corrections_ = take<float>(rows);
    scores_ = take<float>(std::max(kMostScores, kStreams * kBlock * rows));
    numerators_ = take<std::byte>(scores_.size() * sizeof(float));
    if (problem.values == nullptr) {
      turned_ = take<std::byte>(problem.padded_values() * kBlock * sizeof(float));
    }
  }

  // The query rows of `rows` over the blocks of `blocks`.
  void go(std::size_t sequence, std::size_t kv_head, Share rows, Share blocks, Tally& tally) {
    sequence_ = sequence;
    kv_head_ = kv_head;
    rows_ = rows;
    divide_into_tiles();
    take_queries();
    std::fill(largest_.begin(), largest_.end(), kNone);
    std::fill(sums_.begin(), sums_.end(), 0.0F);
    std::fill_n(weighted_.begin(), (rows.last - rows.first) * problem_->padded_values(), 0.0F);
    const Share whole = met_whole(blocks);
    const std::size_t quarter = (whole.last - whole.first) / kStreams;
    const std::size_t most = std::clamp<std::size_t>(
        kMostScores / (kStreams * kBlock * (rows.last - rows.first)), 1, kMostFours);
    for (std::size_t block = blocks.first; block < whole.first; ++block) meet_one(block, tally);
    for (std::size_t i = 0; i < quarter; i += most) {
      const Fours fours{whole.first + i, quarter, std::min(most, quarter - i)};
      Fours after{fours.from + fours.count, quarter, most};
      if (i + most >= quarter) after = {whole.first, quarter, most, next_head()};
      meet_fours(fours, after, tally);
    }
    for (std::size_t block = whole.first + quarter * kStreams; block < blocks.last; ++block) {
      meet_one(block, tally);
    }
  }

  void finish() const {
    const Problem& p = *problem_;
    for (std::size_t i = 0; i < rows_.last - rows_.first; ++i) {
      p.rows->scale(weighted_.data() + i * p.padded_values(), p.value_width, 1 / sums_[i],
                    target(i));
    }
  }

  [[nodiscard]] Partial partial() const {
    const auto copy = [](std::span<const float> some) {
      return std::vector<float>(some.begin(), some.end());
    };
    return {sequence_,
            kv_head_,
            rows(),
            copy(largest_.first(rows())),
            copy(sums_.first(rows())),
            copy(weighted_.first(rows() * problem_->padded_values()))};
  }

 private:
  template <class T>
  std::span<T> take(std::size_t count) {
    auto* const start = reinterpret_cast<T*>(memory_ + taken_);
    taken_ += up_to(count * sizeof(T), 64);
    return {start, count};
  }

  [[nodiscard]] float* target(std::size_t i) const {
    const Problem& p = *problem_;
    const std::size_t row = rows_.first + i;
    return p.out.row(sequence_ * p.places.tokens + row / p.group) +
           p.head(kv_head_, row) * p.value_width;
  }

  void take_queries() {
    const Problem& p = *problem_;
    for (std::size_t k = 0; k < p.parts.size(); ++k) {
      const KeyPart& part = p.parts[k];
      for (std::size_t row = rows_.first; row < rows_.last; ++row) {
        const float* const query = part.queries.row(sequence_ * p.places.tokens + row / p.group) +
                                   p.head(kv_head_, row) * part.head_stride + part.offset;
        p.kernels->convert(query, part.width, part.steps(), query_at(k, row - rows_.first));
      }
    }
  }

  std::byte* query_at(std::size_t part, std::size_t row) {
    return queries_[part].data() +
           row * problem_->parts[part].steps() * problem_->kernels->left_bytes;
  }

  [[nodiscard]] std::size_t head_of(const Cache& cache) const {
    return cache.shape().heads == 1 ? 0 : kv_head_;
  }

  // Those of the blocks that every row meets whole. Latents go one by one: each is turned into
  // values on the way, and their products take longer than memory does.
  [[nodiscard]] Share met_whole(Share blocks) const {
    const Problem& p = *problem_;
    const std::size_t first = first_key(p.reach, p.position(rows_.last - 1));
    const std::size_t from = std::clamp((first + kBlock - 1) / kBlock, blocks.first, blocks.last);
    const std::size_t to =
        std::clamp((p.position(rows_.first) + 1) / kBlock, blocks.first, blocks.last);
    return p.values == nullptr || to < from ? Share{from, from} : Share{from, to};
  }

  const std::byte* values_of(std::size_t block) {
    const Problem& p = *problem_;
    if (p.values != nullptr) return p.values->block(sequence_, head_of(*p.values), block);
    p.kernels->turn(p.parts.front().cache->block(sequence_, 0, block), p.padded_values(),
                    turned_.data());
    return turned_.data();
  }
  [[nodiscard]] const std::byte* keys_of(const KeyPart& part, std::size_t block) const {
    return part.cache->block(sequence_, head_of(*part.cache), block);
  }

  [[nodiscard]] std::size_t rows() const { return rows_.last - rows_.first; }
  void divide_into_tiles() {
    const std::size_t tile_rows = problem_->kernels->tile_rows;
    const std::size_t count = (rows() + tile_rows - 1) / tile_rows;
    tiles_.clear();
    for (std::size_t i = 0; i < count; ++i) tiles_.push_back(share_of(rows(), i, count));
  }

  // A block that some rows do not meet whole.
  void meet_one(std::size_t block, Tally& tally) {
    const std::byte* const values = values_of(block);
    for (const Share& some : tiles_) {
      if (!bounds(block, some, tally)) continue;
      score(block, some, {scores_.data() + some.first * kBlock, kBlock}, {});
      turn_to_numerators(some, kBlock);
      correct(some);
      weigh(values, some, {some.first * numerators_bytes(), numerators_bytes()}, {});
    }
  }

  // Blocks `from` up to `from` + `count`, and those `apart` from them once, twice and three times;
  // of this head, or of one further on.
  struct Fours {
    std::size_t from, apart, count;
    std::size_t heads_on = 0;
    [[nodiscard]] std::size_t block(std::size_t i, std::size_t stream) const {
      return from + i + stream * apart;
    }
  };

  // What is fetched while something else is worked on.
  struct Ahead {
    const std::byte* streams[kStreams] = {};
  };

  // Whose keys are likely to be next: those of the head that follows. Behind the last there is
  // none.
  [[nodiscard]] std::size_t next_head() const {
    return kv_head_ + 1 < problem_->parts.front().cache->shape().heads ? 1 : 0;
  }

  // `after`: what is met then.
  void meet_fours(const Fours& fours, const Fours& after, Tally& tally) {
    const std::size_t keys = fours.count * kStreams * kBlock;
    for (std::size_t i = 0; i < fours.count; ++i) {
      for (std::size_t stream = 0; stream < kStreams; ++stream) {
        const Ahead ahead =
            i + 1 < fours.count ? keys_ahead(fours, i + 1, stream) : values_ahead(fours, 0, stream);
        const std::size_t place = (i * kStreams + stream) * kBlock;
        for (const Share& some : tiles_) {
          score(fours.block(i, stream), some, {scores_.data() + some.first * keys + place, keys},
                some.first == 0 ? ahead : Ahead{});
        }
      }
    }
    count_whole(fours, tally);
    turn_to_numerators({0, rows()}, keys);
    correct({0, rows()});
    const std::size_t row_bytes = fours.count * kStreams * numerators_bytes();
    for (std::size_t i = 0; i < fours.count; ++i) {
      for (std::size_t stream = 0; stream < kStreams; ++stream) {
        const Ahead ahead =
            i + 1 < fours.count ? values_ahead(fours, i + 1, stream) : keys_ahead(after, 0, stream);
        const std::size_t place = (i * kStreams + stream) * numerators_bytes();
        const std::byte* const values = values_of(fours.block(i, stream));
        for (const Share& some : tiles_) {
          weigh(values, some, {some.first * row_bytes + place, row_bytes},
                some.first == 0 ? ahead : Ahead{});
        }
      }
    }
  }

  // Every row has met every key of these blocks.
  void count_whole(const Fours& fours, Tally& tally) {
    const std::size_t keys = fours.count * kStreams * kBlock;
    std::fill_n(first_.begin(), rows(), 0);
    std::fill_n(last_.begin(), rows(), static_cast<int>(keys) - 1);
    tally.meetings += static_cast<std::int64_t>(rows() * keys);
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::size_t start = fours.block(0, stream) * kBlock;
      tally.opened[sequence_].join(start, start + fours.count * kBlock);
    }
  }

  // The part of a four's blocks that is fetched while its like before it, `turn` of four, is worked
  // on: a quarter of each.
  [[nodiscard]] Ahead ahead_of(const Cache& cache, const Fours& fours, std::size_t i,
                               std::size_t turn) const {
    Ahead ahead;
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      ahead.streams[stream] =
          cache.block(sequence_, head_of(cache) + fours.heads_on, fours.block(i, stream)) +
          turn * (cache.block_bytes() / kStreams);
    }
    return ahead;
  }
  [[nodiscard]] Ahead keys_ahead(const Fours& fours, std::size_t i, std::size_t turn) const {
    return ahead_of(*problem_->parts.front().cache, fours, i, turn);
  }
  [[nodiscard]] Ahead values_ahead(const Fours& fours, std::size_t i, std::size_t turn) const {
    return ahead_of(*problem_->values, fours, i, turn);
  }

  // Which keys of the block each row meets; false when there are none. This is where meetings are
  // counted.
  bool bounds(std::size_t block, Share rows, Tally& tally) {
    const std::size_t start = block * kBlock;
    bool any = false;
    for (std::size_t i = rows.first; i < rows.last; ++i) {
      const std::size_t position = problem_->position(rows_.first + i);
      const std::size_t from = std::max(start, first_key(problem_->reach, position));
      const std::size_t to = std::min(start + kBlock, position + 1);
      first_[i] = from < to ? static_cast<int>(from - start) : 0;
      last_[i] = from < to ? static_cast<int>(to - start) - 1 : -1;
      if (from >= to) continue;
      any = true;
      tally.meetings += static_cast<std::int64_t>(to - from);
      tally.opened[sequence_].join(from, to);
    }
    return any;
  }

  struct Scores {
    float* first;
    std::size_t stride;  // from row to row
  };

  void score(std::size_t block, Share rows, Scores out, const Ahead& ahead) {
    const Problem& p = *problem_;
    for (std::size_t k = 0; k < p.parts.size(); ++k) {
      const KeyPart& part = p.parts[k];
      Tile tile{};
      tile.rows = rows.last - rows.first;
      tile.columns = kBlock;
      tile.steps = part.steps();
      tile.left = query_at(k, rows.first);
      tile.left_stride = part.steps() * p.kernels->left_bytes;
      tile.right = keys_of(part, block);
      tile.out = out.first;
      tile.out_stride = out.stride;
      tile.onto = k == 0 ? nullptr : tile.out;
      tile.onto_stride = tile.out_stride;
      tile.ahead = tile.far = tile.left;
      std::copy_n(ahead.streams, kStreams, tile.beside);
      p.kernels->multiply(tile);
    }
  }

  // Scores of `rows` stand one row after the other, `keys` of each.
  void turn_to_numerators(Share rows, std::size_t keys) {
    const Problem& p = *problem_;
    const std::size_t row_bytes = keys / kBlock * numerators_bytes();
    p.kernels->softmax({rows.last - rows.first, keys, scores_.data() + rows.first * keys,
                        first_.data() + rows.first, last_.data() + rows.first, p.scale, p.cap,
                        largest_.data() + rows.first, sums_.data() + rows.first,
                        corrections_.data() + rows.first,
                        numerators_.data() + rows.first * row_bytes, row_bytes});
  }

  [[nodiscard]] std::size_t value_steps() const {
    return kBlock / depth_of(problem_->parts.front().cache->shape().stored);
  }
  // Of a row and a block.
  [[nodiscard]] std::size_t numerators_bytes() const {
    return value_steps() * problem_->kernels->left_bytes;
  }

  // weighted = weighted * correction
  void correct(Share rows) {
    const std::size_t width = problem_->padded_values();
    for (std::size_t i = rows.first; i < rows.last; ++i) {
      if (corrections_[i] == 1) continue;
      float* const sums = weighted_.data() + i * width;
      problem_->rows->scale(sums, width, corrections_[i], sums);
    }
  }

  struct Numerators {
    std::size_t first, stride;  // bytes
  };

  // weighted = weighted + numerators * values
  void weigh(const std::byte* values, Share rows, Numerators from, const Ahead& ahead) {
    const Problem& p = *problem_;
    const std::size_t width = p.padded_values();
    for (std::size_t column = 0; column < width; column += kBlock) {
      float* const sums = weighted_.data() + rows.first * width + column;
      Tile tile{};
      tile.rows = rows.last - rows.first;
      tile.columns = std::min(kBlock, width - column);
      tile.steps = value_steps();
      tile.left = numerators_.data() + from.first;
      tile.left_stride = from.stride;
      tile.right = values + column * value_steps() * 4;
      tile.onto = tile.out = sums;
      tile.onto_stride = tile.out_stride = width;
      tile.ahead = tile.far = tile.left;
      for (std::size_t i = 0; i < kStreams; ++i) {
        if (ahead.streams[i] == nullptr) continue;
        tile.beside[i] = ahead.streams[i] + column / kBlock * tile.steps * 64;
      }
      p.kernels->multiply(tile);
    }
  }

  const Problem* problem_;
  std::size_t sequence_ = 0, kv_head_ = 0;
  Share rows_{};
  std::vector<Share> tiles_;
  std::byte* memory_;
  std::size_t taken_ = 0;
  std::array<std::span<std::byte>, kMostParts> queries_;  // a left operand for each part
  std::span<float> largest_, sums_;                       // (stretch)
  std::span<float> weighted_;                             // (stretch, padded values)
  std::span<int> first_, last_;                           // (stretch), of the block that is met
  std::span<float> corrections_;                          // (stretch)
  std::span<float> scores_;                               // (rows, keys)
  std::span<std::byte> numerators_, turned_;
};

// The blocks that the query rows of `rows` meet.
Share blocks_of(const Problem& problem, Share rows) {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  for (std::size_t row = rows.first; row < rows.last; row += 1) {
    first = std::min(first, first_key(problem.reach, problem.position(row)));
  }
  return {first / kBlock, problem.position(rows.last - 1) / kBlock + 1};
}

// Partial softmaxes of the same rows become one (each weighed by what its largest score lacks to
// the largest of all).
void join(const Problem& problem, std::span<const Partial*> partials) {
  const Partial& some = *partials.front();
  const std::size_t width = problem.padded_values();
  for (std::size_t row = 0; row < some.rows; ++row) {
    float largest = kNone;
    for (const Partial* partial : partials) largest = std::max(largest, partial->largest[row]);
    float sum = 0;
    for (const Partial* partial : partials) {
      sum += partial->sums[row] * std::exp(partial->largest[row] - largest);
    }
    float* const out =
        problem.out.row(some.sequence * problem.places.tokens + row / problem.group) +
        problem.head(some.kv_head, row) * problem.value_width;
    std::fill_n(out, problem.value_width, 0.0F);
    for (const Partial* partial : partials) {
      const float factor = std::exp(partial->largest[row] - largest) / sum;
      problem.rows->accumulate(partial->weighted.data() + row * width, problem.value_width, factor,
                               out);
    }
  }
}

void join_all(const Problem& problem, const std::vector<Partial>& partials) {
  std::vector<const Partial*> group;
  const auto flush = [&] {
    if (!group.empty()) join(problem, group);
    group.clear();
  };
  for (const Partial& partial : partials) {
    if (partial.rows == 0) continue;
    if (!group.empty() && (group.front()->sequence != partial.sequence ||
                           group.front()->kv_head != partial.kv_head)) {
      flush();
    }
    group.push_back(&partial);
  }
  flush();
}

// Every thread takes an equal number of blocks, whatever head they belong to; a head that is cut
// leaves partial softmaxes, at most two for each thread.
void divide_keys(Team& team, const Problem& problem, std::vector<Tally>& tallies) {
  const Share rows{0, problem.query_rows()};
  const Share blocks = blocks_of(problem, rows);
  const std::size_t each = blocks.last - blocks.first;
  const std::size_t heads = problem.places.sequences * problem.kv_heads;
  std::vector<Partial> partials(2 * team.size());
  const std::size_t bytes = Workspace::bytes(problem);
  std::byte* const scratch = team.scratch(bytes * team.size());
  team.run([&](std::size_t thread) {
    Workspace workspace(problem, scratch + thread * bytes);
    const Share share = share_of(heads * each, thread, team.size());
    for (std::size_t at = share.first; at < share.last;) {
      const std::size_t head = at / each;
      const std::size_t end = std::min(share.last, (head + 1) * each);
      const std::size_t first = at - head * each;
      workspace.go(head / problem.kv_heads, head % problem.kv_heads, rows,
                   {blocks.first + first, blocks.first + end - head * each}, tallies[thread]);
      if (end - at == each) {
        workspace.finish();
      } else {
        partials[2 * thread + (first == 0 ? 1 : 0)] = workspace.partial();
      }
      at = end;
    }
  });
  join_all(problem, partials);
}

// Threads take stretches of query rows as they come, the longest first.
void divide_queries(Team& team, const Problem& problem, std::vector<Tally>& tallies) {
  const std::size_t stretches = (problem.query_rows() + problem.stretch() - 1) / problem.stretch();
  const std::size_t heads = problem.places.sequences * problem.kv_heads;
  std::atomic<std::size_t> taken{0};
  const std::size_t bytes = Workspace::bytes(problem);
  std::byte* const scratch = team.scratch(bytes * team.size());
  team.run([&](std::size_t thread) {
    Workspace workspace(problem, scratch + thread * bytes);
    for (std::size_t i = taken++; i < stretches * heads; i = taken++) {
      const std::size_t stretch = stretches - 1 - i / heads;
      const std::size_t head = i % heads;
      const Share rows{stretch * problem.stretch(),
                       std::min((stretch + 1) * problem.stretch(), problem.query_rows())};
      workspace.go(head / problem.kv_heads, head % problem.kv_heads, rows, blocks_of(problem, rows),
                   tallies[thread]);
      workspace.finish();
    }
  });
}

Attended solve(Team& team, const Problem& problem) {
  std::vector<Tally> tallies(team.size(), {0, std::vector<Opened>(problem.places.sequences)});
  if (problem.query_rows() <= problem.stretch()) {
    divide_keys(team, problem, tallies);
  } else {
    divide_queries(team, problem, tallies);
  }
  Attended attended;
  std::vector<Opened> opened(problem.places.sequences);
  for (const Tally& tally : tallies) {
    attended.meetings += tally.meetings;
    for (std::size_t i = 0; i < opened.size(); ++i) {
      if (tally.opened[i].end > 0) opened[i].join(tally.opened[i].first, tally.opened[i].end);
    }
  }
  for (const Opened& range : opened) {
    attended.keys += static_cast<std::int64_t>(range.end - range.first);
  }
  return attended;
}

void check(bool agree) {
  if (!agree) throw std::invalid_argument("attend: sizes that do not agree");
}

struct FirstKey {
  std::size_t position;
  std::size_t operator()(const EveryKey& /*reach*/) const { return 0; }
  std::size_t operator()(const Window& reach) const {
    const auto size = static_cast<std::size_t>(reach.size.value());
    return position < size ? 0 : position - size + 1;
  }
  std::size_t operator()(const Chunk& reach) const {
    return position - position % static_cast<std::size_t>(reach.size.value());
  }
};

}  // namespace

std::size_t first_key(const Reach& reach, std::size_t position) {
  return std::visit(FirstKey{position}, reach);
}

Attended attend(Team& team, const GroupedShape& shape, ConstRows queries, const Places& places,
                const Cache& keys, const Cache& values, Rows out) {
  check(queries.rows == places.rows() && out.rows == places.rows() &&
        queries.columns == shape.query_heads * shape.key_width &&
        out.columns == shape.query_heads * shape.value_width &&
        keys.shape().layout == CacheLayout::keys && values.shape().layout == CacheLayout::values &&
        keys.shape().heads == shape.kv_heads && values.shape().heads == shape.kv_heads &&
        keys.shape().width == shape.key_width && values.shape().width == shape.value_width &&
        keys.shape().stored == values.shape().stored);
  const simd::Kernels& kernels = simd::kernels_of(team.isa());
  return solve(team, {&kernels.products(keys.shape().stored),
                      &kernels.rows,
                      shape.kv_heads,
                      shape.query_heads / shape.kv_heads,
                      {{&keys, queries, shape.key_width, 0, shape.key_width}},
                      &values,
                      shape.value_width,
                      shape.scale,
                      shape.soft_cap.value_or(0.0F),
                      shape.reach,
                      places,
                      out});
}

Attended attend_latent(Team& team, const LatentShape& shape, ConstRows absorbed, ConstRows queries,
                       const Places& places, const Cache& latents, const Cache& rope_keys,
                       Rows out) {
  const std::size_t width = shape.nope_width + shape.rope_width;
  check(absorbed.rows == places.rows() && queries.rows == places.rows() &&
        out.rows == places.rows() && absorbed.columns == shape.heads * shape.latent_width &&
        queries.columns == shape.heads * width && out.columns == shape.heads * shape.latent_width &&
        latents.shape().heads == 1 && rope_keys.shape().heads == 1 &&
        latents.shape().width == shape.latent_width &&
        rope_keys.shape().width == shape.rope_width &&
        latents.shape().layout == CacheLayout::keys &&
        rope_keys.shape().layout == CacheLayout::keys &&
        latents.shape().stored == rope_keys.shape().stored);
  const simd::Kernels& kernels = simd::kernels_of(team.isa());
  return solve(team, {&kernels.products(latents.shape().stored),
                      &kernels.rows,
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

void join_keys(Team& team, ConstRows nope_keys, std::size_t sequence, std::size_t first,
               const Cache& rope_keys, Cache& joined) {
  const std::size_t heads = joined.shape().heads;
  const std::size_t nope = nope_keys.columns / heads;
  const std::size_t rope = rope_keys.shape().width;
  check(nope * heads == nope_keys.columns && joined.shape().width == nope + rope);
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
