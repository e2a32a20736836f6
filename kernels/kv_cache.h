// The caches of one run: what each layer keeps of the positions that it has seen. This file knows how
// many elements are really held; the scalar is the kernels' own.
#pragma once

#include <span>
#include <vector>

#include "sim/graph/op_graph.h"

namespace llmarch {

// One cache of one layer: for each sequence the rows of its positions, in order.
template <class Scalar>
class LayerCache {
 public:
  LayerCache(std::size_t batch, std::size_t columns) : columns_(columns), sequences_(batch) {}

  void append(std::size_t sequence, std::span<const Scalar> row) {
    auto& rows = sequences_.at(sequence);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  [[nodiscard]] std::span<const Scalar> row(std::size_t sequence, std::size_t position) const {
    return std::span<const Scalar>(sequences_.at(sequence)).subspan(position * columns_, columns_);
  }
  [[nodiscard]] std::size_t positions(std::size_t sequence) const {
    return sequences_.at(sequence).size() / columns_;
  }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t batch() const { return sequences_.size(); }
  [[nodiscard]] std::int64_t held() const {
    std::int64_t sum = 0;
    for (const auto& rows : sequences_) sum += std::ssize(rows);
    return sum;
  }

 private:
  std::size_t columns_;
  std::vector<std::vector<Scalar>> sequences_;
};

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

  // Of the `layer`th layer that runs the cache's block.
  LayerCache<Scalar>& of(CacheId cache, std::size_t layer) { return layers_.at(cache).at(layer); }

  [[nodiscard]] std::size_t batch() const { return batch_; }
  // Positions that every sequence has been through.
  [[nodiscard]] std::size_t past() const {
    if (layers_.empty() || layers_.front().empty()) return 0;
    return layers_.front().front().positions(0);
  }
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
  std::vector<std::vector<LayerCache<Scalar>>> layers_;
};

}  // namespace llmarch
