#include "kernels/fast/attention_pass.h"

#include <algorithm>
#include <cmath>

namespace llmarch::fast {
namespace {

constexpr std::size_t kMostBlocks = 256;  // scored before their values are summed
// The most scores at a time: 128 KiB, an eighth of a second-level cache.
constexpr std::size_t kMostScores = 32768;
constexpr std::size_t kStreamTiles = 2;  // of rows, at most, whose keys are scored in streams

// The bytes of a block of the cache after it is widened; 0 where it need not be.
std::size_t widened_bytes(const Cache& cache) {
  return is_narrow(cache.shape().format) ? cache.padded_width() * kBlock * bytes_of(Stored::bf16)
                                         : 0;
}

}  // namespace

std::size_t AttentionPass::bytes(const AttentionProblem& problem) {
  const AttentionPass measured(problem, nullptr);
  return measured.taken_;
}

AttentionPass::AttentionPass(const AttentionProblem& problem, std::byte* memory)
    : problem_(&problem), memory_(memory) {
  const std::size_t rows = problem.stretch();
  for (std::size_t i = 0; i < problem.parts.size(); ++i) {
    queries_[i] = take<std::byte>(rows * problem.parts[i].steps() * problem.kernels->left_bytes);
    widened_keys_[i] = take<std::byte>(widened_bytes(*problem.parts[i].cache));
  }
  if (problem.values != nullptr) widened_values_ = take<std::byte>(widened_bytes(*problem.values));
  largest_ = take<float>(rows);
  sums_ = take<float>(rows);
  growths_ = take<float>(rows);
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

// Without memory, only counts what would be taken.
template <class T>
std::span<T> AttentionPass::take(std::size_t count) {
  auto* const start = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + taken_);
  taken_ += up_to(count * sizeof(T), 64);
  return {start, count};
}

void AttentionPass::run(std::size_t sequence, std::size_t kv_head, Share rows, Share blocks,
                        AttentionTally& tally) {
  start(sequence, kv_head, rows, blocks.first);
  const Share interleaved = interleaved_blocks(blocks);
  const std::size_t each = (interleaved.last - interleaved.first) / streams();
  const std::size_t most = std::clamp<std::size_t>(kMostScores / (keys_of(1) * this->rows()), 1,
                                                   kMostBlocks / streams());
  for (std::size_t block = blocks.first; block < interleaved.first; ++block) {
    attend_block(block, tally);
  }
  for (std::size_t i = 0; i < each; i += most) {
    attend_interleaved({interleaved.first + i, each, std::min(most, each - i)}, tally);
  }
  for (std::size_t block = interleaved.first + each * streams(); block < blocks.last; ++block) {
    attend_block(block, tally);
  }
}

void AttentionPass::finish() const {
  const AttentionProblem& p = *problem_;
  for (std::size_t i = 0; i < rows(); ++i) {
    // A sink adds to the sum, and may be larger than every score.
    const float sink = p.sink(kv_head_, rows_.first + i);
    const float larger = std::max(sink, largest_[i]);
    const float scale = std::exp2(largest_[i] - larger);
    const float sum = sums_[i] * scale + (sink == kNone ? 0 : std::exp2(sink - larger));
    p.rows->scale(weighted_.data() + i * p.padded_values(), p.value_width, scale / sum,
                  p.target(sequence_, kv_head_, rows_.first + i));
  }
}

PartialAttention AttentionPass::partial() const {
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

void AttentionPass::start(std::size_t sequence, std::size_t kv_head, Share rows,
                          std::size_t first_block) {
  sequence_ = sequence;
  kv_head_ = kv_head;
  rows_ = rows;
  first_block_ = first_block;
  divide(problem_->kernels->tile_rows, tiles_);
  divide(std::max<std::size_t>(problem_->kernels->streams_rows, 1), stream_tiles_);
  convert_queries();
  std::fill(largest_.begin(), largest_.end(), kNone);
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  for (std::size_t i = 0; i < this->rows(); ++i) growths_[i] = problem_->growth(rows.first + i);
  std::fill_n(weighted_.begin(), this->rows() * problem_->padded_values(), 0.0F);
}

// Divides the rows evenly into tiles of at most `most`.
void AttentionPass::divide(std::size_t most, std::vector<Share>& tiles) const {
  const std::size_t count = (rows() + most - 1) / most;
  tiles.clear();
  for (std::size_t i = 0; i < count; ++i) tiles.push_back(share_of(rows(), i, count));
}

void AttentionPass::convert_queries() {
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

// Those of the blocks that every row attends to in full or, in the last block, up to its own
// position. Latents are not interleaved: each block of them is transposed into values first, and
// multiplying it takes longer than reading it. Neither are narrow caches, whose blocks are widened
// one by one, and keys whose scores depend on their distance, which is added block by block.
Share AttentionPass::interleaved_blocks(Share blocks) const {
  const AttentionProblem& p = *problem_;
  const std::size_t first = first_key(p.reach, p.position(rows_.last - 1));
  const std::size_t from = std::clamp((first + kBlock - 1) / kBlock, blocks.first, blocks.last);
  const std::size_t last = p.position(rows_.last - 1) / kBlock;
  const bool together = p.position(rows_.first) / kBlock == last;
  const std::size_t end = together ? last + 1 : (p.position(rows_.first) + 1) / kBlock;
  const std::size_t to = std::clamp(end, blocks.first, blocks.last);
  const bool apart = p.values == nullptr || !p.slopes.empty() || p.any_narrow();
  return apart || to < from ? Share{from, from} : Share{from, to};
}

const std::byte* AttentionPass::values_at(std::size_t block) {
  const AttentionProblem& p = *problem_;
  if (p.values != nullptr) {
    widen(*p.values, block, widened_values_);
    return block_at(*p.values, block, widened_values_);
  }
  p.kernels->turn(keys_at(0, block), p.padded_values(), turned_.data());
  return turned_.data();
}

// Where the cache is narrow: its block as products read it.
void AttentionPass::widen(const Cache& cache, std::size_t block,
                          std::span<std::byte> memory) const {
  const simd::NarrowKernels& narrow = *problem_->narrow;
  const std::byte* const from = cache.block(sequence_, head_of(cache), block);
  const std::size_t elements = cache.padded_width() * kBlock;
  switch (cache.shape().format) {
    case CacheFormat::f32:
    case CacheFormat::bf16: return;
    case CacheFormat::f16: return narrow.f16(from, elements, memory.data());
    case CacheFormat::fp8: return narrow.fp8(from, elements, memory.data());
    case CacheFormat::q8_0:
      return cache.shape().layout == CacheLayout::keys
                 ? narrow.q8_keys(from, cache.padded_width(), memory.data())
                 : narrow.q8_values(from, cache.padded_width(), memory.data());
  }
}

// One block by itself: not all rows attend to it, or it is left over from the interleaved ones.
void AttentionPass::attend_block(std::size_t block, AttentionTally& tally) {
  for (std::size_t k = 0; k < problem_->parts.size(); ++k) {
    widen(*problem_->parts[k].cache, block, widened_keys_[k]);
  }
  const std::byte* const values = values_at(block);
  for (const Share& some : tiles_) {
    const std::size_t keys = bounds(block, some, tally);
    if (keys == 0) continue;
    score(block, some, keys, {scores_.data() + some.first * keys, keys});
    if (!problem_->slopes.empty()) add_distances(block, some, keys);
    softmax(some, keys);
    correct(some);
    add_values(values, some, keys);
  }
}

// Sets which keys of the block each row attends to. Returns how many of the block's keys, from its
// first on, have to be worked on: a multiple of 16, or none.
std::size_t AttentionPass::bounds(std::size_t block, Share rows, AttentionTally& tally) {
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
    tally.pairs += static_cast<std::int64_t>(to - from);
    tally.read[sequence_].extend(from, to);
  }
  return keys;
}

// Computes the scores of the first `keys` of the block.
void AttentionPass::score(std::size_t block, Share rows, std::size_t keys, Scores out) {
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
    tile.right = keys_at(k, block);
    tile.out = out.first;
    tile.out_stride = out.stride;
    tile.onto = k == 0 ? nullptr : tile.out;
    tile.onto_stride = tile.out_stride;
    tile.ahead = tile.far = tile.left;
    p.kernels->multiply(tile);
  }
}

// ALiBi: adds what the scale turns into the slope times the distance. Keys after the row's own
// position are hidden by the softmax.
void AttentionPass::add_distances(std::size_t block, Share rows, std::size_t keys) {
  const AttentionProblem& p = *problem_;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const float slope = p.slopes[p.head(kv_head_, rows_.first + i)] / p.scale;
    const auto position = static_cast<float>(p.position(rows_.first + i));
    float* const scores = scores_.data() + i * keys;
    for (std::size_t key = 0; key < keys; ++key) {
      scores[key] += slope * (static_cast<float>(block * kBlock + key) - position);
    }
  }
}

