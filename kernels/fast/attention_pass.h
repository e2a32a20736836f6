// One thread's pass over the keys of one key/value head: scores, softmax and weighted sum, block by
// block.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "kernels/fast/attention_problem.h"

// The query rows that share a key head (each of its query heads at each token) are gone through in
// stretches, and a stretch in tiles of six: their scores, numerators and sums stay in the first
// cache while a block of 64 keys and their values passes. Where all rows are one stretch, as in
// decode, the keys are divided between the threads instead and their partial softmaxes joined.
//
// Blocks that every row meets, in full or up to its own position, go by abreast, one from each half
// or quarter of the keys: several streams are read from memory faster than one is, and which number
// is fastest has been tried (memory_streams.h; a thread of a Zen 4 went over keys and values at 23
// GB/s along two and at 21 along four, in turn in one process). They are fastest where the
// arithmetic itself reads them: fetching the next blocks while these are worked on gave 83 % of
// bandwidth where this gave 88, and fetching the first values while the softmax is worked on gave
// nothing. Streams pay when they are long, so that many blocks' keys are scored before their values
// are summed. Where one stream is as fast as several, keys are scored one block after the other, by
// all rows at once: rows of a second tile read a block of streams again. In decode of qwen3-0.6b
// attention was up to 3 % faster for it, of four query heads to a key head up to 4 % (turn by turn
// in one process, 1k to 16k).
namespace llmarch::fast {

inline constexpr std::size_t kMostBlocks = 256;  // scored before their values are summed
// At a time: 128 KiB, an eighth of a second cache.
inline constexpr std::size_t kMostScores = 32768;
inline constexpr std::size_t kStreamTiles = 2;  // of rows, at most, that meet keys in streams
inline constexpr float kNone = -std::numeric_limits<float>::infinity();

// A thread's memory while it goes over keys: pieces of the team's scratch. Memory of its own would
// be new pages at every step, which cost more than the keys.
class AttentionPass {
 public:
  static std::size_t bytes(const AttentionProblem& problem) {
    AttentionPass measured(problem, nullptr);
    return measured.taken_;
  }

  // `memory`: of bytes(problem), aligned to a cache line.
  AttentionPass(const AttentionProblem& problem, std::byte* memory)
      : problem_(&problem), memory_(memory) {
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
    scores_ = take<float>(std::max(kMostScores, problem.streams * kBlock * rows));
    numerators_ = take<std::byte>(scores_.size() * sizeof(float));
    if (problem.values == nullptr) {
      turned_ = take<std::byte>(problem.padded_values() * kBlock * sizeof(float));
    }
  }

  // The query rows of `rows` over the blocks of `blocks`.
  void go(std::size_t sequence, std::size_t kv_head, Share rows, Share blocks,
          AttentionTally& tally) {
    sequence_ = sequence;
    kv_head_ = kv_head;
    rows_ = rows;
    first_block_ = blocks.first;
    divide_into_tiles();
    take_queries();
    std::fill(largest_.begin(), largest_.end(), kNone);
    std::fill(sums_.begin(), sums_.end(), 0.0F);
    std::fill_n(weighted_.begin(), this->rows() * problem_->padded_values(), 0.0F);
    const Share abreast = blocks_abreast(blocks);
    const std::size_t each = (abreast.last - abreast.first) / streams();
    const std::size_t most = std::clamp<std::size_t>(
        kMostScores / (streams() * kBlock * this->rows()), 1, kMostBlocks / streams());
    for (std::size_t block = blocks.first; block < abreast.first; ++block) meet_one(block, tally);
    for (std::size_t i = 0; i < each; i += most) {
      meet_abreast({abreast.first + i, each, std::min(most, each - i)}, tally);
    }
    for (std::size_t block = abreast.first + each * streams(); block < blocks.last; ++block) {
      meet_one(block, tally);
    }
  }

  void finish() const {
    const AttentionProblem& p = *problem_;
    for (std::size_t i = 0; i < rows(); ++i) {
      p.rows->scale(weighted_.data() + i * p.padded_values(), p.value_width, 1 / sums_[i],
                    target(i));
    }
  }

