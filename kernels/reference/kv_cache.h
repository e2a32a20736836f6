// The caches of one run: what each layer keeps of the past positions, and what it drops once no
// later query can reach it. This file knows how many elements are really held; the scalar is that
// of the kernels.
#pragma once

#include <span>
#include <stdexcept>
#include <variant>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// A cache of one layer that grows: for each sequence its rows in order, a row for each position or,
// in a compressed cache, for each group of them.
template <class Scalar>
class LayerCache {
 public:
  LayerCache(std::size_t batch, std::size_t columns) : columns_(columns), sequences_(batch) {}

  void append(std::size_t sequence, std::span<const Scalar> row) {
    auto& rows = sequences_.at(sequence).rows;
    rows.insert(rows.end(), row.begin(), row.end());
  }
  // Drops the positions before `first`, which no later query can reach.
  void forget_before(std::size_t sequence, std::size_t first) {
    Sequence& held = sequences_.at(sequence);
    const std::size_t count = first - held.first;
    held.rows.erase(held.rows.begin(),
                    held.rows.begin() + static_cast<std::ptrdiff_t>(count * columns_));
    held.first = first;
  }
  // Asking for a position that was dropped is a bug of the kernels.
  [[nodiscard]] std::span<const Scalar> row(std::size_t sequence, std::size_t position) const {
    const Sequence& held = sequences_.at(sequence);
    if (position < held.first) throw std::logic_error("a key beyond the reach was asked for");
    return std::span<const Scalar>(held.rows).subspan((position - held.first) * columns_, columns_);
  }
  // How many rows were appended to the sequence, dropped ones included.
  [[nodiscard]] std::size_t positions(std::size_t sequence) const {
    const Sequence& held = sequences_.at(sequence);
    return held.first + held.rows.size() / columns_;
  }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t batch() const { return sequences_.size(); }
  [[nodiscard]] std::int64_t held() const {
    std::int64_t sum = 0;
    for (const Sequence& held : sequences_) sum += std::ssize(held.rows);
    return sum;
  }

 private:
  struct Sequence {
    std::size_t first = 0;  // the oldest position that is held
    std::vector<Scalar> rows;
  };
  std::size_t columns_;
  std::vector<Sequence> sequences_;
};

// A fixed state of one layer: one row for each sequence, which is zero before the first step. A
// copy of it is a snapshot.
template <class Scalar>
class LayerState {
 public:
  LayerState(std::size_t batch, std::size_t columns)
      : columns_(columns), elements_(batch * columns, Scalar(0.0)) {}

  [[nodiscard]] std::span<Scalar> row(std::size_t sequence) {
    return std::span(elements_).subspan(sequence * columns_, columns_);
  }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t batch() const { return elements_.size() / columns_; }
  [[nodiscard]] std::int64_t held() const { return std::ssize(elements_); }

 private:
  std::size_t columns_;
  std::vector<Scalar> elements_;
};

// The first position that the query at `position` attends to: a loop bound of the attention
// kernels.
inline std::size_t first_key(const Reach& reach, std::size_t position) {
  const auto first = Overloaded{[](const EveryKey&) { return std::size_t{0}; },
                                [&](const Window& window) {
                                  const auto size = static_cast<std::size_t>(window.size.value());
                                  return position < size ? 0 : position - size + 1;
                                },
                                [&](const Chunk& chunk) {
                                  const auto size = static_cast<std::size_t>(chunk.size.value());
                                  return position - position % size;
                                },
                                // The first that may be chosen.
                                [](const ChosenKeys&) { return std::size_t{0}; },
                                [](const Entries&) { return std::size_t{0}; },
                                [](const Striped&) { return std::size_t{0}; }};
  return std::visit(first, reach);
}

// Whether a rank with these keys has that of the position.
inline bool is_own(const Striped& striped, std::size_t position) {
  return position % size(striped.every) == size(striped.first);
}

// How many keys, or entries, there are for the query at `position`: those up to its own, those of
// the groups that are complete with it, or those that are a rank's own.
inline std::size_t visible(const Reach& reach, std::size_t position) {
  if (const auto* striped = std::get_if<Striped>(&reach)) {
    const std::size_t first = size(striped->first);
    return position < first ? 0 : (position - first) / size(striped->every) + 1;
  }
  const auto* entries = std::get_if<Entries>(&reach);
  if (entries == nullptr) return position + 1;
  return (position + 1) / static_cast<std::size_t>(entries->positions.value());
}

