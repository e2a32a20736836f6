// Engine: runs the op graph with the fast kernels, at full size. This file knows what a run is
// given and what it returns: the clock's reading and the counted work of every operation. The order
// of operations and their buffers are known by step_plan.h, the weights by model_weights.h, and the
// arithmetic of one row or key by work_units.h.
//
// Counted here means counted from the bounds of loops that really ran: the rows, keys and experts
// that the kernels worked on. The arithmetic per row, key or element comes from the reference
// kernels, run with Counted. sim/cost has no part in it.
//
// Matrices and tables are held in the formats of the graph's weights, norms and biases as floats,
// and caches in the formats of the graph's caches.
//
// For a slice, work and seconds are those of the layers held, scaled up to all layers of their
// kind.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernels/engine/held.h"
#include "kernels/engine/model_caches.h"
#include "kernels/fast/isa.h"
#include "kernels/fast/team.h"
#include "kernels/reference/executor.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch::fast {

struct EngineOptions {
  std::size_t threads;
  Isa isa;
  Held held;
  Integer batch;        // sequences
  Integer positions;    // room in the caches, past and new
  Integer step_tokens;  // new positions of each sequence in one step, at most
};

// The memory that an engine takes, known before one is made.
struct Footprint {
  Bytes weights;
  Bytes caches;
  Bytes work;  // rows between operations and the kernels' scratch, for the largest step
  [[nodiscard]] Bytes total() const { return weights + caches + work; }
};
Footprint footprint(const OpGraph& graph, const EngineOptions& options);

// One operation's time, summed over its block's layers; for a slice scaled up as its work is.
struct NodeSeconds {
  std::size_t block;  // index into OpGraph::blocks
  std::size_t node;   // index into Block::nodes
  double seconds;
};

struct StepRun {
  Book book;
  std::vector<NodeSeconds> seconds;  // one for each line of the book, in the same order
  double total_seconds = 0;          // the sum of the lines
  double elapsed_seconds = 0;  // really passed; the same but for rounding, or less for a slice
  Elements active;             // of all weights that were read
  std::vector<Execution::ExpertsRun> experts_run;
  Holdings cache;  // what later queries can still attend to, after the step
  Trace trace;     // as much as was asked for
};

// The state of an engine's sequences between two steps. Growing caches keep what they held for one
// more step, so the number of positions is enough for them; fixed states are overwritten, so they
// are copied.
struct EngineSnapshot {
  Integer positions;
  std::vector<std::byte> states = {};
};

// What is copied out of a step's rows, outside the timed part: nothing; the logits; or the logits,
// the hidden states and the routing.
enum class Keep { nothing, logits, everything };

class Engine {
 public:
  // With random weights, which depend on the seed only, not on the instruction set or the threads.
  // The graph must outlive the engine. Throws std::invalid_argument where options and graph do not
  // agree.
  static Engine synthetic(const OpGraph& graph, const EngineOptions& options, std::uint64_t seed);
  // With given weights: `load` is called once, and passes each weight to one of the functions that
  // it is given, in any order. Weights that the engine does not hold are ignored. Rows in the
  // blocks in which it holds a matrix are taken as they are.
  static Engine loaded(const OpGraph& graph, const EngineOptions& options,
                       const std::function<void(const TakeWeights&)>& load);
  static Engine of(const OpGraph& graph, const EngineOptions& options, const WeightStore& weights);

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Empties the caches.
  void forget();
  // Fills the caches with `positions` positions of random content, for decode at that depth.
  void assume_past(Integer positions);
  // The state before the next step, so that this step can be run again.
  [[nodiscard]] EngineSnapshot snapshot() const;
  // Goes back to a snapshot of this engine, by at most one step, since a cache drops what it held
  // earlier. Throws std::invalid_argument for an older snapshot, or one of another engine.
  void restore(const EngineSnapshot& snapshot);
  // Positions that each sequence has had.
  [[nodiscard]] Integer past() const;

  // `token_ids` has the shape (batch, tokens), each below the vocabulary; `workload.past` is
  // past(). Throws std::invalid_argument when these do not agree or the caches lack room.
  StepRun run(const Workload& workload, std::span<const std::int64_t> token_ids,
              Keep keep = Keep::nothing);
  // The same with rows sent to the experts of `follow`, and attending to its keys; it has one entry
  // for each layer that routes and for each that chooses keys, in order, with every row of the
  // step. What is kept is the router's and the index's own choice, with the weights of the experts
  // that were followed.
  StepRun run_following(const Workload& workload, std::span<const std::int64_t> token_ids,
                        const Followed& follow);

  // For a probe beside the run: the threads, and the memory that a decode step streams.
  Team& team();
  [[nodiscard]] std::span<const std::byte> weight_memory() const;

  // Parameters held; a slice's are scaled up to all layers and experts.
  [[nodiscard]] Elements parameters() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmarch::fast
