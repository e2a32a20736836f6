// Engine: runs the op graph with the fast kernels, at full size. This file knows what a run is
// given and what it gives back: the clock's reading and the counted work of every operation. The
// order of operations and their buffers are known by step_plan.h, the weights by model_weights.h,
// what counts as work by work_units.h.
//
// Counted here means counted from the bounds of loops that really ran: rows, keys and experts that
// went through the kernels. What one row, key or element takes is asked of the reference kernels,
// run with Counted. sim/cost has no part in it.
//
// For a slice, work and seconds are those of the layers that are held, times how many layers of the
// kind the model has for each of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernels/engine/held.h"
#include "kernels/fast/isa.h"
#include "kernels/fast/stored.h"
#include "kernels/fast/team.h"
#include "kernels/reference/executor.h"
#include "kernels/weights/weight_store.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"

namespace llmarch::fast {

struct EngineOptions {
  Stored weights;  // matrices and tables; norms and biases are held as float
  Stored kv;
  std::size_t threads;
  Isa isa;
  Held held;
  Integer batch;        // sequences
  Integer positions;    // that the caches have room for, past and new
  Integer step_tokens;  // that one step brings to each sequence at most
};

// What an engine takes of memory, before one is made.
struct Footprint {
  Bytes weights;
  Bytes caches;
  Bytes work;  // rows between operations and the kernels' own, for the largest step
  [[nodiscard]] Bytes total() const { return weights + caches + work; }
};
Footprint footprint(const OpGraph& graph, const EngineOptions& options);

// One line of the book on the clock: the layers that are held, times the repeat.
struct NodeSeconds {
  std::size_t block;  // index into OpGraph::blocks
  std::size_t node;   // index into Block::nodes
  double seconds;
};

struct StepRun {
  Book book;
  std::vector<NodeSeconds> seconds;  // as many as the book has lines, in their order
  double total_seconds = 0;          // the sum of the lines
  double elapsed_seconds = 0;  // of what was run: for a whole model the same, but for rounding
  Elements active;             // of all weights that were read at all
  std::vector<Execution::DistinctExperts> distinct_experts;
  Elements cache;  // elements that later queries can still attend to, after the step
  Trace trace;     // as much as was asked for
};

// The state of an engine's sequences between two steps. The caches keep what they held for another
// step, so that their positions are enough.
struct EngineSnapshot {
  Integer positions;
};

// What of a step's rows is copied out, off the clock: nothing; the logits; these, the hidden states
// and the routing.
enum class Keep { nothing, logits, everything };

class Engine {
 public:
  // The graph must outlive the engine. Random weights, the same for the same seed whatever the
  // instruction set and the threads. Throws std::invalid_argument where options and graph do not
  // agree.
  static Engine synthetic(const OpGraph& graph, const EngineOptions& options, std::uint64_t seed);
  // Weights that are handed over one by one: `load` is called once, and hands each to the function
  // that it is given, in any order; what is not held is passed over.
  static Engine loaded(const OpGraph& graph, const EngineOptions& options,
                       const std::function<void(const TakeWeight&)>& load);
  static Engine of(const OpGraph& graph, const EngineOptions& options, const WeightStore& weights);

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // The caches hold nothing.
  void forget();
  // The caches hold `positions` positions of random content, for decode at that depth.
  void assume_past(Integer positions);
  // What has been run so far, so that the step after it can be run again.
  [[nodiscard]] EngineSnapshot snapshot() const;
  // Goes back to a snapshot of this engine, by at most a step: what a cache gave up since then is
  // gone. Throws std::invalid_argument when it is further away.
  void restore(const EngineSnapshot& snapshot);
  // Positions that the caches have been through.
  [[nodiscard]] Integer past() const;

  // `token_ids`: (batch, tokens), each below the vocabulary; `workload.past` is past(). Throws
  // std::invalid_argument when these or the room in the caches do not agree.
  StepRun run(const Workload& workload, std::span<const std::int64_t> token_ids,
              Keep keep = Keep::nothing);
  // The same with rows sent to the experts of `follow`, one entry for each layer that routes, in
  // order, with every row of the step. What is kept of the routing is the router's own choice, and
  // the weights of the experts that were followed.
  StepRun run_following(const Workload& workload, std::span<const std::int64_t> token_ids,
                        std::span<const RoutingTrace> follow);

  // What a probe beside the run needs: the threads, and the memory that a step of decode streams.
  Team& team();
  [[nodiscard]] std::span<const std::byte> weight_memory() const;

  // Parameters really held; of a slice, times the repeat and the experts there are for each held.
  [[nodiscard]] Elements parameters() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmarch::fast
