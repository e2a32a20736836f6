// The caches of one run: what each layer keeps of the past positions, and what it drops once no
// later query can reach it. This file knows how many elements are really held; the scalar is that
// of the kernels.
#pragma once

#include <span>
#include <stdexcept>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// One cache of one layer: for each sequence the rows of its positions, in order.
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
  // How many positions the sequence has had, dropped ones included.
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

// The first position that the query at `position` attends to: a loop bound of the attention
// kernels.
inline std::size_t first_key(const Reach& reach, std::size_t position) {
  if (const auto* window = std::get_if<Window>(&reach)) {
    const auto size = static_cast<std::size_t>(window->size.value());
    return position < size ? 0 : position - size + 1;
  }
  if (const auto* chunk = std::get_if<Chunk>(&reach)) {
    return position - position % static_cast<std::size_t>(chunk->size.value());
  }
  return 0;
}

template <class Scalar>
class KvCaches {
 public:
  KvCaches(const OpGraph& graph, std::size_t batch) : batch_(batch) {
    for (const Cache& cache : graph.caches) {
      const auto layers = static_cast<std::size_t>(graph.blocks.at(cache.block).repeats.value());
      const auto columns = static_cast<std::size_t>(cache.columns.value());
      layers_.emplace_back(layers, LayerCache<Scalar>(batch, columns));
    }
  }

  // Drops from every cache what no query after its newest position can reach.
  void forget_unreachable(const OpGraph& graph) {
    for (CacheId id = 0; id < layers_.size(); ++id) {
      for (LayerCache<Scalar>& layer : layers_[id]) {
        for (std::size_t sequence = 0; sequence < batch_; ++sequence) {
          const std::size_t newest = layer.positions(sequence) - 1;
          layer.forget_before(sequence, first_key(graph.cache(id).reach, newest));
        }
      }
    }
  }

  // The cache of the `layer`th layer that runs the cache's block.
  LayerCache<Scalar>& of(CacheId cache, std::size_t layer) { return layers_.at(cache).at(layer); }

  [[nodiscard]] std::size_t batch() const { return batch_; }
  // Positions that every sequence has had.
  [[nodiscard]] std::size_t past() const { return past_; }
  void advance(std::size_t positions) { past_ += positions; }
  // Elements really held, over all layers and sequences.
  [[nodiscard]] Elements held() const {
    Elements sum;
    for (const auto& layers : layers_) {
      for (const auto& layer : layers) sum += Elements(layer.held());
    }
    return sum;
  }

 private:
  std::size_t batch_;
  std::size_t past_ = 0;
  std::vector<std::vector<LayerCache<Scalar>>> layers_;
};

}  // namespace llmarch
