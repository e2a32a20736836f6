// A step: one operation of one layer in the reference kernels. This file knows how an operation
// reads and writes its operands, and enters each access in the ledger.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/reference/kept.h"
#include "kernels/reference/kv_cache.h"
#include "kernels/reference/ledger.h"
#include "kernels/reference/links.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/workload.h"

namespace llmarch::reference {

// A value of the graph, while its block runs.
template <class Scalar>
struct Rows {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<Scalar> elements;
};

template <class Scalar>
class RowReader {
 public:
  RowReader(const Rows<Scalar>& source, Elements& sink)
      : source_(&source), tally_(source.rows, source.columns, sink) {}
  std::span<const Scalar> row(std::size_t index) {
    tally_.enter(index);
    return std::span<const Scalar>(source_->elements)
        .subspan(index * source_->columns, source_->columns);
  }
  [[nodiscard]] std::size_t rows() const { return source_->rows; }

 private:
  const Rows<Scalar>* source_;
  RowTally tally_;
};

template <class Scalar>
class RowWriter {
 public:
  RowWriter(Rows<Scalar>& target, Elements& sink)
      : target_(&target), tally_(target.rows, target.columns, sink) {}
  std::span<Scalar> row(std::size_t index) {
    tally_.enter(index);
    return std::span<Scalar>(target_->elements).subspan(index * target_->columns, target_->columns);
  }
  [[nodiscard]] std::size_t rows() const { return target_->rows; }

 private:
  Rows<Scalar>* target_;
  RowTally tally_;
};

template <class Scalar>
class CacheReader {
 public:
  // An entry is `heads` heads side by side.
  CacheReader(const LayerCache<Scalar>& cache, std::size_t heads, const StorageFormat& format,
              Work& work)
      : cache_(&cache),
        heads_(heads),
        positions_(cache.positions(0)),
        tally_(cache.batch() * positions_, cache.columns(), heads, format, work.cache_read,
               work.cache_bytes_read) {}
  // The part of one head.
  std::span<const Scalar> row(std::size_t sequence, std::size_t position, std::size_t head = 0) {
    tally_.enter(sequence * positions_ + position, head);
    const std::size_t width = cache_->columns() / heads_;
    return cache_->row(sequence, position).subspan(head * width, width);
  }
  void read_all() {
    for (std::size_t entry = 0; entry < cache_->batch() * positions_; ++entry) {
      for (std::size_t head = 0; head < heads_; ++head) tally_.enter(entry, head);
    }
  }

 private:
  const LayerCache<Scalar>* cache_;
  std::size_t heads_;
  std::size_t positions_;
  EntryTally tally_;
};

// The fixed state of each sequence: what was there before the step, and what replaces it.
template <class Scalar>
class StateAccess {
 public:
  StateAccess(LayerState<Scalar>& state, const StorageFormat& format, Work& work)
      : state_(&state),
        format_(format),
        read_(state.batch(), state.columns(), 1, format, work.cache_read, work.cache_bytes_read),
        overwritten_(state.batch(), state.columns(), 1, format, work.cache_written,
                     work.cache_bytes_written) {}

  std::vector<Scalar> read(std::size_t sequence) {
    read_.enter(sequence);
    const auto row = state_->row(sequence);
    return {row.begin(), row.end()};
  }
  void overwrite(std::size_t sequence, std::span<const Scalar> row) {
    overwritten_.enter(sequence);
    std::ranges::copy(kept_in(format_, row), state_->row(sequence).begin());
  }

 private:
  LayerState<Scalar>* state_;
  StorageFormat format_;
  EntryTally read_, overwritten_;
};

// The fixed state of each sequence, which every token reads and overwrites: each time is entered.
template <class Scalar>
class SteppedState {
 public:
  SteppedState(LayerState<Scalar>& state, const StorageFormat& format, Work& work)
      : state_(&state), bytes_(bytes_of_single_row(state.columns(), format)), work_(&work) {}

  // What was there before the token, to be overwritten in place.
  std::span<Scalar> step(std::size_t sequence) {
    const auto elements = Elements(static_cast<std::int64_t>(state_->columns()));
    work_->cache_read += elements;
    work_->cache_bytes_read += bytes_;
    work_->cache_written += elements;
    work_->cache_bytes_written += bytes_;
    return state_->row(sequence);
  }

 private:
  LayerState<Scalar>* state_;
  Bytes bytes_;
  Work* work_;
};

class WeightReader {
 public:
  WeightReader(const Weight& weight, WeightId id, std::size_t layer,
               std::span<const float> elements, Ledger& ledger)
      : rows_(size(weight.rows)),
        columns_(size(weight.columns)),
        id_(id),
        layer_(layer),
        elements_(elements),
        ledger_(&ledger),
        touched_(size(weight.copies), false),
        tally_(rows_ * size(weight.copies), columns_, ledger.current().weights_read),
        byte_tally_(size(weight.copies), rows_, columns_, weight.format,
                    ledger.current().weight_bytes_read),
        looked_up_bytes_(bytes_of_single_row(columns_, weight.format)) {}

