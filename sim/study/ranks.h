// The ranks of a deployment in a setting: what each holds, does and sends, and the least time that
// its exchanges take over the links of the machine. What a rank's graph is, is known by
// sim/graph/shard.h; what an exchange costs, by sim/cost.
//
// Ranks are placed in order, those of one tensor-parallel group beside one another, into one system
// after the other. An exchange among ranks of one system goes over its links; one that leaves a
// system waits for the fabric, at whose rate all that a rank sends is then counted. Rows are sent
// in 16 bits. Exchanges and other operations of a rank come one after the other, as in the floor of
// a step; a device that overlaps them is faster.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/cost/roofline.h"
#include "sim/graph/shard.h"
#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

enum class Wire { link, fabric };

// One kind of exchange of a rank in a step, in all the layers that have it.
struct ExchangeFigures {
  std::string operation;  // "all-reduce of attention output"
  Integer ranks;
  Integer times;  // in a step
  Bytes payload;  // what a rank contributes to each: its rows, once
  Bytes sent;     // by the rank, in the whole step
  Rounds rounds;  // in the whole step
  Wire wire = Wire::link;
  double seconds = 0;  // of all; infinite where the machine's file states no such wire
};

// A step of one rank.
struct RankStep {
  Work work;      // with as many experts as uniform routing chooses
  Floor floor;    // of arithmetic and memory, with the fewest experts
  Floor uniform;  // the same under uniform routing
  std::vector<ExchangeFigures> exchanges;
  [[nodiscard]] Bytes sent() const;
  [[nodiscard]] double exchange_seconds() const;
  // One after the other.
  [[nodiscard]] double seconds() const { return floor.seconds + exchange_seconds(); }
  [[nodiscard]] double uniform_seconds() const { return uniform.seconds + exchange_seconds(); }
};

// What a rank holds when its sequences have grown to the context.
struct RankMemory {
  Bytes weights;  // of the text model
  Bytes
      beside;   // what the repository holds beside it: prediction layers as divided, the rest whole
  Bytes cache;  // of its sequences, at its largest on the way
  Bytes activations;
  [[nodiscard]] Bytes total() const { return weights + beside + cache + activations; }
};

// The first rank of a stage of the pipeline, which has at least as much as any other of the stage.
struct StageFigures {
  Integer rank;
  Integer layers;
  RankMemory memory;
  Bytes cache_per_token;  // of one sequence, every layer growing
  RankStep decode, prefill;
};

struct RankFigures {
  Deployment deployment;
  Integer batch_of_rank;  // sequences
  std::vector<StageFigures> stages;
  Bytes device_memory;

  // The stage that holds most.
  [[nodiscard]] const StageFigures& fullest() const;
  [[nodiscard]] bool fits() const { return fullest().memory.total() <= device_memory; }
  // Of a step, from stage to stage, at least; and what uniform routing makes of it.
  [[nodiscard]] double decode_seconds() const;
  [[nodiscard]] double uniform_decode_seconds() const;
  [[nodiscard]] double prefill_seconds() const;
  // The share of a step in which a device of the pipeline waits for others, if one batch is on its
  // way at a time.
  [[nodiscard]] double bubble() const;
};

// The sum over the stages, which work one after the other, of a figure of their step.
template <class Figure>
double over_stages(const RankFigures& ranks, RankStep StageFigures::*step, const Figure& figure) {
  double sum = 0;
  for (const StageFigures& stage : ranks.stages) sum += std::invoke(figure, stage.*step);
  return sum;
}

// The graph and the step of the first rank; of the whole model where the setting divides none.
// Throws CannotShard.
OpGraph graph_of_first_rank(const Model& model, const Setting& setting);
Workload workload_of_first_rank(Phase phase, const Setting& setting);

// Why the setting's machine does not take its deployment, or its batch does not; none where they
// do.
struct DeploymentProblem {
  std::string problem, remedy;
};
std::optional<DeploymentProblem> machine_problem(const Setting& setting);
std::optional<DeploymentProblem> deployment_problem(const Setting& setting);

// The ranks of one setting, made once for all contexts and prompts.
class RankPlan {
 public:
  // The setting has a deployment, and a machine that takes it; the model must outlive the plan.
  // `whole` is the model's graph, stored as the setting says. Throws CannotShard, and Overflow.
  RankPlan(const Model& model, const Setting& setting, const OpGraph& whole);

  [[nodiscard]] RankFigures at(Integer context, Integer prompt) const;
  // What the fullest rank holds, if `batch` sequences are spread as evenly as they can be.
  [[nodiscard]] RankMemory fullest(Integer context, Integer batch) const;

 private:
  struct StageShard {
    Integer rank;
    OpGraph graph;
    std::optional<std::size_t> like = {};  // an earlier stage that differs in its place alone
  };
  // Whether stages hold alike layers, at alike places of their systems.
  [[nodiscard]] std::optional<std::size_t> stage_like(const OpGraph& whole, Integer stage) const;
  // A prediction layer, divided as the layers are.
  struct PredictionShard {
    OpGraph graph;
    Integer layers;
  };
  [[nodiscard]] StageFigures stage_at(const StageShard& stage, const Setting& of_rank) const;
  [[nodiscard]] RankMemory memory_at(const StageShard& stage, const Setting& of_rank) const;

  const Model& model_;
  Setting of_rank_;  // with the sequences of one rank
  Rates rates_;      // of one device
  std::vector<StageShard> stages_;
  Bytes undivided_beside_;
  std::optional<PredictionShard> prediction_;
};

// Of the text model: what all ranks hold together, beyond the model's own.
Bytes replicated_weights(const Model& model, const Setting& setting);

// The same at the setting's context and prompt.
RankFigures rank_figures(const Model& model, const Setting& setting);

}  // namespace llmarch
