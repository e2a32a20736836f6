// The ledger: what a forward pass really did, added up while it runs. Kernels read and write
// weights, caches and rows through the readers and writers of step.h, which enter each access when
// it happens; nothing here is derived from a shape. sim/cost predicts what the ledger should say,
// and neither includes the other.
#pragma once

#include <map>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "kernels/reference/counted.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/storage_format.h"

namespace llmarch {

// One weight matrix of one layer; each expert has matrices of its own.
struct WeightInstance {
  WeightId weight;
  std::size_t layer;  // among the layers that run its block
  std::size_t copy;
  friend auto operator<=>(const WeightInstance&, const WeightInstance&) = default;
};

class Ledger {
 public:
  // Everything entered from here on belongs to this operation.
  void begin(std::size_t block, std::size_t node);
  // The arithmetic tallied since `begin`.
  void enter_arithmetic(const ArithmeticTally& tally);

  Work& current() { return book_.lines.at(line_).work; }
  void touch(const WeightInstance& instance) { touched_.insert(instance); }
  // Enters that an expert ran for one row.
  void note_expert_run() { expert_runs_[line_] += 1; }

  // The operations in the order of the graph, and their total.
  [[nodiscard]] Book book() const;
  // How often the operation of the node has run an expert for a row.
  [[nodiscard]] Integer expert_runs(std::size_t block, std::size_t node) const;
  // Every weight that was read: the active ones.
  [[nodiscard]] const std::set<WeightInstance>& touched() const { return touched_; }

 private:
  Book book_;
  std::size_t line_ = 0;
  std::set<WeightInstance> touched_;
  std::map<std::size_t, Integer> expert_runs_;  // by line
};

// The rows of one operand; each is added to `sink` the first time that it is read or written.
class RowTally {
 public:
  RowTally(std::size_t rows, std::size_t columns, Elements& sink)
      : entered_(rows, false), columns_(columns), sink_(&sink) {}

  // True the first time that the row is entered.
  bool enter(std::size_t row) {
    if (entered_.at(row)) return false;
    entered_[row] = true;
    *sink_ += Elements(static_cast<std::int64_t>(columns_));
    return true;
  }

 private:
  std::vector<bool> entered_;
  std::size_t columns_;
  Elements* sink_;
};

// The bytes of a tensor as it is stored: those of a row when the row is read, and those of a
// block's scales with the first row of the block that is read.
class ByteTally {
 public:
  // `copies` tensors of `rows` rows each; rows are numbered through all of them.
  ByteTally(std::size_t copies, std::size_t rows, std::size_t columns, const StorageFormat& format,
            Bytes& sink);

  // Must be called only once for each row.
  void enter(std::size_t row);

 private:
  struct Scales {
    std::size_t block_rows;
    Bytes of_block_row;      // the scales of all blocks that lie beside each other
    std::vector<bool> read;  // (copies, rows of blocks): which of them were read
  };
  // The scales of blocks that hold elements of several rows: one row's last block may end in the
  // next row.
  struct ScalesAcrossRows {
    std::size_t block_elements;
    std::size_t blocks_of_copy;
    Integer bytes_of_block;
    std::vector<bool> read;  // (copies, blocks): whether the scales of the block were read
  };
  void enter(std::size_t row, ScalesAcrossRows& scales);

  std::size_t rows_;
  std::size_t columns_;
  Bytes row_;
  std::vector<Scales> scales_;
  std::vector<ScalesAcrossRows> across_;
  Bytes* sink_;
};

// The bytes of a single row that is read by itself, with the scales of all its blocks.
Bytes bytes_of_single_row(std::size_t columns, const StorageFormat& format);

// The entries of a cache; each is stored by itself, with scales of its own. An entry is `heads`
// heads side by side, each of which may be read alone; its bytes are its share of the entry's, so
// that the sum is exact wherever every head reads equally many entries.
class EntryTally {
 public:
  EntryTally(std::size_t entries, std::size_t columns, std::size_t heads,
             const StorageFormat& format, Elements& elements, Bytes& bytes)
      : parts_(entries * heads, columns / heads, elements),
        heads_(heads),
        entry_bytes_(bytes_of_single_row(columns, format)),
        bytes_(&bytes) {}

  void enter(std::size_t entry, std::size_t head = 0) {
    if (!parts_.enter(entry * heads_ + head)) return;
    const Bytes before = bytes_of(entered_++);
    *bytes_ += bytes_of(entered_) - before;
  }

 private:
  [[nodiscard]] Bytes bytes_of(std::int64_t parts) const {
    return Bytes(entry_bytes_.amount() * parts / static_cast<std::int64_t>(heads_));
  }

  RowTally parts_;
  std::size_t heads_;
  Bytes entry_bytes_;
  Bytes* bytes_;
  std::int64_t entered_ = 0;
};

}  // namespace llmarch
