// What exchanges between ranks send, by their algorithms.
#include <gtest/gtest.h>

#include "sim/cost/exchange_price.h"

namespace llmarch {
namespace {

Exchange exchange(Collective collective, Algorithm algorithm, Integer ranks, Integer own) {
  return {collective, algorithm, {ranks, own, 0, 1}, 0, 1};
}

Elements sent_by_all(Collective collective, Algorithm algorithm, Integer ranks, Integer columns) {
  Elements sum;
  for (Integer own = 0; own < ranks; own += 1) {
    sum += price_of(exchange(collective, algorithm, ranks, own), columns).sent;
  }
  return sum;
}

// Round a ring of 4, pieces of 2 of 8 columns: 3 for the sums, 3 to pass them on.
TEST(ARing, SendsTwiceAllPiecesButOne) {
  const ExchangePrice price = price_of(exchange(Collective::all_reduce, Algorithm::ring, 4, 1), 8);
  EXPECT_EQ(price.sent.value(), 2 * 3 * 2);
  EXPECT_EQ(price.added.value(), 3 * 2);
  EXPECT_EQ(price.rounds.value(), 2 * 3);
}

// 10 columns among 4 ranks are pieces of 2, 3, 2 and 3. Rank 0 sends all but the next piece, and
// then all but the one after that: 20 - 3 - 2.
TEST(ARing, SendsUnequalPieces) {
  EXPECT_EQ(price_of(exchange(Collective::all_reduce, Algorithm::ring, 4, 0), 10).sent.value(), 15);
  EXPECT_EQ(sent_by_all(Collective::all_reduce, Algorithm::ring, 4, 10).value(), 2 * 3 * 10);
}

// 7 columns among 3 ranks are pieces of 2, 2 and 3: 14 - 2 - 3, 14 - 3 - 2 and 14 - 2 - 2. Each
// adds to all pieces but its own.
TEST(ARing, SendsAndAddsTheRanksOwnPieces) {
  const auto price = [](Integer own) {
    return price_of(exchange(Collective::all_reduce, Algorithm::ring, 3, own), 7);
  };
  EXPECT_EQ(price(0).sent.value(), 9);
  EXPECT_EQ(price(1).sent.value(), 9);
  EXPECT_EQ(price(2).sent.value(), 10);
  EXPECT_EQ(price(0).added.value(), 5);
  EXPECT_EQ(price(2).added.value(), 4);
}

// Each sum that comes from a child, or from another rank, is added to the rank's own.
TEST(AllReduces, AddWhatTheyAreSent) {
  const auto added = [](Algorithm algorithm, Integer own) {
    return price_of(exchange(Collective::all_reduce, algorithm, 4, own), 8).added.value();
  };
  EXPECT_EQ(added(Algorithm::tree, 0), 2 * 8);
  EXPECT_EQ(added(Algorithm::tree, 1), 0);
  EXPECT_EQ(added(Algorithm::tree, 2), 8);
  EXPECT_EQ(added(Algorithm::direct, 0), 3 * 8);
}

// Up and down a tree of depth 2; round a ring of 4 past 3 others, or to all at once.
TEST(Exchanges, TakeTheRoundsOfTheirAlgorithm) {
  const auto rounds = [](Collective collective, Algorithm algorithm) {
    return price_of(exchange(collective, algorithm, 4, 0), 8).rounds.value();
  };
  EXPECT_EQ(rounds(Collective::all_reduce, Algorithm::tree), 2 * 2);
  for (const Collective each :
       {Collective::all_gather, Collective::gather_rows, Collective::scatter_rows}) {
    EXPECT_EQ(rounds(each, Algorithm::ring), 3);
    EXPECT_EQ(rounds(each, Algorithm::tree), 3);
    EXPECT_EQ(rounds(each, Algorithm::direct), 1);
  }
  const ExchangePrice gathered =
      price_of(exchange(Collective::all_gather, Algorithm::ring, 4, 0), 8);
  EXPECT_EQ(gathered.added.value(), 0);
}

// With 4 ranks, 1 and 3 send up to 0 and 2, 2 sends to 0, and all of it comes back.
TEST(ATree, SendsEverySumUpAndTheWholeDown) {
  const auto sent = [](Integer own) {
    return price_of(exchange(Collective::all_reduce, Algorithm::tree, 4, own), 8).sent.value();
  };
  EXPECT_EQ(sent(0), 2 * 8);
  EXPECT_EQ(sent(1), 8);
  EXPECT_EQ(sent(2), 8 + 8);
  EXPECT_EQ(sent(3), 8);
  EXPECT_EQ(price_of(exchange(Collective::all_reduce, Algorithm::tree, 5, 0), 8).rounds.value(),
            2 * 3);
}

// However many ranks there are, all but the root send one sum up and get one back. Of 3, rank 2 has
// no children; of 6, rank 4 has one, and rank 0 has 1, 2 and 4.
TEST(ATree, HasTheChildrenThatThereAre) {
  for (const std::int64_t ranks : {2, 3, 5, 6, 7, 8}) {
    EXPECT_EQ(sent_by_all(Collective::all_reduce, Algorithm::tree, ranks, 8).value(),
              2 * (ranks - 1) * 8)
        << ranks;
  }
  const auto sent = [](Integer ranks, Integer own) {
    return price_of(exchange(Collective::all_reduce, Algorithm::tree, ranks, own), 8).sent.value();
  };
  EXPECT_EQ(sent(3, 2), 8);
  EXPECT_EQ(sent(6, 4), 2 * 8);
  EXPECT_EQ(sent(6, 0), 3 * 8);
}

TEST(DirectExchanges, SendToEveryOtherRankAtOnce) {
  const ExchangePrice price =
      price_of(exchange(Collective::all_reduce, Algorithm::direct, 4, 2), 8);
  EXPECT_EQ(price.sent.value(), 3 * 8);
  EXPECT_EQ(price.rounds.value(), 1);
}

// A rank's own 8 columns pass every other rank once, by whichever way.
TEST(AGather, SendsARowToEveryOtherRank) {
  for (const Algorithm algorithm : {Algorithm::ring, Algorithm::tree, Algorithm::direct}) {
    for (const Collective collective : {Collective::all_gather, Collective::gather_rows}) {
      EXPECT_EQ(price_of(exchange(collective, algorithm, 4, 3), 8).sent.value(), 3 * 8);
    }
  }
}

// A rank sends three parts of its sum to others, and adds three to its own.
TEST(AScatteredSum, SendsAPartForEveryOtherRank) {
  const ExchangePrice price =
      price_of(exchange(Collective::scatter_rows, Algorithm::ring, 4, 3), 8);
  EXPECT_EQ(price.sent.value(), 3 * 8);
  EXPECT_EQ(price.added.value(), 3 * 8);
}

}  // namespace
}  // namespace llmarch
