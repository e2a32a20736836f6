// Which ways of dividing a model over the devices of a machine fit, and which of them is best.
#pragma once

#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/fit.h"
#include "sim/study/model.h"
#include "sim/study/ranks.h"

namespace llmarch {

// latency: the step of decode that takes the least, at the setting's batch. throughput: the most
// tokens per second, each deployment with as many sequences as fit.
enum class Aim { latency, throughput };

template <>
struct Names<Aim> {
  static constexpr auto values =
      each_named<Aim>({{"latency", Aim::latency}, {"throughput", Aim::throughput}});
};

struct DeploymentChoice {
  Deployment deployment;
  Integer batch;  // of all ranks
  RankFigures figures;
  FullestRank fullest;
  double seconds = 0;  // of a decode step, if experts are chosen uniformly
  [[nodiscard]] const StageFigures& fullest_stage() const;
  [[nodiscard]] double tokens_per_second() const { return batch.as_double() / seconds; }
};

struct DeploymentChoices {
  std::vector<DeploymentChoice> fitting;  // the best first
  Integer too_large;                      // do not fit
  Integer refused;                        // do not divide the model
};

// Every product of tp, pp, dp and ep on so many ranks; with ep only for models with experts. cp is
// left out: no rank holds fewer weights with it, and a decode step is faster only where attention
// is most of it.
std::vector<Deployment> deployments_of(Integer ranks, const Model& model);

// Which deployments are asked for: at the setting's context, on all devices of its machine; its
// deployment says by which algorithm exchanges go, if it says one.
struct BestQuestion {
  const Model& model;
  Setting setting;
  Room room;  // of one device
  Aim aim;
};

// Throws Overflow.
DeploymentChoices best_deployments(const BestQuestion& question);

}  // namespace llmarch