  std::span<const float> row(std::size_t index, std::size_t copy = 0) {
    touch(copy);
    const std::size_t row = copy * rows_ + index;
    if (tally_.enter(row)) byte_tally_.enter(row);
    return elements_.subspan((copy * rows_ + index) * columns_, columns_);
  }
  // Reads one row of a table, and enters every look-up: rows that are looked up twice are read
  // twice.
  std::span<const float> look_up(std::size_t index) {
    touch(0);
    ledger_->current().weights_read += Elements(static_cast<std::int64_t>(columns_));
    ledger_->current().weight_bytes_read += looked_up_bytes_;
    return elements_.subspan(index * columns_, columns_);
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }

 private:
  void touch(std::size_t copy) {
    if (touched_.at(copy)) return;
    touched_[copy] = true;
    ledger_->touch({id_, layer_, copy});
  }

  std::size_t rows_;
  std::size_t columns_;
  WeightId id_;
  std::size_t layer_;
  std::span<const float> elements_;
  Ledger* ledger_;
  std::vector<bool> touched_;
  RowTally tally_;
  ByteTally byte_tally_;
  Bytes looked_up_bytes_;
};

// The place of a row: its sequence, and its position in it.
struct RowPlace {
  std::size_t sequence;
  std::size_t position;
};

// The newest choice of an index: for each row and each group of heads the chosen blocks of keys,
// ascending.
struct KeyChoice {
  std::size_t groups = 0;
  std::vector<std::vector<std::size_t>> blocks;  // (rows, groups)
};

// What the kernels of one block need in one layer.
template <class Scalar>
struct BlockRun {
  const OpGraph* graph;
  const Block* block;
  std::size_t place_in_stack;               // the layer's index in the stack
  std::size_t layer;                        // among the layers that run this block
  std::span<const std::size_t> layers_run;  // of each block, including this layer
  const WeightStore* weights;
  KvCaches<Scalar>* caches;
  const Workload* workload;
  std::span<const std::int64_t> token_ids;
  Ledger* ledger;
  KeyChoice* choice;
  std::vector<Rows<Scalar>> values;
  Links* links = nullptr;  // to other ranks; none where the graph is a whole model's

  RowReader<Scalar> read(ValueId value) {
    return {values.at(value), ledger->current().activations_read};
  }
  RowWriter<Scalar> write(ValueId value) {
    Rows<Scalar>& rows = values.at(value);
    rows.rows = row_count(block->values.at(value));
    rows.columns = size(block->values.at(value).columns);
    rows.elements.assign(rows.rows * rows.columns, Scalar(0.0));
    return {rows, ledger->current().activations_written};
  }
  WeightReader weight(WeightId id) {
    return {graph->weight(id), id, layer, weights->of(id, layer), *ledger};
  }
  // This layer's own cache, or that of the latest layer of another block.
  CacheReader<Scalar> cache(CacheId id, std::size_t heads = 1) {
    const std::size_t owner = layers_run[graph->cache(id).block] - 1;
    return {caches->of(id, owner), heads, graph->cache(id).format, ledger->current()};
  }

  // This layer's own.
  StateAccess<Scalar> state(CacheId id) {
    return {caches->state_of(id, layer), graph->cache(id).format, ledger->current()};
  }

  SteppedState<Scalar> stepped_state(CacheId id) {
    return {caches->state_of(id, layer), graph->cache(id).format, ledger->current()};
  }

  [[nodiscard]] std::size_t batch() const { return size(workload->batch); }
  [[nodiscard]] std::size_t tokens() const { return size(workload->tokens); }
  [[nodiscard]] std::size_t past() const { return size(workload->past); }
  [[nodiscard]] RowPlace place(std::size_t token_row) const {
    return {token_row / tokens(), past() + token_row % tokens()};
  }
  [[nodiscard]] std::size_t row_count(const Value& value) const {
    if (value.striped) return batch() * visible(*value.striped, past() + tokens() - 1);
    switch (value.rows) {
      case RowAxis::tokens: return batch() * tokens();
      case RowAxis::keys: return batch() * (past() + tokens());
      case RowAxis::logits: return batch() * (workload->logits == Logits::last ? 1 : tokens());
      case RowAxis::tokens_of_ranks: return size(workload->token_ranks) * batch() * tokens();
    }
    throw std::logic_error("row_count: an axis outside the enumeration");
  }
};

}  // namespace llmarch::reference
