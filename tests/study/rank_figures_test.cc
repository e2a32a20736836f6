// The figures of ranks that a reader can redo by hand.
#include "sim/study/ranks.h"

#include <gtest/gtest.h>

#include "sim/study/fit.h"
#include "tests/study/text_model.h"
#include "tests/support/tiny_models.h"

namespace llmarch {
namespace {

// Devices of 80 GiB, 8 in a system, whose links carry 400 GB/s with 2 us a message and whose fabric
// carries 50 GB/s with 10 us.
Machine devices(Integer in_system, Integer systems = 1) {
  Hardware machine;
  machine.name = "toy";
  machine.memory.bytes = std::int64_t{80} << 30;
  machine.bandwidth.bytes_per_second = 2e12;
  machine.link = Link{400e9, 2e-6, ""};
  machine.fabric = Link{50e9, 10e-6, ""};
  machine.devices = in_system;
  machine.systems = systems;
  return std::make_shared<const Hardware>(machine);
}

RankFigures figures(const std::string& model, const std::string& deployment, Machine machine,
                    Integer batch = 1, Integer context = 8192) {
  Setting setting{.context = context, .batch = batch, .weights = Scheme(DType::bf16)};
  setting.machine = std::move(machine);
  setting.parallel = read_deployment(deployment).value.value();
  EXPECT_FALSE(deployment_problem(setting));
  return rank_figures(text_model(model), setting);
}

// 61 layers, each with a latent of 512 and a rotary key of 64, in two bytes: on every rank, since
// all heads read the same latent.
constexpr std::int64_t kLatentBytes = 61 * (512 + 64) * 2;

TEST(DeepSeekV3OnEightRanks, KeepsTheLatentsOfAllSequencesOnEachRankOfOneTensorParallelGroup) {
  const RankFigures ranks = figures("deepseek-v3", "tp=8", devices(8), 8);
  EXPECT_EQ(ranks.fullest().cache_per_token.value(), kLatentBytes);
  EXPECT_EQ(ranks.fullest().memory.cache.value(), 8 * 8192 * kLatentBytes);
}

TEST(DeepSeekV3OnEightRanks, KeepsTheLatentsOfItsOwnSequencesWithDataParallelAttention) {
  const RankFigures ranks = figures("deepseek-v3", "dp=8,ep=8", devices(8), 8);
  EXPECT_EQ(ranks.batch_of_rank, 1);
  EXPECT_EQ(ranks.fullest().cache_per_token.value(), kLatentBytes);
  EXPECT_EQ(ranks.fullest().memory.cache.value(), 8192 * kLatentBytes);
}

// In each layer an all-reduce after attention and one after the feed-forward, of 7,168 elements in
// two bytes; round a ring of 8, a rank sends 2 x 7/8 of that. Besides these the sum of the
// embedding and the gathered logits: 7 times its eighth of a vocabulary of 129,280.
TEST(DeepSeekV3OnEightRanks, SendsTwoAllReducesPerTokenAndLayer) {
  const RankFigures ranks = figures("deepseek-v3", "tp=8", devices(8));
  const std::int64_t all_reduce = 2 * 7 * 7168 / 8 * 2;
  EXPECT_EQ(ranks.stages.at(0).decode.sent().value(),
            (61 * 2 + 1) * all_reduce + 7 * 129'280 / 8 * 2);
}

// In each of the 58 layers with experts, a token's 7,168 elements and its choice, 8 experts and
// their 8 weights, go to 7 other ranks, and as many sums of 7,168 come back.
TEST(DeepSeekV3OnEightRanks, SendsEveryTokenToAllRanksWithExpertsAndSumsBack) {
  const RankFigures ranks = figures("deepseek-v3", "dp=8,ep=8", devices(8), 8);
  EXPECT_EQ(ranks.stages.at(0).decode.sent().value(), 58 * 7 * (7168 + 16 + 7168) * 2);
}

// Of 256 experts a token chooses 8. That none of them is among the 32 of a given rank has the
// chance 224/256 x 223/255 x ... x 217/249 = 0.33796; of 58 x 7 pairs of a layer and another rank,
// 268.79 are then expected. Each of these rows has its number and its choice, and comes back; in
// each layer the rank first says to 7 others how many come.
TEST(DeepSeekV3OnEightRanks, SendsATokenOnlyWhereItChoosesExperts) {
  const RankFigures ranks = figures("deepseek-v3", "dp=8,ep=8,dispatch=all-to-all", devices(8), 8);
  const RankStep& decode = ranks.stages.at(0).decode;
  EXPECT_EQ(decode.sent().value(), (269 * (7168 + 16 + 1 + 7168) + 58 * 7) * 2);
  // No less than what is said of how many come, in each of two rounds of 2 us.
  EXPECT_DOUBLE_EQ(decode.exchange_seconds(), 58 * 7 * 2 / 400e9 + 58 * 2 * 2e-6);
}

// 64 layers with 8 key/value heads of 128: 262,144 bytes a token, of which each of 4 ranks holds 2
// heads. Where 51 GiB are left on each device, the cache has room for 835,584 tokens, and not for
// the 208,896 that the whole model's bytes suggest.
TEST(Qwen332BOnFourRanks, HoldsAQuarterOfATokensCacheOnEach) {
  const RankFigures ranks = figures("qwen3-32b", "tp=4", devices(4));
  EXPECT_EQ(ranks.fullest().cache_per_token.value(), 64 * 2 * (8 / 4) * 128 * 2);
  const std::int64_t room = std::int64_t{51} << 30;
  EXPECT_EQ(room / ranks.fullest().cache_per_token.value(), 835'584);
  EXPECT_EQ(room / (64 * 2 * 8 * 128 * 2), 208'896);
}

// 126 layers with 8 key/value heads of 128. In two stages of 8 ranks each, a rank holds a head of
// 63 layers; with 16 ranks in one group there is a head for every two ranks, and so twice as much.
TEST(Llama31405BOnSixteenRanks, HoldsTwiceTheCacheWithMoreRanksThanKeyHeads) {
  const RankFigures staged = figures("llama-3.1-405b", "pp=2,tp=8", devices(8, 2));
  const RankFigures wide = figures("llama-3.1-405b", "tp=16", devices(8, 2));
  EXPECT_EQ(staged.fullest().cache_per_token.value(), 63 * 2 * 128 * 2);
  EXPECT_EQ(wide.fullest().cache_per_token.value(), 126 * 2 * 128 * 2);
}

// 32 layers with 8 key/value heads of 128, of whose positions each of 4 ranks has every fourth.
TEST(Llama318BOnFourRanksOfOneContext, HoldsAQuarterOfThePositionsAndAllWeights) {
  const RankFigures ranks = figures("llama-3.1-8b", "cp=4", devices(4), 1, 1001);
  const std::int64_t entry = 32 * 2 * 8 * 128 * 2;
  EXPECT_EQ(ranks.fullest().cache_per_token.value(), entry / 4);
  EXPECT_EQ(ranks.fullest().memory.cache.value(), 251 * entry) << "the first of the ranks";
  EXPECT_EQ(ranks.fullest().memory.weights.value(), 2 * 8'030'261'248);
}

// In each layer the log-sum of each of 32 heads goes to 3 other ranks, and what attention gives,
// 4,096 elements, is added up round a ring of 4. Nothing else is sent.
TEST(Llama318BOnFourRanksOfOneContext, SendsALogSumOfEachHeadAndOneAllReduce) {
  const RankFigures ranks = figures("llama-3.1-8b", "cp=4", devices(4));
  EXPECT_EQ(ranks.stages.at(0).decode.sent().value(), 32 * (3 * 32 + 2 * 3 * 4096 / 4) * 2);
}

// Two stages exchange 16,384 elements over the fabric once a token; all other exchanges stay within
// a system. A group of 16 spans two.
TEST(Llama31405BOnSixteenRanks, LeavesASystemOnceATokenInStagesAndAlwaysInOneGroup) {
  const RankFigures staged = figures("llama-3.1-405b", "pp=2,tp=8", devices(8, 2));
  std::int64_t over_fabric = 0;
  for (const ExchangeFigures& each : staged.stages.at(0).decode.exchanges) {
    if (each.wire == Wire::fabric) over_fabric += each.sent.value();
  }
  EXPECT_EQ(over_fabric, 16'384 * 2);
  const RankFigures wide = figures("llama-3.1-405b", "tp=16", devices(8, 2));
  for (const ExchangeFigures& each : wide.stages.at(0).decode.exchanges) {
    EXPECT_EQ(each.wire, Wire::fabric) << each.operation;
  }
}

// An all-reduce of 8 ranks takes 14 rounds of 2 us, and what is sent over 400 GB/s.
TEST(AnExchange, TakesItsRoundsAndItsBytesAtLeast) {
  const RankFigures ranks = figures("llama-3.1-8b", "tp=8", devices(8));
  const ExchangeFigures& after_attention = ranks.stages.at(0).decode.exchanges.at(1);
  EXPECT_EQ(after_attention.operation, "all-reduce of attention output");
  EXPECT_EQ(after_attention.times, 32);
  EXPECT_EQ(after_attention.payload.value(), 4096 * 2);
  EXPECT_EQ(after_attention.sent.value(), 32 * 2 * 7 * 4096 / 8 * 2);
  EXPECT_EQ(after_attention.rounds.value(), 32 * 14);
  EXPECT_DOUBLE_EQ(after_attention.seconds, 32 * (14 * 2e-6 + 2.0 * 7 * 4096 / 8 * 2 / 400e9));
}

// Without experts there is nothing to choose: a floor reads a state once in a step, whichever
// routing is assumed.
TEST(AModelWithStatesOnOneRank, HasTheSameFloorsUnderUniformRouting) {
  const RankFigures ranks = figures("qwen3.6-27b", "tp=1", devices(1), 2, 1024);
  const StageFigures& stage = ranks.stages.at(0);
  EXPECT_DOUBLE_EQ(stage.decode.uniform.seconds, stage.decode.floor.seconds);
  EXPECT_DOUBLE_EQ(stage.prefill.uniform.seconds, stage.prefill.floor.seconds);
}

// Norms are on every rank, and so are key/value heads where there are fewer of them than ranks.
TEST(WeightsOfAllRanks, ExceedTheModelByWhatIsReplicated) {
  Setting setting{.weights = Scheme(DType::bf16), .machine = devices(8, 2)};
  setting.parallel = read_deployment("tp=16").value.value();
  const std::int64_t norms = (2 * 32 + 1) * 4096;
  const std::int64_t keys_and_values = 32 * 2 * 8 * 128 * 4096;
  EXPECT_EQ(replicated_weights(text_model("llama-3.1-8b"), setting).value(),
            2 * (15 * norms + keys_and_values));
}

// Two groups of eight ranks hold the whole model each, and norms on every rank of them.
TEST(WeightsOfAllRanks, AreThereForEachGroupWithSequencesOfItsOwn) {
  Setting setting{.weights = Scheme(DType::bf16), .machine = devices(8, 2)};
  setting.parallel = read_deployment("tp=8,dp=2").value.value();
  const std::int64_t norms = (2 * 32 + 1) * 4096;
  EXPECT_EQ(replicated_weights(text_model("llama-3.1-8b"), setting).value(),
            2 * (8'030'261'248 + 2 * 7 * norms));
}

// One of two ranks has two of three sequences: 2 x 32 layers x 8 heads x 128 in two bytes a token.
TEST(TheFullestRank, HasTheSequencesThatDoNotDivide) {
  Setting setting{.context = 100, .weights = Scheme(DType::bf16), .machine = devices(2)};
  setting.parallel = read_deployment("dp=2").value.value();
  for (const auto& [batch, of_rank] : {std::pair(2, 1), {3, 2}, {4, 2}, {5, 3}}) {
    setting.batch = batch;
    EXPECT_EQ(footprint(text_model("llama-3.1-8b"), setting).cache.value(), of_rank * 100 * 131'072)
        << batch;
  }
}

// Two layers of 10 columns in two stages. The prediction layer follows the last: norms 2 x 10,
// attention 2 x 10 x (24 + 12), feed-forward 2 x 10 x 15, its projection 20 x 10 and three norms,
// and 2 x 12 elements of cache a token. What a vision tower has is on each rank.
TEST(APredictionLayer, IsOnTheLastStageAndAVisionTowerOnEach) {
  ArchSpec spec = tiny_model(tiny_grouped(), tiny_dense());
  spec.stack.front().repeat = 2;
  spec.beside.emplace().vision_tower = 1'000;
  spec.beside->prediction_layers = 1;
  Setting setting{.context = 30, .batch = 3, .weights = Scheme(DType::bf16)};
  setting.machine = devices(2);
  setting.parallel = read_deployment("pp=2").value.value();
  const RankFigures ranks = rank_figures(make_model(spec, {}), setting);
  const std::int64_t layer = 20 + 720 + 300 + 200 + 30;
  EXPECT_EQ(ranks.stages.at(0).memory.beside, Bytes(2 * 1'000));
  EXPECT_EQ(ranks.stages.at(1).memory.beside, Bytes(2 * (1'000 + layer)));
  EXPECT_EQ(ranks.stages.at(0).memory.cache, Bytes(2 * 24 * 30 * 3));
  EXPECT_EQ(ranks.stages.at(1).memory.cache, Bytes(2 * 2 * 24 * 30 * 3));
}

TEST(AnAdapter, IsWholeOnEachRank) {
  Model model = text_model("llama-3.1-8b");
  model.spec.beside.emplace().adapter = 1'000;
  Setting setting{.weights = Scheme(DType::bf16), .machine = devices(2)};
  setting.parallel = read_deployment("tp=2").value.value();
  EXPECT_EQ(rank_figures(model, setting).fullest().memory.beside, Bytes(2 * 1'000));
}

TEST(ADeployment, IsRefusedOnAnotherNumberOfDevicesAndForABatchThatDoesNotDivide) {
  Setting setting;
  setting.parallel = read_deployment("dp=2,tp=4").value.value();
  EXPECT_EQ(deployment_problem(setting)->remedy, "name it: --on 8xh100-sxm --parallel tp=8");
  setting.machine = devices(4);
  EXPECT_EQ(deployment_problem(setting)->problem, "'tp=4,dp=2' is 8 ranks, and toy has 4 devices");
  setting.machine = devices(8);
  setting.batch = 3;
  EXPECT_EQ(deployment_problem(setting)->problem,
            "3 sequences do not divide among the 2 ranks of dp");
  setting.batch = 4;
  EXPECT_FALSE(deployment_problem(setting));
}

}  // namespace
}  // namespace llmarch
