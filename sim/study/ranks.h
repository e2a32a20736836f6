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
#include "sim/cost/skew.h"
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
  Bytes sent;     // by the rank, in the whole step; of rows that go by choice, if it is uniform
  Rounds rounds;  // in the whole step
  Wire wire = Wire::link;
  double seconds = 0;  // of all; infinite where the machine's file states no such wire
  // The same where rows choose experts so that the fewest are sent: less where they go by choice.
  double least_seconds = 0;
};

// A step of one rank.
struct RankStep {
  Work work;      // with as many experts as uniform routing chooses
  Floor floor;    // of arithmetic and memory, with the fewest experts
  Floor uniform;  // the same under uniform routing
  std::vector<ExchangeFigures> exchanges;
  [[nodiscard]] Bytes sent() const;
  [[nodiscard]] double exchange_seconds() const;           // at least
  [[nodiscard]] double expected_exchange_seconds() const;  // if experts are chosen uniformly
  // One after the other.
  [[nodiscard]] double seconds() const { return floor.seconds + exchange_seconds(); }
  [[nodiscard]] double uniform_seconds() const {
    return uniform.seconds + expected_exchange_seconds();
  }
};

// What a rank holds when its sequences have grown to the context.
struct RankMemory {
  Bytes weights;  // of the text model
  // What the repository holds beside it: prediction layers as they are divided, the rest whole.
  Bytes beside;
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

// What the first rank of a stage holds, and its graph.
struct StageHolding {
  Integer rank;
  const OpGraph& graph;
  RankMemory memory;
};
struct RankHoldings {
  Setting of_rank;                   // with the sequences of the rank that has most of them
  std::vector<StageHolding> stages;  // without those that differ from another in their place alone
};

struct RankFigures {
  Deployment deployment;
  Integer batch_of_rank;  // sequences
  std::vector<StageFigures> stages;
  Bytes device_memory;

  // The stage that holds most.
  [[nodiscard]] const StageFigures& fullest() const;
  [[nodiscard]] bool fits() const { return fullest().memory.total() <= device_memory; }
  // A time of all stages of a step, one after the other: over_stages(&StageFigures::decode,
  // &RankStep::exchange_seconds), or another function of a RankStep.
  template <class Time>
  [[nodiscard]] double over_stages(RankStep StageFigures::*step, const Time& time) const {
    double sum = 0;
    for (const StageFigures& stage : stages) sum += std::invoke(time, stage.*step);
    return sum;
  }
  // The least that a step takes from the first stage to the last; and the same if experts are
  // chosen uniformly, which is no bound.
  [[nodiscard]] double decode_seconds() const;
  [[nodiscard]] double uniform_decode_seconds() const;
  [[nodiscard]] double prefill_seconds() const;
  // The share of a step in which a device of the pipeline waits for others, if one batch is on its
  // way at a time.
  [[nodiscard]] double bubble() const;
};

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

// The ranks of one setting, made once for all contexts, prompts and batches.
class RankPlan {
 public:
  // The setting has a deployment, and a machine that takes it; the model must outlive the plan.
  // `whole` is the model's graph, stored as the setting says. Throws CannotShard, and Overflow.
  RankPlan(const Model& model, const Setting& setting, const OpGraph& whole);

  // With so many sequences of all ranks, which divide among them.
  [[nodiscard]] RankFigures at(Integer context, Integer prompt, Integer batch) const;
  // If `batch` sequences are spread as evenly as they can be. The plan must outlive what it
  // returns.
  [[nodiscard]] RankHoldings holdings(Integer context, Integer batch) const;
  // A decode step if experts are chosen by a skew and every layer waits for the rank whose experts
  // are chosen most. Exchanges are those under uniform routing.
  [[nodiscard]] double skewed_decode_seconds(Integer context, Integer batch,
                                             const Skew& skew) const;
  [[nodiscard]] const Model& model() const { return model_; }

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
  // The setting as one rank has it.
  [[nodiscard]] Setting setting_at(Integer context, Integer batch) const;
  [[nodiscard]] StageFigures stage_at(const StageShard& stage, const Setting& of_rank) const;
  [[nodiscard]] RankMemory memory_at(const StageShard& stage, const Setting& of_rank) const;

  const Model& model_;
  Setting setting_;  // its context, prompt and batch are not used
  Rates rates_;      // of one device
  std::vector<StageShard> stages_;
  Bytes undivided_;  // what each rank holds whole of what is beside the text model
  std::optional<PredictionShard> prediction_;
};

// The weights of the text model that all ranks hold together, beyond the model's own.
Bytes replicated_weights(const Model& model, const Setting& setting);

// How often experts of the busiest rank are chosen under a skew, over the mean of the ranks, in the
// layer where that is most; none where the deployment divides no experts. Throws what `chances`
// throws.
std::optional<double> expert_imbalance(const OpGraph& whole, const Deployment& deployment,
                                       const Skew& skew);

// The figures of a plan at the setting's context, prompt and batch.
RankFigures rank_figures(const Model& model, const Setting& setting);

}  // namespace llmarch