// Turns scores into numerators, stored row after row with `keys` of each.
void AttentionPass::softmax(Share rows, std::size_t keys) {
  const AttentionProblem& p = *problem_;
  const std::size_t row_bytes = numerators_bytes(keys);
  p.kernels->softmax({rows.last - rows.first, keys, scores_.data() + rows.first * keys,
                      first_.data() + rows.first, last_.data() + rows.first, p.scale, p.cap,
                      growths_.data() + rows.first, largest_.data() + rows.first,
                      sums_.data() + rows.first, corrections_.data() + rows.first,
                      numerators_.data() + rows.first * row_bytes, row_bytes});
}

// weighted = weighted * correction
void AttentionPass::correct(Share rows) {
  const std::size_t width = problem_->padded_values();
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    if (corrections_[i] == 1) continue;
    float* const sums = weighted_.data() + i * width;
    problem_->rows->scale(sums, width, corrections_[i], sums);
  }
}

// weighted = weighted + numerators * values, over the first `keys` of a block
void AttentionPass::add_values(const std::byte* values, Share rows, std::size_t keys) {
  const std::size_t width = problem_->padded_values();
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
    problem_->kernels->multiply(tile);
  }
}

void AttentionPass::attend_interleaved(const Interleaved& blocks, AttentionTally& tally) {
  const std::size_t at_once = streams_at_once();
  for (std::size_t first = 0; first < streams(); first += at_once) {
    for (std::size_t i = 0; i < blocks.count; ++i) score_streams(blocks, i, first, at_once);
  }
  count_interleaved(blocks, tally);
  softmax({0, rows()}, keys_of(blocks.count));
  correct({0, rows()});
  for (std::size_t i = 0; i < blocks.count; ++i) add_interleaved_values(blocks, i);
}

