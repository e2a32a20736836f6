// Recurrences by chunks of tokens: what a chunk has to remember of its tokens while it runs, and
// the state that it leaves. The mathematics stands in sim/graph/state_op.h, and what it shares with
// the form by step in recurrence_kernels.h.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/reference/recurrence_kernels.h"

namespace llmarch::reference {

// A chunk of one value head, token after token.
template <class Scalar>
class ChunkOfHead {
 public:
  // `state` is (key_dim, value_dim), as the chunk finds it; a head has one decay, or one for each
  // row of its state.
  ChunkOfHead(std::span<Scalar> state, std::size_t key_dim, std::size_t decays)
      : state_(state), key_dim_(key_dim), since_(decays, Scalar(1.0)) {}

  void add(const RecurrentInput<Scalar>& in, std::span<Scalar> out) {
    decay_earlier(in.decay);
    std::vector<Scalar> change(in.value.begin(), in.value.end());
    if (in.strength) {
      const std::vector<Scalar> held = held_for(in.key);
      for (std::size_t j = 0; j < change.size(); ++j) {
        change[j] = (change[j] - held[j]) * *in.strength;
      }
    }
    std::ranges::copy(held_for(in.query), out.begin());
    accumulate_product(dot(in.key, in.query), std::span<const Scalar>(change), out);
    earlier_.push_back({{in.key.begin(), in.key.end()}, Scalar(1.0), std::move(change)});
  }

  // Overwrites the state with what the chunk leaves.
  void finish() {
    const std::size_t width = state_.size() / key_dim_;
    const std::size_t of_one_decay = state_.size() / since_.size();
    for (std::size_t i = 0; i < state_.size(); ++i) {
      state_[i] = state_[i] * since_[i / of_one_decay];
    }
    for (const Earlier& each : earlier_) {
      for (std::size_t i = 0; i < key_dim_; ++i) {
        const Scalar key = decays_as_one() ? each.key[i] * each.decayed_to : each.key[i];
        accumulate_product(key, std::span<const Scalar>(each.change), part(state_, i, width));
      }
    }
  }

 private:
  struct Earlier {
    std::vector<Scalar> key;  // decayed, where each row of the state decays by itself
    Scalar decayed_to;        // what is left of 1, where the head decays as one
    std::vector<Scalar> change;
  };

  [[nodiscard]] bool decays_as_one() const { return since_.size() == 1; }

  void decay_earlier(std::span<const Scalar> decay) {
    for (std::size_t i = 0; i < since_.size(); ++i) since_[i] = since_[i] * decay[i];
    for (Earlier& each : earlier_) {
      if (decays_as_one()) {
        each.decayed_to = each.decayed_to * decay[0];
        continue;
      }
      for (std::size_t i = 0; i < key_dim_; ++i) each.key[i] = each.key[i] * decay[i];
    }
  }

  // What the state, as it would be after the tokens so far, holds for a key or a query.
  [[nodiscard]] std::vector<Scalar> held_for(std::span<const Scalar> reader) const {
    const std::size_t width = state_.size() / key_dim_;
    std::vector<Scalar> held(width, Scalar(0.0));
    for (std::size_t i = 0; i < key_dim_; ++i) {
      accumulate_product(reader[i] * since_[decays_as_one() ? 0 : i],
                         std::span<const Scalar>(part(state_, i, width)), std::span<Scalar>(held));
    }
    for (const Earlier& each : earlier_) {
      Scalar score = dot(std::span<const Scalar>(each.key), reader);
      if (decays_as_one()) score = score * each.decayed_to;
      accumulate_product(score, std::span<const Scalar>(each.change), std::span<Scalar>(held));
    }
    return held;
  }

  std::span<Scalar> state_;
  std::size_t key_dim_;
  std::vector<Scalar> since_;  // the product of all decays of the chunk so far
  std::vector<Earlier> earlier_;
};

template <class Scalar>
void run(BlockRun<Scalar>& step, const ChunkedRecurrence& op) {
  RecurrentRows<Scalar> rows(step, op.rule);
  auto state = step.stepped_state(op.rule.state);
  const std::size_t tokens = step.tokens();
  for (std::size_t first = 0; first < step.batch() * tokens;) {
    const std::size_t last = first + std::min(size(op.chunk), tokens - first % tokens);
    const auto states = state.step(step.place(first).sequence);
    for (std::size_t head = 0; head < rows.heads(); ++head) {
      ChunkOfHead<Scalar> chunk(rows.state_of(states, head), rows.key_dim(), rows.decays());
      for (std::size_t r = first; r < last; ++r) chunk.add(rows.input(r, head), rows.out(r, head));
      chunk.finish();
    }
    first = last;
  }
}

}  // namespace llmarch::reference
