// OpGraph: the model as a list of operations on symbolic tensors. It is what the cost rules price
// and what the executor runs, the very same list. This file knows how operations, weights and
// caches make a model; op.h knows the operations, lower.h which of them make an architecture, and
// workload.h how many rows they have.
//
// Barrier: from here on there are no model names. Shapes are symbolic in the workload: a value has
// a number of columns and says what its rows stand for, so one graph serves every workload.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/graph/op.h"
#include "sim/graph/state.h"
#include "sim/graph/weight_role.h"
#include "sim/graph/work_kind.h"
#include "sim/graph/workload.h"
#include "sim/storage_format.h"
#include "sim/units.h"

namespace llmarch {

// The place of a weight in its layer, by which some checkpoints tell two weights of one role apart.
struct SublayerPlace {
  std::size_t sublayer = 0;               // counted from 0; 0 outside of sublayers too
  std::optional<std::size_t> block = {};  // among the sublayer's blocks; absent: of all together
  friend bool operator==(const SublayerPlace&, const SublayerPlace&) = default;
};

// A weight of a block. Every layer that runs the block has one of its own.
struct Weight {
  WeightRole role;
  std::size_t block = 0;
  Integer rows;        // output columns; 1 for a vector
  Integer columns;     // input columns
  Integer copies = 1;  // experts
  SublayerPlace place = {};
  StorageFormat format = plain(DType::bf16);
  [[nodiscard]] Elements elements_of_copy() const { return Elements(rows * columns); }
  [[nodiscard]] Elements elements() const { return Elements(rows * columns * copies); }
  [[nodiscard]] Bytes bytes_of_copy() const { return bytes_of(rows, columns, format); }
  [[nodiscard]] Bytes bytes() const { return bytes_of_copy() * copies; }
  // One row by itself, with the scales of the blocks that it lies in.
  [[nodiscard]] Bytes bytes_of_row() const { return bytes_of(1, columns, format); }
};

// What attention does with the entries of a cache: keys are multiplied with a query, values are
// weighted and summed. Latents are both, and count as keys; so does what no attention reads. It
// decides in which format the cache is stored, and how an engine lays it out.
enum class CacheSide { keys, values };

// A cache of a block. Every layer that runs the block has one of its own, with the entries of each
// sequence.
struct Cache {
  std::string name;
  std::size_t block = 0;
  Integer columns;  // elements of an entry
  State state;      // when there is an entry, and for how long
  CacheSide side = CacheSide::keys;
  StorageFormat format = plain(DType::bf16);
  [[nodiscard]] Bytes bytes_of_entry() const { return bytes_of(1, columns, format); }
};

// What the rows of a value stand for.
enum class RowAxis {
  tokens,           // batch x tokens
  keys,             // batch x (past + tokens)
  logits,           // batch x the positions whose logits are wanted
  tokens_of_ranks,  // the tokens of all ranks that exchange them (Workload::token_ranks)
};

enum class Content {
  numbers,
  choice,  // of experts: for each row their indices, and then as many weights
};

struct Value {
  RowAxis rows = RowAxis::tokens;
  Integer columns;
  Content content = Content::numbers;
  std::optional<Striped> striped = {};  // rows are keys: those that a rank has; absent: all
};

struct Node {
  std::string name;  // "query projection": a row of the books
  WorkKind kind;
  Component part;  // of the model; where the operation reads weights, the component they count in
  Op op;
};

// The nodes from `first` up to `last` run only in this form of their mixer.
struct FormNodes {
  Form form;
  std::size_t first, last;
};

enum class BlockKind { input, layer, output };

// Operations that run together: the embedding, one kind of layer, the head. A layer block is stored
// once and runs once for each of its layers.
struct Block {
  std::string name;
  BlockKind kind;
  Integer repeats = 1;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<FormNodes> forms;  // ranges that do not overlap; all other nodes run in every form
  // The hidden state. Absent in an input block, but where the graph continues from one: a
  // prediction layer's.
  std::optional<ValueId> input;
  // A second input of every layer beside the hidden state. The input block makes those of all
  // layers side by side, and the layer at place p of the stack is given the columns from p times
  // their number on. Absent where there is none.
  std::optional<ValueId> per_layer_input;
  ValueId output = 0;  // the hidden state, or the logits
};

// Whether the node runs when mixers run in these forms.
bool runs(const Block& block, std::size_t node, const Forms& forms);

struct OpGraph {
  std::vector<Block> blocks;  // the input block first, the output block last
  std::vector<Weight> weights;
  std::vector<Cache> caches;
  std::vector<std::size_t> layers;  // the block of each layer in order
  // Where these are some of a model's layers, a stage of a pipeline: how many come before them, and
  // how many there are in all.
  std::size_t layers_before = 0;
  std::optional<std::size_t> all_layers = {};

  [[nodiscard]] std::size_t depth() const { return all_layers.value_or(layers.size()); }
  [[nodiscard]] const Weight& weight(WeightId id) const { return weights.at(id); }
  [[nodiscard]] const Cache& cache(CacheId id) const { return caches.at(id); }
  // How many instances the model has: one for each layer that runs the weight's block.
  [[nodiscard]] Integer instances(const Weight& weight) const {
    return blocks.at(weight.block).repeats;
  }
};

// The weights of which the operation reads only the copies that its rows choose.
std::vector<ReadsExperts> experts_read_by(const Op& op);

// The experts that a table lists ids of, where the weight is such a table.
std::optional<Integer> experts_listed_in(const OpGraph& graph, WeightId weight);

// The rows of the smallest table that tokens are looked up in: every id below is valid.
Integer token_vocabulary(const OpGraph& graph);

// The rows of the table of learned positions, which are all the positions that the model can have;
// none where it has no such table.
std::optional<Integer> learned_positions(const OpGraph& graph);

}  // namespace llmarch
