// The operations by which ranks, the devices that share a model, exchange rows: what each computes,
// and what it touches. Part of op.h, which has the other operations. Which of them a deployment
// needs is known by shard.h; how many elements cross the links, by sim/cost and by the kernels,
// each on its own account.
#pragma once

#include "sim/graph/operands.h"

namespace llmarch {

// Ranks that exchange rows, and the place of the rank whose graph it is among them. Member i is the
// rank `first` + i `stride` of the deployment.
struct Ranks {
  Integer count, own;
  Integer first, stride;
  [[nodiscard]] Integer rank_of(Integer member) const { return first + member * stride; }
};

// Who sends what to whom. With a ring every rank sends pieces to the next one only; with a tree
// sums are added up along a binomial tree towards the first rank and sent back the same way;
// direct, every rank sends to every other at once. Without sums there is nothing for a tree to add
// up, and pieces go round the ring.
enum class Algorithm { ring, tree, direct };

enum class Collective {
  all_reduce,    // out = the sum of `in` over the ranks
  all_gather,    // a row of `out` is that row of `in` of every rank, side by side
  gather_rows,   // out = the rows of `in` of every rank, one rank after the other
  scatter_rows,  // out = the rank's own share of the rows of the sum of `in` over the ranks
};

struct Exchange {
  Collective collective;
  Algorithm algorithm;
  Ranks ranks;
  ValueId in, out;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}, Writes{out}); }
};

// Which of a layer's experts the ranks of a group have: member m has `each` of `all`, from the one
// with the number `first` + m `stride` on.
struct ExpertPlaces {
  Integer all, each, first, stride;
  [[nodiscard]] Integer first_of(Integer member) const { return first + member * stride; }
};

// Sends each row, its choice and its number to those other ranks alone that have experts which it
// chooses. Every rank first tells every other how many rows come. What comes stands at its place
// among the tokens of all ranks; rows that do not come are zero there, and choose the expert with
// the number `all`, which no rank has.
struct DispatchRows {
  Ranks ranks;
  ExpertPlaces places;
  Integer experts_per_token;
  ValueId in, choice;
  ValueId out, out_choice;  // rows: tokens_of_ranks
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{choice}, Writes{out}, Writes{out_choice});
  }
};

// Sends back what was made of the rows that came by DispatchRows, and adds what comes back to what
// the rank itself has made of its own.
struct CombineRows {
  Ranks ranks;
  ExpertPlaces places;
  Integer experts_per_token;
  ValueId in, choice;  // rows: tokens_of_ranks; choices as DispatchRows gives them
  ValueId out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{choice}, Writes{out});
  }
};

// What attention over a rank's own keys adds to attention over the keys of all ranks. The softmax
// of all keys is that of the rank's own times the share of their exponentials in those of all:
//
//   out = in * exp(own log-sum) / sum over the ranks of exp(log-sum),
//
// for each head of a row. An attention's log-sum is the logarithm of the sum of exp(score) over the
// keys that it attends to, minus infinity where there are none. (Milakov and Gimelshein 2018, as
// flash-decoding and the decode context parallelism of serving engines merge their parts.)
struct WeighPart {
  Ranks ranks;
  Integer heads;
  ValueId in;        // heads x width
  ValueId log_sums;  // ranks x heads
  ValueId out;
  void visit_operands(auto& visitor) const {
    touch(visitor, Reads{in}, Reads{log_sums}, WritesInPlace{out});
  }
};

// Hands rows on to the next stage of a pipeline, which receives them.
struct Send {
  Integer to;  // rank of the deployment
  ValueId in;
  void visit_operands(auto& visitor) const { touch(visitor, Reads{in}); }
};
struct Receive {
  Integer from;
  ValueId out;
  void visit_operands(auto& visitor) const { touch(visitor, Writes{out}); }
};

}  // namespace llmarch