  [[nodiscard]] PartialAttention partial() const {
    const auto copy = [](std::span<const float> some) {
      return std::vector<float>(some.begin(), some.end());
    };
    return {sequence_,
            kv_head_,
            first_block_,
            rows(),
            copy(largest_.first(rows())),
            copy(sums_.first(rows())),
            copy(weighted_.first(rows() * problem_->padded_values()))};
  }

 private:
  template <class T>
  std::span<T> take(std::size_t count) {
    // Without memory it is only counted.
    auto* const start = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + taken_);
    taken_ += up_to(count * sizeof(T), 64);
    return {start, count};
  }

  [[nodiscard]] float* target(std::size_t i) const {
    const AttentionProblem& p = *problem_;
    const std::size_t row = rows_.first + i;
    return p.out.row(sequence_ * p.places.tokens + row / p.group) +
           p.head(kv_head_, row) * p.value_width;
  }

  void take_queries() {
    const AttentionProblem& p = *problem_;
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

  // Those of the blocks that every row meets from their first key on, to their end or, in the last
  // of all, to its own position. Latents go one by one: each is turned into values on the way, and
  // their products take longer than memory does.
  [[nodiscard]] Share blocks_abreast(Share blocks) const {
    const AttentionProblem& p = *problem_;
    const std::size_t first = first_key(p.reach, p.position(rows_.last - 1));
    const std::size_t from = std::clamp((first + kBlock - 1) / kBlock, blocks.first, blocks.last);
    const std::size_t last = p.position(rows_.last - 1) / kBlock;
    const bool together = p.position(rows_.first) / kBlock == last;
    const std::size_t end = together ? last + 1 : (p.position(rows_.first) + 1) / kBlock;
    const std::size_t to = std::clamp(end, blocks.first, blocks.last);
    return p.values == nullptr || to < from ? Share{from, from} : Share{from, to};
  }

  const std::byte* values_of(std::size_t block) {
    const AttentionProblem& p = *problem_;
    if (p.values != nullptr) return p.values->block(sequence_, head_of(*p.values), block);
    p.kernels->turn(p.parts.front().cache->block(sequence_, 0, block), p.padded_values(),
                    turned_.data());
    return turned_.data();
  }
  [[nodiscard]] const std::byte* keys_of(const KeyPart& part, std::size_t block) const {
    return part.cache->block(sequence_, head_of(*part.cache), block);
  }

  [[nodiscard]] std::size_t rows() const { return rows_.last - rows_.first; }
  [[nodiscard]] std::size_t streams() const { return problem_->streams; }
  // Evenly, into tiles of at most so many rows.
  void divide(std::size_t most, std::vector<Share>& tiles) const {
    const std::size_t count = (rows() + most - 1) / most;
    tiles.clear();
    for (std::size_t i = 0; i < count; ++i) tiles.push_back(share_of(rows(), i, count));
  }
  void divide_into_tiles() {
    divide(problem_->kernels->tile_rows, tiles_);
    divide(std::max<std::size_t>(problem_->kernels->streams_rows, 1), stream_tiles_);
  }

  // A block by itself: one that some rows do not meet, or one that is left over.
  void meet_one(std::size_t block, AttentionTally& tally) {
    const std::byte* const values = values_of(block);
    for (const Share& some : tiles_) {
      const std::size_t keys = bounds(block, some, tally);
      if (keys == 0) continue;
      score(block, some, keys, {scores_.data() + some.first * keys, keys});
      turn_to_numerators(some, keys);
      correct(some);
      weigh(values, some, keys);
    }
  }

  // Blocks `from` up to `from` + `count`, and for each further stream those `apart` from them.
  struct Abreast {
    std::size_t from, apart, count;
    [[nodiscard]] std::size_t block(std::size_t i, std::size_t stream) const {
      return from + i + stream * apart;
    }
  };

  void meet_abreast(const Abreast& abreast, AttentionTally& tally) {
    const std::size_t keys = abreast.count * streams() * kBlock;
    const std::size_t at_once = streams_at_once();
    for (std::size_t first = 0; first < streams(); first += at_once) {
      for (std::size_t i = 0; i < abreast.count; ++i) score_streams(abreast, i, first, at_once);
    }
    count_met(abreast, tally);
    turn_to_numerators({0, rows()}, keys);
    correct({0, rows()});
    for (std::size_t i = 0; i < abreast.count; ++i) weigh_abreast(abreast, i);
  }

  // The same for all tiles; 1 where one stream is as fast, and where there are so many rows that
  // work on them takes longer than their keys take to come.
  [[nodiscard]] std::size_t streams_at_once() const {
    const simd::ProductKernels& k = *problem_->kernels;
    if (problem_->parts.size() > 1 || rows() > kStreamTiles * k.streams_rows) return 1;
    return std::min(problem_->key_streams,
                    k.streams_of[stream_tiles_.front().last - stream_tiles_.front().first]);
  }

  // Of those that are `i`-th, the blocks of `count` streams from `first` on.
  void score_streams(const Abreast& abreast, std::size_t i, std::size_t first, std::size_t count) {
    const std::size_t keys = abreast.count * streams() * kBlock;
    float* const out = scores_.data() + (i * streams() + first) * kBlock;
    if (count == 1) {
      for (const Share& some : tiles_) {
        score(abreast.block(i, first), some, kBlock, {out + some.first * keys, keys});
      }
      return;
    }
    const KeyPart& part = problem_->parts.front();
    simd::Tile tile{};
    tile.steps = part.steps();
    tile.left_stride = part.steps() * problem_->kernels->left_bytes;
    tile.stream_count = count;
    for (const Share& some : stream_tiles_) {
      tile.rows = some.last - some.first;
      tile.left = query_at(0, some.first);
      for (std::size_t stream = 0; stream < count; ++stream) {
        tile.streams[stream] = keys_of(part, abreast.block(i, first + stream));
        tile.outs[stream] = out + some.first * keys + stream * kBlock;
        tile.out_strides[stream] = keys;
      }
      problem_->kernels->part_streams(tile);
    }
  }

  // weighted = weighted + numerators * values, for those that are `i`-th
  void weigh_abreast(const Abreast& abreast, std::size_t i) {
    const std::size_t row_bytes = numerators_bytes(abreast.count * streams() * kBlock);
    const std::size_t width = problem_->padded_values();
    simd::Tile tile{};
    tile.steps = value_steps(kBlock);
    tile.left_stride = row_bytes;
    tile.left_gap = numerators_bytes(kBlock);
    tile.stream_count = streams();
    tile.onto_stride = tile.out_stride = width;
    for (std::size_t column = 0; column < width; column += kBlock) {
      tile.columns = std::min(kBlock, width - column);
      tile.right_stride = 4 * tile.columns;
      for (std::size_t stream = 0; stream < streams(); ++stream) {
        tile.streams[stream] = values_of(abreast.block(i, stream)) + column * tile.steps * 4;
      }
      for (const Share& some : tiles_) {
        tile.rows = some.last - some.first;
        tile.left = numerators_.data() + some.first * row_bytes + i * streams() * tile.left_gap;
        tile.onto = tile.out = weighted_.data() + some.first * width + column;
        multiply_abreast(tile);
      }
    }
  }

  void multiply_abreast(simd::Tile tile) const {
    if (tile.columns == kBlock) return problem_->kernels->join_streams(tile);
    const std::byte* const left = tile.left;
    for (std::size_t stream = 0; stream < streams(); ++stream) {
      tile.left = tile.ahead = tile.far = left + stream * tile.left_gap;
      tile.right = tile.streams[stream];
      problem_->kernels->multiply(tile);
    }
  }

  // Every row has met every key of these blocks, but for those after its position: they are the
  // last ones of the last block.
  void count_met(const Abreast& abreast, AttentionTally& tally) {
    const std::size_t keys = abreast.count * streams() * kBlock;
    std::fill_n(first_.begin(), rows(), 0);
    const std::size_t end = (abreast.block(abreast.count - 1, streams() - 1) + 1) * kBlock;
    for (std::size_t i = 0; i < rows(); ++i) {
      const std::size_t met = std::min(end, problem_->position(rows_.first + i) + 1);
      last_[i] = static_cast<int>(keys - (end - met)) - 1;
      tally.meetings += last_[i] + 1;
    }
    for (std::size_t stream = 0; stream < streams(); ++stream) {
      const std::size_t start = abreast.block(0, stream) * kBlock;
      tally.opened[sequence_].join(
          start, std::min(start + abreast.count * kBlock, problem_->position(rows_.last - 1) + 1));
    }
  }

  // Which keys of the block each row meets, and how many have to be worked on from the block's
  // first on: a multiple of 16, or none. This is where meetings are counted.
  std::size_t bounds(std::size_t block, Share rows, AttentionTally& tally) {
    const std::size_t start = block * kBlock;
    std::size_t keys = 0;
    for (std::size_t i = rows.first; i < rows.last; ++i) {
      const std::size_t position = problem_->position(rows_.first + i);
      const std::size_t from = std::max(start, first_key(problem_->reach, position));
      const std::size_t to = std::min(start + kBlock, position + 1);
      first_[i] = from < to ? static_cast<int>(from - start) : 0;
      last_[i] = from < to ? static_cast<int>(to - start) - 1 : -1;
      if (from >= to) continue;
      keys = std::max(keys, up_to(to - start, 16));
      tally.meetings += static_cast<std::int64_t>(to - from);
      tally.opened[sequence_].join(from, to);
    }
    return keys;
  }

  struct Scores {
    float* first;
    std::size_t stride;  // from row to row
  };

  // Of the first `keys` of the block.
  void score(std::size_t block, Share rows, std::size_t keys, Scores out) {
    const AttentionProblem& p = *problem_;
    for (std::size_t k = 0; k < p.parts.size(); ++k) {
      const KeyPart& part = p.parts[k];
      simd::Tile tile{};
      tile.rows = rows.last - rows.first;
      tile.columns = keys;
      tile.right_stride = 4 * kBlock;
      tile.steps = part.steps();
      tile.left = query_at(k, rows.first);
      tile.left_stride = part.steps() * p.kernels->left_bytes;
      tile.right = keys_of(part, block);
      tile.out = out.first;
      tile.out_stride = out.stride;
      tile.onto = k == 0 ? nullptr : tile.out;
      tile.onto_stride = tile.out_stride;
      tile.ahead = tile.far = tile.left;
      p.kernels->multiply(tile);
    }
  }

  // Scores of `rows` stand one row after the other, `keys` of each.
  void turn_to_numerators(Share rows, std::size_t keys) {
    const AttentionProblem& p = *problem_;
    const std::size_t row_bytes = numerators_bytes(keys);
    p.kernels->softmax({rows.last - rows.first, keys, scores_.data() + rows.first * keys,
                        first_.data() + rows.first, last_.data() + rows.first, p.scale, p.cap,
                        largest_.data() + rows.first, sums_.data() + rows.first,
                        corrections_.data() + rows.first,
                        numerators_.data() + rows.first * row_bytes, row_bytes});
  }

  [[nodiscard]] std::size_t value_steps(std::size_t keys) const {
    return keys / depth_of(problem_->parts.front().cache->shape().stored);
  }
  // Of a row.
  [[nodiscard]] std::size_t numerators_bytes(std::size_t keys) const {
    return value_steps(keys) * problem_->kernels->left_bytes;
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

  // weighted = weighted + numerators * values, of the first `keys` of a block
  void weigh(const std::byte* values, Share rows, std::size_t keys) {
    const AttentionProblem& p = *problem_;
    const std::size_t width = p.padded_values();
    for (std::size_t column = 0; column < width; column += kBlock) {
      float* const sums = weighted_.data() + rows.first * width + column;
      simd::Tile tile{};
      tile.rows = rows.last - rows.first;
      tile.columns = std::min(kBlock, width - column);
      tile.right_stride = 4 * tile.columns;
      tile.steps = value_steps(keys);
      tile.left_stride = numerators_bytes(keys);
      tile.left = numerators_.data() + rows.first * tile.left_stride;
      tile.right = values + column * value_steps(kBlock) * 4;
      tile.onto = tile.out = sums;
      tile.onto_stride = tile.out_stride = width;
      tile.ahead = tile.far = tile.left;
      p.kernels->multiply(tile);
    }
  }

  const AttentionProblem* problem_;
  std::size_t sequence_ = 0, kv_head_ = 0, first_block_ = 0;
  Share rows_{};
  std::vector<Share> tiles_, stream_tiles_;
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

}  // namespace llmarch::fast