// Whether an index chooses what a query attends to.
inline bool is_chosen(const Reach& reach) {
  const auto* entries = std::get_if<Entries>(&reach);
  return std::holds_alternative<ChosenKeys>(reach) || (entries != nullptr && entries->chosen);
}

// The first position that later entries are made of, after `positions` positions.
inline std::size_t first_waiting(const Waiting& waiting, std::size_t positions) {
  const auto each = static_cast<std::size_t>(waiting.positions.value());
  const std::size_t complete = positions / each;
  const bool again = waiting.until == Waiting::For::next_group && complete > 0;
  return (again ? complete - 1 : complete) * each;
}

template <class Scalar>
class KvCaches {
 public:
  KvCaches(const OpGraph& graph, std::size_t batch) : batch_(batch) {
    for (const Cache& cache : graph.caches) {
      const auto layers = static_cast<std::size_t>(graph.blocks.at(cache.block).repeats.value());
      const auto columns = static_cast<std::size_t>(cache.columns.value());
      const Kept empty =
          std::visit([&](const auto& state) { return kept(state, batch, columns); }, cache.state);
      layers_.emplace_back(layers, empty);
    }
  }

  // Drops from every cache what no query after its newest position can reach.
  void forget_unreachable(const OpGraph& graph) {
    for (CacheId id = 0; id < layers_.size(); ++id) {
      std::visit([&](const auto& state) { forget_unreachable(state, id); }, graph.cache(id).state);
    }
  }

  // The cache of the `layer`th layer that runs the cache's block. Asking for the wrong kind throws
  // std::bad_variant_access.
  LayerCache<Scalar>& of(CacheId cache, std::size_t layer) {
    return std::get<LayerCache<Scalar>>(layers_.at(cache).at(layer));
  }
  LayerState<Scalar>& state_of(CacheId cache, std::size_t layer) {
    return std::get<LayerState<Scalar>>(layers_.at(cache).at(layer));
  }

  [[nodiscard]] std::size_t batch() const { return batch_; }
  // Positions that every sequence has had.
  [[nodiscard]] std::size_t past() const { return past_; }
  void advance(std::size_t positions) { past_ += positions; }
  // Elements really held, over all layers and sequences.
  [[nodiscard]] Elements held() const {
    Elements sum;
    for (const auto& layers : layers_) {
      for (const Kept& layer : layers) {
        sum += std::visit([](const auto& kept) { return Elements(kept.held()); }, layer);
      }
    }
    return sum;
  }

 private:
  using Kept = std::variant<LayerCache<Scalar>, LayerState<Scalar>>;

  static Kept kept(const Growing&, std::size_t batch, std::size_t columns) {
    return LayerCache<Scalar>(batch, columns);
  }
  static Kept kept(const Fixed&, std::size_t batch, std::size_t columns) {
    return LayerState<Scalar>(batch, columns);
  }
  static Kept kept(const Compressed&, std::size_t batch, std::size_t columns) {
    return LayerCache<Scalar>(batch, columns);
  }

  static Kept kept(const Waiting&, std::size_t batch, std::size_t columns) {
    return LayerCache<Scalar>(batch, columns);
  }

  void forget_unreachable(const Growing& growing, CacheId id) {
    for (std::size_t layer = 0; layer < layers_[id].size(); ++layer) {
      LayerCache<Scalar>& cache = of(id, layer);
      for (std::size_t sequence = 0; sequence < batch_; ++sequence) {
        const std::size_t newest = cache.positions(sequence) - 1;
        cache.forget_before(sequence, first_key(growing.reach, newest));
      }
    }
  }
  void forget_unreachable(const Fixed&, CacheId) {}       // it is overwritten
  void forget_unreachable(const Compressed&, CacheId) {}  // every entry can be reached
  void forget_unreachable(const Waiting& waiting, CacheId id) {
    for (std::size_t layer = 0; layer < layers_[id].size(); ++layer) {
      LayerCache<Scalar>& cache = of(id, layer);
      for (std::size_t sequence = 0; sequence < batch_; ++sequence) {
        cache.forget_before(sequence, first_waiting(waiting, cache.positions(sequence)));
      }
    }
  }

  std::size_t batch_;
  std::size_t past_ = 0;
  std::vector<std::vector<Kept>> layers_;  // of each cache
};

}  // namespace llmarch
