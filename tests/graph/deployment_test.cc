// How deployments are written, and what their ranks are.
#include "sim/graph/deployment.h"

#include <gtest/gtest.h>

namespace llmarch {
namespace {

Deployment named(const std::string& text) {
  return read_deployment(text).value.value();
}

TEST(ADeployment, IsTheProductOfItsWays) {
  EXPECT_EQ(named("tp=8").ranks(), 8);
  EXPECT_EQ(named("pp=2,tp=4").ranks(), 8);
  EXPECT_EQ(named("dp=8,ep=8").ranks(), 8);
  EXPECT_EQ(named("tp=2,cp=4").ranks(), 8);
}

// Experts are spread over ranks with sequences of their own, unless dp says otherwise.
TEST(ADeployment, SpreadsExpertsOverRanksWithTheirOwnSequences) {
  EXPECT_EQ(named("ep=4").data, 4);
  EXPECT_EQ(named("tp=2,ep=2").ranks(), 4);
  EXPECT_EQ(named("tp=8,dp=1,ep=8").ranks(), 8);
}

TEST(ADeployment, IsWrittenAsItIsRead) {
  for (const char* text :
       {"tp=1", "tp=8", "tp=4,pp=2", "ep=8", "tp=2,ep=2", "tp=8,ep=8,dp=1", "ep=2,dp=4", "dp=4",
        "tp=2,cp=4", "tp=4,by=tree", "tp=4,by=direct", "ep=2,dispatch=all-to-all"}) {
    EXPECT_EQ(text_of(named(text)), text);
  }
}

TEST(ADeployment, IsRefusedWithItsReason) {
  const auto problem = [](const std::string& text) { return read_deployment(text).problem; };
  EXPECT_EQ(problem("tp"), "'' is no number of ranks from 1 to 4096");
  EXPECT_EQ(problem("tp=0"), "'0' is no number of ranks from 1 to 4096");
  EXPECT_EQ(problem("tp=2x"), "'2x' is no number of ranks from 1 to 4096");
  EXPECT_EQ(problem("tp=2,tp=2"), "'tp' is said twice");
  EXPECT_EQ(problem("zp=2"), "'zp' is no way to divide a model: tp, ep, pp, dp or cp");
  EXPECT_EQ(problem("by=star"), "'star' is no algorithm: ring, tree or direct");
  EXPECT_EQ(problem("tp=4096,pp=2"), "'tp=4096,pp=2' is more than 4096 ranks");
  EXPECT_EQ(problem("ep=2,dispatch=some"), "'some' is no dispatch: gather or all-to-all");
  EXPECT_EQ(problem("tp=2,dp=1,ep=2,dispatch=all-to-all"),
            "no experts are on ranks with other sequences, to which tokens could go");
  EXPECT_EQ(problem("tp=2048,cp=4"), "'tp=2048,cp=4' is more than 4096 ranks");
  EXPECT_EQ(problem("dp=2,ep=3"), "ep=3 does not divide the 2 ranks of tp and dp");
}

// Rank 13 of 2 stages x 4 groups x 2 ranks: the second stage, its third group, the second rank.
TEST(ARank, HasItsPlaceInEveryWay) {
  const Deployment deployment = named("pp=2,dp=4,ep=4,tp=2");
  const RankPlace place = place_of(deployment, 13);
  EXPECT_EQ(place.pipeline, 1);
  EXPECT_EQ(place.data, 2);
  EXPECT_EQ(place.tensor, 1);
}

TEST(ARank, ExchangesRowsWithItsNeighboursAndTokensWithTheSameShareOfOtherGroups) {
  const Deployment deployment = named("pp=2,dp=4,ep=4,tp=2");
  const Ranks tensor = tensor_ranks(deployment, 13);
  EXPECT_EQ(tensor.own, 1);
  EXPECT_EQ(tensor.rank_of(0), 12);
  const Ranks experts = expert_ranks(deployment, 13);
  EXPECT_EQ(experts.own, 2);
  EXPECT_EQ(experts.rank_of(0), 9);
  EXPECT_EQ(experts.rank_of(3), 15);
  EXPECT_EQ(stage_neighbour(deployment, 13, -1), 5);
}

// Rank 27 of 2 stages x 3 groups of sequences x 2 groups of positions x 4 ranks: 27 - 24 is the
// last of the first four, which have the first positions of the second stage's first sequences.
TEST(ARank, HasThePositionsOfItsGroup) {
  const Deployment deployment = named("pp=2,dp=3,cp=2,tp=4");
  EXPECT_EQ(place_of(deployment, 27).context, 0);
  const RankPlace place = place_of(deployment, 37);  // 24 + 8 + 4 + 1
  EXPECT_EQ(place.pipeline, 1);
  EXPECT_EQ(place.data, 1);
  EXPECT_EQ(place.context, 1);
  EXPECT_EQ(place.tensor, 1);
  const Ranks context = context_ranks(deployment, 37);
  EXPECT_EQ(context.own, 1);
  EXPECT_EQ(context.rank_of(0), 33);
}

}  // namespace
}  // namespace llmarch
