// Recurrences by chunks of tokens (sim/graph/state_op.h says what is computed). For each chunk a
// row of the state is read once, and multiplied by the queries and keys of all tokens while it is
// in the first-level cache. Then the tokens are added one after another, and at the end of the
// chunk each row of the state is overwritten once.
#include <algorithm>
#include <vector>

#include "kernels/fast/recurrence.h"
#include "kernels/fast/simd/kernels.h"

namespace llmarch::fast {
namespace {

std::size_t floats_of_chunk(const RecurrenceShape& shape, std::size_t chunk) {
  return chunk * (2 * size(shape.key_dim) + size(shape.value_dim) + 2);
}

// A chunk of one value head. Keys lie transposed, so that the scores of all tokens before one are
// made side by side.
class ChunkOfFloats {
 public:
  ChunkOfFloats(const simd::RowKernels& kernels, const RecurrenceShape& shape, std::size_t most,
                float* scratch)
      : kernels_(kernels),
        key_dim_(size(shape.key_dim)),
        value_dim_(size(shape.value_dim)),
        most_(most),
        keys_(scratch),
        since_(keys_ + key_dim_ * most),
        changes_(since_ + key_dim_ * most),
        decayed_to_(changes_ + value_dim_ * most),
        scores_(decayed_to_ + most) {}

  // `heads` are the chunk's tokens, `state` is (key_dim, value_dim). Returns the pairs of a token
  // and one before it.
  std::size_t run(const std::vector<RecurrentHead>& heads, float* state) {
    decays_as_one_ = heads.front().decay_stride == 0;
    read_state(heads, state);
    std::size_t pairs = 0;
    for (std::size_t token = 0; token < heads.size(); ++token) {
      add_token(heads[token], token);
      pairs += token;
    }
    write_state(heads.size(), state);
    return pairs;
  }

 private:
  [[nodiscard]] float* change_of(std::size_t token) const { return changes_ + token * value_dim_; }
  // The product of the decays up to this token, of a row of the state.
  [[nodiscard]] float since(std::size_t token, std::size_t row) const {
    return since_[token * key_dim_ + (decays_as_one_ ? 0 : row)];
  }

  void multiply_decays(const std::vector<RecurrentHead>& heads) {
    const std::size_t decays = decays_as_one_ ? 1 : key_dim_;
    for (std::size_t token = 0; token < heads.size(); ++token) {
      for (std::size_t i = 0; i < decays; ++i) {
        const float before = token == 0 ? 1 : since_[(token - 1) * key_dim_ + i];
        since_[token * key_dim_ + i] = before * heads[token].decay[i];
      }
    }
  }

  // What the state holds for each query goes to its output, and for each key to its change.
  void read_state(const std::vector<RecurrentHead>& heads, const float* state) {
    multiply_decays(heads);
    for (std::size_t token = 0; token < heads.size(); ++token) {
      std::fill_n(heads[token].out, value_dim_, 0.0F);
      std::fill_n(change_of(token), value_dim_, 0.0F);
    }
    for (std::size_t i = 0; i < key_dim_; ++i) {
      const float* const row = state + i * value_dim_;
      for (std::size_t token = 0; token < heads.size(); ++token) {
        const RecurrentHead& head = heads[token];
        kernels_.accumulate(row, value_dim_, head.query[i] * since(token, i), head.out);
        if (!head.strength) continue;
        kernels_.accumulate(row, value_dim_, head.key[i] * since(token, i), change_of(token));
      }
    }
  }

  // One token, after all that are before it in the chunk.
  void add_token(const RecurrentHead& head, std::size_t token) {
    decay_keys(head, token);
    float* const change = change_of(token);
    if (head.strength) {
      add_changes(head.key, token, change);
      for (std::size_t j = 0; j < value_dim_; ++j) {
        change[j] = (head.value[j] - change[j]) * *head.strength;
      }
    } else {
      std::copy_n(head.value, value_dim_, change);
    }
    float score = 0;
    for (std::size_t i = 0; i < key_dim_; ++i) {
      keys_[i * most_ + token] = head.key[i];
      score += head.key[i] * head.query[i];
    }
    decayed_to_[token] = 1;
    add_changes(head.query, token, head.out);
    kernels_.accumulate(change, value_dim_, score, head.out);
  }

