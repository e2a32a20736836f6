// What the ranks of a deployment have together is the model, once or as often as is said: for every
// known architecture at full size, and ways of dividing it over up to 64 ranks.
#include <gtest/gtest.h>

#include <map>

#include "sim/cost/driver.h"
#include "sim/cost/op_cost.h"
#include "sim/graph/lower.h"
#include "tests/ranks/coverage.h"
#include "tests/ranks/ranked.h"
#include "tests/support/model_specs.h"

namespace llmarch {
namespace {

constexpr const char* kDeploymentsOfWholeModels[] = {
    "tp=1",           "tp=2",       "tp=3",           "tp=4",
    "tp=5,pp=5",      "tp=6",       "tp=8",           "tp=16",
    "tp=32",          "tp=64",      "pp=2",           "pp=7",
    "pp=8,tp=8",      "dp=4",       "ep=8",           "dp=8,ep=4,tp=2",
    "ep=64",          "tp=8,ep=8",  "tp=8,dp=1,ep=8", "tp=8,dp=4,ep=16",
    "pp=2,ep=4,tp=4", "pp=4,ep=16", "dp=64,ep=32",    "cp=2",
    "cp=64",          "tp=8,cp=8",  "pp=2,tp=4,cp=3", "dp=2,ep=2,cp=4,tp=2"};

bool is_of_experts(const Weight& weight) {
  switch (weight.role) {
    using enum WeightRole;
    case expert_gate:
    case expert_gate_bias:
    case expert_up:
    case expert_up_bias:
    case expert_down:
    case expert_down_bias: return true;
    default: return false;
  }
}

// On how many ranks a part of the weight may be: on each with sequences or positions of its own,
// and where it is not divided on each of a tensor-parallel group; where there are fewer key heads
// than ranks, on a divisor of that. Sinks enter a sum over positions once.
bool may_be_on(std::int64_t ranks, const Weight& weight, const Deployment& deployment) {
  const bool once = weight.role == WeightRole::attention_sinks && ranks == deployment.data.value();
  if (once && deployment.context > 1) return true;
  const std::int64_t data = (deployment.data * deployment.context).value();
  const std::int64_t tensor = deployment.tensor.value();
  if (is_of_experts(weight)) {
    const std::int64_t all = data * tensor / deployment.expert.value();
    return ranks >= 1 && all % ranks == 0;
  }
  if (split_axis_of(weight.role) == SplitAxis::none) {
    const bool by_group = weight.copies > 1;  // a norm of each of several groups
    const bool bias = kind_of(weight.role) == WeightKind::bias;
    return ranks == data * tensor || ((by_group || bias) && ranks % data == 0);
  }
  return ranks % data == 0 && tensor % (ranks / data) == 0;
}

class EverySpecDivided : public ::testing::TestWithParam<std::string> {
 protected:
  const OpGraph model_ = lower(model_spec(GetParam()));

