// A step: one operation of one layer, and what the fast kernels need to run it. This file knows how
// an operation gets its rows, weights and caches, and how it enters what it did in the ledger.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/engine/model_caches.h"
#include "kernels/engine/model_weights.h"
#include "kernels/engine/step_ledger.h"
#include "kernels/engine/step_plan.h"
#include "kernels/fast/key_choice.h"
#include "kernels/fast/row_kernels.h"
#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"
#include "sim/graph/workload.h"

namespace llmarch::fast {

// The keys and values that latent attention has expanded for one layer.
struct ExpandedCaches {
  ExpandedCaches(const llmarch::LatentShape& shape, CacheFormat format, std::size_t sequences,
                 std::size_t positions);
  static std::size_t bytes(const llmarch::LatentShape& shape, CacheFormat format,
                           std::size_t sequences, std::size_t positions);
  std::size_t positions;
  HugeMemory memory;
  Cache keys, values;
};

// What is gathered of a cache for one row of queries.
struct GatheredCache {
  explicit GatheredCache(const CacheShape& shape)
      : memory(HugeMemory::rounded(Cache::bytes(shape))), cache(memory, shape) {}
  HugeMemory memory;
  Cache cache;
  std::vector<float> floats;  // of the entries, on their way into the cache
};

// The rows between operations. The numbered slots and the two hidden states lie in one piece of
// memory that is reused from step to step.
struct Workspace {
  std::optional<HugeMemory> memory;
  std::byte* start = nullptr;
  std::size_t bytes = 0;
  std::vector<float*> slots;
  float* hidden_in = nullptr;
  float* hidden_out = nullptr;
  Rows per_layer{};  // the second inputs of all layers, side by side

  std::vector<float> scratch;             // of one operation; as much as the largest needs
  std::vector<Chosen> chosen;             // for each value of the block that is a choice of experts
  std::size_t routed = 0;                 // layers that have routed in this step so far
  std::vector<std::uint32_t> own_choice;  // of the router, where another choice is followed
  std::optional<ExpandedCaches> expanded;
  KeyChoice keys;           // the newest choice of an index
  std::size_t indexed = 0;  // layers that have chosen keys in this step so far
  std::vector<std::vector<std::uint32_t>> own_keys;  // of the index, where another is followed
  std::array<std::unique_ptr<GatheredCache>, 2> gathered;

  struct Angles {
    std::vector<double> frequencies;
    double factor;
    std::size_t positions;
    RotationSense sense;
    RotaryAngles table;
  };
  std::vector<Angles> angles;  // those needed so far
};

struct Step {
  const OpGraph& graph;
  const Workload& workload;
  Places places;
  std::span<const std::int64_t> token_ids;
  Team& team;
  const ModelWeights& weights;
  ModelCaches& caches;
  StepLedger& ledger;
  Workspace& space;
  Followed follow;
  std::span<const std::size_t> layers_run;  // of each block, including the running one
  std::optional<std::size_t> experts_held;  // where not all are held

  // Which operation of which layer runs.
  const Block* block = nullptr;
  const BlockPlan* plan = nullptr;
  std::size_t block_index = 0;
  std::size_t layer = 0;  // among the layers that run the block
  std::size_t node = 0;
  std::size_t place = 0;  // the layer's index in the stack

  [[nodiscard]] Rows value(ValueId id) const;
  [[nodiscard]] const PackedMatrix& matrix(WeightId id, std::size_t copy = 0) const;
  [[nodiscard]] std::span<const float> vector(WeightId id, std::size_t copy = 0) const;
  // This layer's own cache, or that of the latest layer of another block.
  [[nodiscard]] Cache& cache(CacheId id) const {
    return caches.of(id, layers_run[graph.cache(id).block] - 1);
  }
  // This layer's own.
  [[nodiscard]] FixedState& state(CacheId id) const { return caches.state_of(id, layer); }
  [[nodiscard]] float* scratch(std::size_t floats) const;

  // --- What is entered in the line of the current node.
  [[nodiscard]] Work& work() const { return ledger.line(block_index, node).work; }
  [[nodiscard]] const WorkUnits& units() const { return ledger.units(block_index, node); }
  void count_each(std::size_t times) const;
  // Pairs of tokens within chunks of a recurrence, and chunks.
  void count_pairs(std::size_t times) const;
  void count_chunks(std::size_t times) const;
  void count_elements(ConstRows written) const;
  void count_elements(std::size_t times) const;
  void count_read(ConstRows rows) const;
  void count_written(ConstRows rows) const;
  void count_expert_runs(std::size_t runs) const;
  // Enters that a whole matrix or vector was read.
  void count_weight(WeightId id, std::size_t copy = 0) const;
  // Enters that one row of a table was read.
  void count_look_up(WeightId id) const;
  void count_cache_read(CacheId id, std::int64_t positions) const;
  void count_cache_written(CacheId id, ConstRows rows) const;
  // The fixed state of every sequence was read and overwritten.
  void count_state(CacheId id) const;
  // Enters that `elements` of a fixed state were read and overwritten; an element that was so in
  // several sequences or tokens is counted each time.
  void count_state_elements(CacheId id, std::size_t elements) const;
};

// Runs the projections of a node as one piece of work; time and work go to each one's own line.
void run_projections(Step& step, const std::vector<std::size_t>& nodes);

// The scratch memory that an operation needs besides its operands, in a step of `tokens` new tokens
// of each sequence. Caches are empty before the step, except that compressed attention gathers from
// caches that hold `positions` positions.
struct Scratch {
  std::size_t floats = 0;       // of Step::scratch
  std::size_t cache_bytes = 0;  // of expanded keys and values
};
struct ScratchOf {
  const OpGraph& graph;
  const Block& block;
  std::size_t sequences, tokens, positions, threads;