  void decay_keys(const RecurrentHead& head, std::size_t earlier) {
    if (decays_as_one_) {
      kernels_.scale(decayed_to_, earlier, head.decay[0], decayed_to_);
      return;
    }
    for (std::size_t i = 0; i < key_dim_; ++i) {
      kernels_.scale(keys_ + i * most_, earlier, head.decay[i], keys_ + i * most_);
    }
  }

  // Adds the changes of the first `earlier` tokens, as this key or query scores their keys.
  void add_changes(const float* reader, std::size_t earlier, float* sum) {
    std::fill_n(scores_, earlier, 0.0F);
    for (std::size_t i = 0; i < key_dim_; ++i) {
      kernels_.accumulate(keys_ + i * most_, earlier, reader[i], scores_);
    }
    for (std::size_t j = 0; j < earlier; ++j) {
      const float score = decays_as_one_ ? scores_[j] * decayed_to_[j] : scores_[j];
      kernels_.accumulate(change_of(j), value_dim_, score, sum);
    }
  }

  void write_state(std::size_t tokens, float* state) {
    for (std::size_t i = 0; i < key_dim_; ++i) {
      float* const row = state + i * value_dim_;
      kernels_.scale(row, value_dim_, since(tokens - 1, i), row);
      for (std::size_t j = 0; j < tokens; ++j) {
        const float key = keys_[i * most_ + j];
        kernels_.accumulate(change_of(j), value_dim_, decays_as_one_ ? key * decayed_to_[j] : key,
                            row);
      }
    }
  }

  const simd::RowKernels& kernels_;
  std::size_t key_dim_, value_dim_, most_;
  float* keys_;        // (key_dim, most), decayed where each row of the state decays by itself
  float* since_;       // (most, key_dim), of which a head that decays as one has the first column
  float* changes_;     // (most, value_dim)
  float* decayed_to_;  // (most), what is left of 1, where the head decays as one
  float* scores_;      // (most)
  bool decays_as_one_ = true;
};

// One head of one sequence, at all of its tokens.
ChunkedCounts run_head(ChunkOfFloats& chunk_of_head, std::size_t chunk, const Places& places,
                       const RecurrentHeads& heads, std::size_t sequence, std::size_t head,
                       float* state) {
  ChunkedCounts counts;
  std::vector<RecurrentHead> tokens;
  for (std::size_t first = 0; first < places.tokens; first += chunk) {
    const std::size_t last = std::min(first + chunk, places.tokens);
    tokens.clear();
    for (std::size_t token = first; token < last; ++token) {
      tokens.push_back(heads.at(sequence * places.tokens + token, head));
    }
    counts.pairs += chunk_of_head.run(tokens, state);
    counts.tokens += tokens.size();
    ++counts.chunks;
  }
  return counts;
}

}  // namespace

ChunkedCounts& ChunkedCounts::operator+=(const ChunkedCounts& more) {
  tokens += more.tokens;
  pairs += more.pairs;
  chunks += more.chunks;
  return *this;
}

std::size_t chunked_recurrence_floats(const RecurrenceShape& shape, std::size_t chunk,
                                      std::size_t threads) {
  return threads * floats_of_chunk(shape, chunk);
}

ChunkedCounts run_chunked_recurrence(Team& team, const RecurrenceShape& shape, std::size_t chunk,
                                     const Places& places, const RecurrenceRows& rows,
                                     FixedState& state, float* scratch) {
  check_sizes(shape, places, rows, state);
  const simd::RowKernels& kernels = simd::kernels_of(team.isa()).rows;
  const RecurrentHeads all(shape, rows);
  const std::size_t heads = size(shape.value_heads);
  const std::size_t of_head = size(shape.key_dim * shape.value_dim);
  std::vector<ChunkedCounts> counts(team.size());
  team.run([&](std::size_t thread) {
    ChunkOfFloats of_thread(kernels, shape, chunk,
                            scratch + thread * floats_of_chunk(shape, chunk));
    const Share share = share_of(places.sequences * heads, thread, team.size());
    for (std::size_t item = share.first; item < share.last; ++item) {
      const std::size_t sequence = item / heads;
      const std::size_t head = item % heads;
      counts[thread] += run_head(of_thread, chunk, places, all, sequence, head,
                                 state.floats(sequence).data() + head * of_head);
    }
  });
  ChunkedCounts sum;
  for (const ChunkedCounts& each : counts) sum += each;
  return sum;
}

}  // namespace llmarch::fast
