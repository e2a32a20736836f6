#include "kernels/measure/verify_ranks.h"

#include <cmath>
#include <optional>

#include "kernels/measure/agreement.h"

namespace llmarch {
namespace {

// By how much the ranks of one run differ from what is predicted of them, added up over its steps.
struct Differences {
  double sent = 0, rounds = 0;

  void add(const Work& predicted, const Work& counted) {
    const auto apart = [](Integer left, Integer right) {
      return std::abs((left - right).as_double());
    };
    sent += apart(predicted.sent.amount(), counted.sent.amount());
    rounds += apart(predicted.rounds.amount(), counted.rounds.amount());
  }
};

Deviation counted(const char* what, double difference) {
  return {Compared::counts, what, difference, 0, 0};
}

// Runs the sequences with `run_all`, which returns what all ranks returned of a step; a step
// without a past starts anew.
template <class RunAll>
std::vector<VerifiedRun> verify_with(const RankedModel& model, const Expected& expected,
                                     double tolerance, RecurrenceForm prefill_form,
                                     const RunAll& run_all) {
  std::vector<OpGraph> graphs;
  for (Integer rank = 0; rank < model.deployment.ranks(); rank += 1) {
    graphs.push_back(shard(model.graph, model.deployment, rank).graph);
  }
  std::vector<Differences> differences;  // of each run
  const auto run_step = [&](const Workload& step, std::span<const std::int64_t> ids) {
    if (step.past == 0) differences.emplace_back();
    const std::vector<Execution> executions = run_all(step, ids);
    const Workload of_rank = workload_of_rank(model.deployment, step);
    for (std::size_t rank = 0; rank < executions.size(); ++rank) {
      const Book predicted =
          predict_given(graphs[rank], of_rank, {}, rows_routed(graphs, executions, rank));
      differences.back().add(predicted.total, executions[rank].book.total);
    }
    return trace_of(model.deployment, executions);
  };
  std::vector<VerifiedRun> runs = verify(run_step, expected, Tolerance{tolerance}, prefill_form);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].deviations.push_back(counted("elements sent between ranks", differences[i].sent));
    runs[i].deviations.push_back(counted("rounds of messages", differences[i].rounds));
  }
  return runs;
}

}  // namespace

std::vector<VerifiedRun> verify_ranks(const RankedModel& model, const Expected& expected,
                                      double tolerance, RecurrenceForm prefill_form) {
  RankTeam<double> ranks(model, 1);
  return verify_with(model, expected, tolerance, prefill_form,
                     [&](const Workload& step, std::span<const std::int64_t> ids) {
                       if (step.past == 0) ranks.forget();
                       return ranks.run(step, ids);
                     });
}

std::vector<VerifiedRun> verify_as_rank(const RankedModel& model, std::size_t own, Links& links,
                                        const Expected& expected, double tolerance,
                                        RecurrenceForm prefill_form) {
  RankRun<double> rank(model, own, 1);
  return verify_with(model, expected, tolerance, prefill_form,
                     [&](const Workload& step, std::span<const std::int64_t> ids) {
                       if (step.past == 0) rank.forget();
                       return executions_of_all(model.deployment, own, rank.run(step, ids, links),
                                                links);
                     });
}

}  // namespace llmarch
