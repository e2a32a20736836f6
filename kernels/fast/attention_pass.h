// One thread's pass over the keys of one key/value head: scores, softmax and weighted sum, block by
// block.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "kernels/fast/attention_problem.h"
#include "kernels/fast/team.h"

// The query rows that share a key head (each of its query heads at each token) are worked on in
// stretches, and a stretch in tiles of six rows: their scores, numerators and sums stay in the
// first-level cache while a block of 64 keys and their values passes. Where all rows are one
// stretch, as in decode, the keys are divided between the threads instead, and the threads' partial
// softmaxes are joined.
//
// Blocks that every row attends to, in full or up to its own position, are interleaved: one is
// taken from each half or quarter of the keys in turn, because several streams are read from memory
// faster than one. Which number of streams is fastest is tried out (memory_streams.h): one thread
// of a Zen 4 read keys and values at 23 GB/s in two streams and at 21 in four, alternating within
// one process. Streams are fastest where the arithmetic itself reads them: prefetching the next
// blocks during the work on these reached 83 % of the bandwidth instead of 88, and prefetching the
// first values during the softmax gained nothing. They pay off when they are long, so the keys of
// many blocks are scored before their values are summed.
//
// Where one stream is as fast as several, keys are scored block after block for all rows at once,
// because the rows of a second tile would read interleaved blocks again. That made attention in
// decode of qwen3-0.6b up to 3 % faster, and with four query heads to a key head up to 4 %
// (alternating within one process, 1k to 16k).
//
// A block of a narrow cache is widened to bf16 once for all rows of the stretch, and stays in the
// second-level cache while they attend to it. It is read by widening it, so nothing is interleaved.
namespace llmarch::fast {

// A thread's memory for a pass over keys, taken from the team's scratch. Newly allocated memory
// would be new pages at every step, which cost more time than the keys.
class AttentionPass {
 public:
  // The memory that a pass needs.
  static std::size_t bytes(const AttentionProblem& problem);

  // `memory` has bytes(problem) bytes, aligned to a cache line. The problem must outlive the pass.
  AttentionPass(const AttentionProblem& problem, std::byte* memory);

  // Attends with the query rows of `rows` to the blocks of `blocks`, and adds what was read to the
  // tally.
  void run(std::size_t sequence, std::size_t kv_head, Share rows, Share blocks,
           AttentionTally& tally);

  // Writes the rows' results, after `run` over all blocks.
  void finish() const;

  // The rows' partial softmax, after `run` over some of the blocks.
  [[nodiscard]] PartialAttention partial() const;

 private:
  // Several streams of `count` consecutive blocks. The first begins at block `from`, and each
  // further one `apart` blocks after the one before.
  struct Interleaved {
    std::size_t from, apart, count;
    [[nodiscard]] std::size_t block(std::size_t i, std::size_t stream) const {
      return from + i + stream * apart;
    }
  };
  struct Scores {
    float* first;
    std::size_t stride;  // floats from row to row
  };

  template <class T>
  std::span<T> take(std::size_t count);

  [[nodiscard]] std::size_t rows() const { return rows_.last - rows_.first; }
  [[nodiscard]] std::size_t streams() const { return problem_->streams; }
  // How many keys are in that many blocks of each stream.
  [[nodiscard]] std::size_t keys_of(std::size_t blocks) const {
    return blocks * streams() * kBlock;
  }
  [[nodiscard]] std::size_t value_steps(std::size_t keys) const {
    return keys / depth_of(arithmetic_of(problem_->parts.front().cache->shape().format));
  }
  // The bytes of a row's numerators.
  [[nodiscard]] std::size_t numerators_bytes(std::size_t keys) const {
    return value_steps(keys) * problem_->kernels->left_bytes;
  }
  std::byte* query_at(std::size_t part, std::size_t row) {
    return queries_[part].data() +
           row * problem_->parts[part].steps() * problem_->kernels->left_bytes;
  }
  [[nodiscard]] std::size_t head_of(const Cache& cache) const {
    return cache.shape().heads == 1 ? 0 : kv_head_;
  }
  // Where products read the block: in the cache or, after it was widened, in `memory`.
  [[nodiscard]] const std::byte* block_at(const Cache& cache, std::size_t block,
                                          std::span<const std::byte> memory) const {
    if (is_narrow(cache.shape().format)) return memory.data();
    return cache.block(sequence_, head_of(cache), block);
  }
  [[nodiscard]] const std::byte* keys_at(std::size_t part, std::size_t block) const {
    return block_at(*problem_->parts[part].cache, block, widened_keys_[part]);
  }
  void widen(const Cache& cache, std::size_t block, std::span<std::byte> memory) const;
  const std::byte* values_at(std::size_t block);

  void divide(std::size_t most, std::vector<Share>& tiles) const;
  void start(std::size_t sequence, std::size_t kv_head, Share rows, std::size_t first_block);
  void convert_queries();
  [[nodiscard]] Share interleaved_blocks(Share blocks) const;

  void attend_block(std::size_t block, AttentionTally& tally);
  std::size_t bounds(std::size_t block, Share rows, AttentionTally& tally);
  void score(std::size_t block, Share rows, std::size_t keys, Scores out);
  void add_distances(std::size_t block, Share rows, std::size_t keys);
  void softmax(Share rows, std::size_t keys);
  void correct(Share rows);
  void add_values(const std::byte* values, Share rows, std::size_t keys);

  void attend_interleaved(const Interleaved& blocks, AttentionTally& tally);
  void count_interleaved(const Interleaved& blocks, AttentionTally& tally);
  [[nodiscard]] std::size_t streams_at_once() const;
  void score_streams(const Interleaved& blocks, std::size_t i, std::size_t first,
                     std::size_t count);
  void add_interleaved_values(const Interleaved& blocks, std::size_t i);
  void multiply_interleaved(simd::Tile tile) const;

  const AttentionProblem* problem_;
  std::size_t sequence_ = 0, kv_head_ = 0, first_block_ = 0;
  Share rows_{};
  std::vector<Share> tiles_, stream_tiles_;
  std::byte* memory_;
  std::size_t taken_ = 0;
  std::array<std::span<std::byte>, kMostParts> queries_;  // a left operand for each part
  std::span<float> largest_, sums_, growths_;             // (stretch)
  std::span<float> weighted_;                             // (stretch, padded values)
  std::span<int> first_, last_;   // (stretch), the keys that a row attends to in the scores at hand
  std::span<float> corrections_;  // (stretch)
  std::span<float> scores_;       // (rows, keys)
  std::span<std::byte> numerators_, turned_;
  std::array<std::span<std::byte>, kMostParts> widened_keys_;  // the block at hand of narrow caches
  std::span<std::byte> widened_values_;
};

}  // namespace llmarch::fast