// Every row attended to every key of these blocks, except, at the end of the last block, the keys
// after its own position.
void AttentionPass::count_interleaved(const Interleaved& blocks, AttentionTally& tally) {
  const std::size_t keys = keys_of(blocks.count);
  std::fill_n(first_.begin(), rows(), 0);
  const std::size_t end = (blocks.block(blocks.count - 1, streams() - 1) + 1) * kBlock;
  for (std::size_t i = 0; i < rows(); ++i) {
    const std::size_t own_end = std::min(end, problem_->position(rows_.first + i) + 1);
    last_[i] = static_cast<int>(keys - (end - own_end)) - 1;
    tally.pairs += last_[i] + 1;
  }
  for (std::size_t stream = 0; stream < streams(); ++stream) {
    const std::size_t start = blocks.block(0, stream) * kBlock;
    tally.read[sequence_].extend(
        start, std::min(start + blocks.count * kBlock, problem_->position(rows_.last - 1) + 1));
  }
}

// The same number for all tiles. It is 1 where one stream is as fast as several, and where there
// are so many rows that computing takes longer than reading their keys.
std::size_t AttentionPass::streams_at_once() const {
  const simd::ProductKernels& k = *problem_->kernels;
  if (problem_->parts.size() > 1 || rows() > kStreamTiles * k.streams_rows) return 1;
  return std::min(problem_->key_streams,
                  k.streams_of[stream_tiles_.front().last - stream_tiles_.front().first]);
}

// Computes the scores of the i-th blocks of `count` streams, from stream `first` on.
void AttentionPass::score_streams(const Interleaved& blocks, std::size_t i, std::size_t first,
                                  std::size_t count) {
  const std::size_t keys = keys_of(blocks.count);
  float* const out = scores_.data() + (i * streams() + first) * kBlock;
  if (count == 1) {
    for (const Share& some : tiles_) {
      score(blocks.block(i, first), some, kBlock, {out + some.first * keys, keys});
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
      tile.streams[stream] = keys_at(0, blocks.block(i, first + stream));
      tile.outs[stream] = out + some.first * keys + stream * kBlock;
      tile.out_strides[stream] = keys;
    }
    problem_->kernels->part_streams(tile);
  }
}

// weighted = weighted + numerators * values, over the i-th blocks of all streams
void AttentionPass::add_interleaved_values(const Interleaved& blocks, std::size_t i) {
  const std::size_t row_bytes = numerators_bytes(keys_of(blocks.count));
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
      tile.streams[stream] = values_at(blocks.block(i, stream)) + column * tile.steps * 4;
    }
    for (const Share& some : tiles_) {
      tile.rows = some.last - some.first;
      tile.left = numerators_.data() + some.first * row_bytes + i * streams() * tile.left_gap;
      tile.onto = tile.out = weighted_.data() + some.first * width + column;
      multiply_interleaved(tile);
    }
  }
}

// Narrow values, of less than a block's 64 columns, are multiplied stream by stream.
void AttentionPass::multiply_interleaved(simd::Tile tile) const {
  if (tile.columns == kBlock) return problem_->kernels->join_streams(tile);
  const std::byte* const left = tile.left;
  for (std::size_t stream = 0; stream < streams(); ++stream) {
    tile.left = tile.ahead = tile.far = left + stream * tile.left_gap;
    tile.right = tile.streams[stream];
    problem_->kernels->multiply(tile);
  }
}

}  // namespace llmarch::fast