  template <class Check>
  void for_each_deployment(const Check& check) const {
    for (const char* name : kDeploymentsOfWholeModels) {
      SCOPED_TRACE(name);
      const Deployment deployment = deployment_named(name);
      if (refusal(model_, deployment).empty()) check(AllRanks(model_, deployment));
    }
  }
};

// Attention of 12 heads stands in some stages of Granite 4.0 H-Tiny and in others not; eight ranks
// cannot take it, and every rank says so.
TEST(Stages, RefuseWhatAnotherStageCannotDivide) {
  const OpGraph graph = lower(model_spec("granite-4.0-h-tiny"));
  const Deployment deployment = deployment_named("tp=8,pp=8");
  for (Integer rank = 0; rank < deployment.ranks(); rank += 1) {
    EXPECT_THROW(shard(graph, deployment, rank), CannotShard) << rank.value();
  }
}

TEST_P(EverySpecDivided, HasEveryElementOfEveryWeight) {
  for_each_deployment([&](const AllRanks& ranks) { EXPECT_EQ(missing_in(ranks), ""); });
}

TEST_P(EverySpecDivided, HasAPartOfAWeightOnSeveralRanksOnlyByRule) {
  for_each_deployment([&](const AllRanks& ranks) {
    for (const auto& [id, parts] : boxes_of(ranks)) {
      const Weight& weight = model_.weight(id);
      const bool tied = weight.role == WeightRole::token_embedding &&
                        ranks.deployment.pipeline > 1;  // on the first stage, and as the head
      for (const auto& [box, count] : parts) {
        const std::int64_t once = tied && count % 2 == 0 ? count / 2 : count;
        EXPECT_TRUE(may_be_on(once, weight, ranks.deployment) ||
                    may_be_on(count, weight, ranks.deployment))
            << name_of(weight.role) << " on " << count;
      }
    }
  });
}

// The entries of all ranks after 1,000 positions, each share of one as often as there are such
// shares; only of a cache that grows with every position they are divided among ranks of cp.
TEST_P(EverySpecDivided, HasEveryCache) {
  for_each_deployment([&](const AllRanks& ranks) {
    std::map<CacheId, Integer> held;
    for (const Shard& each : ranks.shards) {
      for (CacheId id = 0; id < each.graph.caches.size(); ++id) {
        const Cache& cache = each.graph.cache(id);
        const Integer layers = each.graph.blocks.at(cache.block).repeats;
        held[each.caches[id].whole] +=
            held_entries(1000, cache.state) * cache.columns * layers * each.caches[id].shares;
      }
    }
    for (CacheId id = 0; id < model_.caches.size(); ++id) {
      const Cache& cache = model_.cache(id);
      const bool divided = cache.state == State(Growing{EveryKey{}});
      const Integer times =
          ranks.deployment.ranks_of_stage() / (divided ? ranks.deployment.context : Integer(1));
      const Integer layers = model_.blocks.at(cache.block).repeats;
      EXPECT_EQ(held[id], held_entries(1000, cache.state) * cache.columns * layers * times)
          << cache.name;
    }
  });
}

// The matrix FLOPs of every operation of the model, on the ranks with one part of the sequences.
// `batch` is theirs.
std::map<std::string, Integer> matrix_flops(const OpGraph& graph, Workload workload) {
  std::map<std::string, Integer> flops;
  for (const Block& block : graph.blocks) {
    for (std::size_t n = 0; n < block.nodes.size(); ++n) {
      if (!runs(block, n, workload.forms)) continue;
      const Node& node = block.nodes[n];
      const Work work = evaluate(price(graph, block, node.op), workload, block.repeats);
      flops[block.name + ", " + node.name] += work.matrix.amount();
    }
  }
  return flops;
}

// Operations that every rank of a tensor-parallel group does alike, if their weights are whole.
TEST_P(EverySpecDivided, DoesTheWorkOfTheModel) {
  constexpr std::int64_t kBatch = 64;  // so that experts are chosen equally often, to the unit
  for_each_deployment([&](const AllRanks& ranks) {
    Workload step = decode(1000, kBatch);
    const auto whole = matrix_flops(model_, step);
    step.token_ranks = expert_spread(ranks.deployment).value().data;
    std::map<std::string, Integer> sum;
    for (const Shard& each : ranks.shards) {
      for (const auto& [name, flops] : matrix_flops(each.graph, step)) sum[name] += flops;
    }
    const Integer data = ranks.deployment.data;
    for (const auto& [name, flops] : whole) {
      if (flops == 0) continue;
      const bool padded = name.starts_with("head, head") && sum[name] >= flops * data;
      EXPECT_TRUE(padded || sum[name] % (flops * data) == 0)
          << name << ": " << sum[name].value() << " of " << flops.value();
      EXPECT_LE(sum[name], flops * ranks.deployment.ranks_of_stage()) << name;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Models, EverySpecDivided, ::testing::ValuesIn(model_names()), test_name);

}  // namespace
}  // namespace llmarch
