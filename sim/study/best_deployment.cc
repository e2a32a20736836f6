#include "sim/study/best_deployment.h"

#include <algorithm>
#include <tuple>

#include "sim/study/largest.h"
#include "sim/study/step.h"
#include "sim/study/structure_sizes.h"

namespace llmarch {
namespace {

constexpr std::int64_t kMostSequences = std::int64_t{1} << 20;

std::vector<Integer> divisors_of(Integer whole) {
  std::vector<Integer> divisors;
  for (Integer part = 1; part <= whole; part += 1) {
    if (whole % part == 0) divisors.push_back(part);
  }
  return divisors;
}

// As many sequences as fit, each rank with equally many; 0 where not one for each does.
Integer most_sequences(const RankPlan& plan, Setting setting, const Room& room) {
  const Integer ranks = setting.parallel->data;
  const auto fits = [&](Integer of_rank) {
    setting.batch = of_rank * ranks;
    return fullest_rank(plan, setting, room).footprint.total() <= room.memory();
  };
  return largest_for_which(fits, kMostSequences) * ranks;
}

// With the sequences that the aim asks for; none where they do not fit. `whole` is the model's
// graph, stored as the setting says.
std::optional<DeploymentChoice> choice_of(const BestQuestion& question, const OpGraph& whole,
                                          Setting divided) {
  const RankPlan plan(question.model, divided, whole);
  const Integer most = most_sequences(plan, divided, question.room);
  if (question.aim == Aim::throughput) divided.batch = most;
  if (divided.batch == 0 || divided.batch > most) return std::nullopt;
  DeploymentChoice choice{*divided.parallel, divided.batch,
                          plan.at(divided.context, divided.prefill_tokens(), divided.batch),
                          fullest_rank(plan, divided, question.room)};
  choice.seconds = choice.figures.uniform_decode_seconds();
  return choice;
}

// The best first; on a tie, the simpler.
bool better(const DeploymentChoice& left, const DeploymentChoice& right, Aim aim) {
  const auto rank = [&](const DeploymentChoice& choice) {
    const double first = aim == Aim::latency ? choice.seconds : -choice.tokens_per_second();
    const Deployment& ways = choice.deployment;
    return std::tuple(first, ways.pipeline, ways.expert, ways.data);
  };
  return rank(left) < rank(right);
}

}  // namespace

const StageFigures& DeploymentChoice::fullest_stage() const {
  return *std::ranges::find(figures.stages, fullest.rank, &StageFigures::rank);
}

std::vector<Deployment> deployments_of(Integer ranks, const Model& model) {
  std::vector<Deployment> all;
  const bool experts = has_experts(model.spec);
  for (const Integer tensor : divisors_of(ranks)) {
    for (const Integer pipeline : divisors_of(ranks / tensor)) {
      const Integer data = ranks / tensor / pipeline;
      for (const Integer expert : divisors_of(experts ? tensor * data : Integer(1))) {
        const Deployment deployment{tensor, expert, pipeline, data};
        if (expert_spread(deployment)) all.push_back(deployment);
      }
    }
  }
  return all;
}

DeploymentChoices best_deployments(const BestQuestion& question) {
  const Setting& setting = question.setting;
  DeploymentChoices choices;
  const OpGraph whole = stored(question.model, setting);
  Setting divided = setting;
  for (Deployment& deployment : deployments_of(setting.machine->all_devices(), question.model)) {
    if (setting.parallel) deployment.algorithm = setting.parallel->algorithm;
    divided.parallel = deployment;
    divided.batch = question.aim == Aim::latency ? setting.batch : deployment.data;
    if (deployment_problem(divided)) {
      choices.refused += 1;
      continue;
    }
    try {
      if (auto choice = choice_of(question, whole, divided)) {
        choices.fitting.push_back(*std::move(choice));
      } else {
        choices.too_large += 1;
      }
    } catch (const CannotShard&) {
      choices.refused += 1;
    }
  }
  std::ranges::stable_sort(choices.fitting, [&](const auto& left, const auto& right) {
    return better(left, right, question.aim);
  });
  return choices;
}

}  // namespace llmarch