  Scratch operator()(const AddPositions& op) const;
  Scratch operator()(const ExpandLatents& op) const;
  Scratch operator()(const AttendExpanded& op) const;
  Scratch operator()(const Route& op) const;
  Scratch operator()(const RunExperts& op) const;
  Scratch operator()(const Attend& op) const;
  Scratch operator()(const AttendLatent& op) const;
  Scratch operator()(const Convolve& op) const;
  Scratch operator()(const Recurrence& op) const;
  Scratch operator()(const ChunkedRecurrence& op) const;
  Scratch operator()(const SelectiveScan& op) const;
  Scratch operator()(const Compress& op) const;
  Scratch operator()(const AttendShared& op) const;
  // These need none. They are listed so that a new operation does not compile until it is
  // considered.
  template <OneOf<Embed, Scale, ScaleByPosition, GateRows, SoftCap, Clip, Normalize, Project,
                  Rotate, Store, ChooseKeys, AbsorbQuery, ExpandAttended, Activate, ActivateXielu,
                  Gate, Add, SelectRows, ProjectEach, ScaleColumns, ScaleByConstant, Sparsify,
                  SelectColumns, JoinColumns, MatchMagnitude, AverageVectors, PredictStreams,
                  CorrectStreams, AddToOtherStreams, Multiply, NormalizeLength, Decay, RepeatVector,
                  WeighStreams, CollapseStreams, MixStreams, AttendVectors, AddToLastVector,
                  WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive>
                Op>
  Scratch operator()(const Op&) const {
    return {};
  }

 private:
  [[nodiscard]] std::size_t columns(ValueId value) const {
    return size(block.values.at(value).columns);
  }
};

// One overload for each operation: it computes the operation and enters its work.
void run(Step& step, const Embed& op);
void run(Step& step, const AddPositions& op);
void run(Step& step, const Scale& op);
void run(Step& step, const ScaleByPosition& op);
void run(Step& step, const GateRows& op);
void run(Step& step, const SoftCap& op);
void run(Step& step, const Clip& op);
void run(Step& step, const Normalize& op);
void run(Step& step, const Project& op);  // its bias; the product has been run
void run(Step& step, const Rotate& op);
void run(Step& step, const Store& op);
void run(Step& step, const ChooseKeys& op);
void run(Step& step, const Attend& op);
void run(Step& step, const AbsorbQuery& op);
void run(Step& step, const AttendLatent& op);
void run(Step& step, const ExpandAttended& op);
void run(Step& step, const ExpandLatents& op);
void run(Step& step, const AttendExpanded& op);
void run(Step& step, const Activate& op);
void run(Step& step, const ActivateXielu& op);
void run(Step& step, const Gate& op);
void run(Step& step, const Add& op);
void run(Step& step, const Route& op);
void run(Step& step, const RunExperts& op);
void run(Step& step, const SelectRows& op);
void run(Step& step, const ProjectEach& op);
void run(Step& step, const ScaleColumns& op);
void run(Step& step, const ScaleByConstant& op);
void run(Step& step, const Sparsify& op);
void run(Step& step, const SelectColumns& op);
void run(Step& step, const JoinColumns& op);
void run(Step& step, const MatchMagnitude& op);
void run(Step& step, const AverageVectors& op);
void run(Step& step, const PredictStreams& op);
void run(Step& step, const CorrectStreams& op);
void run(Step& step, const AddToOtherStreams& op);
void run(Step& step, const Multiply& op);
void run(Step& step, const Convolve& op);
void run(Step& step, const NormalizeLength& op);
void run(Step& step, const Decay& op);
void run(Step& step, const Recurrence& op);
void run(Step& step, const ChunkedRecurrence& op);
void run(Step& step, const SelectiveScan& op);
void run(Step& step, const Compress& op);
void run(Step& step, const AttendShared& op);
void run(Step& step, const RepeatVector& op);
void run(Step& step, const WeighStreams& op);
void run(Step& step, const CollapseStreams& op);
void run(Step& step, const MixStreams& op);
void run(Step& step, const AttendVectors& op);
void run(Step& step, const AddToLastVector& op);
// The engine refuses a graph with these: the graph of one rank is run by the reference kernels.
template <OneOf<WeighPart, DispatchRows, CombineRows, Exchange, Send, Receive> Op>
void run(Step&, const Op&) {
  throw std::logic_error("the engine is alone, and an operation exchanges rows with other ranks");
}

}  // namespace llmarch::fast
