// What operations between ranks cost the rank whose graph they are in. Part of op_cost.cc, where
// the conventions stand.
#pragma once

#include "sim/cost/exchange_price.h"
#include "sim/cost/price.h"

namespace llmarch {

struct BetweenRanks {
  const Block& block;
  Price& price;

  // How many rows come, to every other rank; for each row that leaves, its number and its choice
  // too.
  void operator()(const DispatchRows& op) const {
    Work& once = price.once();
    once.sent += Elements(op.ranks.count - 1);
    once.rounds += Rounds(1);
    Work each;
    each.sent = Elements(columns(op.in) + columns(op.choice) + 1);
    price.add(routed(op, RoutedRows::Way::leaving, each, op.in));
  }
  // Each row that came goes back, and what comes back is added up.
  void operator()(const CombineRows& op) const {
    price.once().rounds += Rounds(1);
    Work back;
    Work added;
    back.sent = Elements(columns(op.in));
    added.other = Flops(columns(op.in));
    price.add(routed(op, RoutedRows::Way::arriving, back, op.out));
    price.add(routed(op, RoutedRows::Way::leaving, added, op.out));
  }

  // For each head and rank, its log-sum less the largest, an exponential, and the sum with it; then
  // the share in the sum, which multiplies every element of the head.
  void operator()(const WeighPart& op) const {
    Work& row = per_row(op.in);
    row.other += Flops(op.heads * (2 * op.ranks.count + 1) + columns(op.in));
    row.transcendentals += Transcendentals(op.heads * op.ranks.count);
  }

  void operator()(const Exchange& op) const {
    const ExchangePrice each = price_of(op, columns(op.in));
    Work& row = per_row(op.collective == Collective::scatter_rows ? op.out : op.in);
    row.sent += each.sent;
    row.other += each.added;
    price.once().rounds += each.rounds;
  }
  void operator()(const Send& op) const {
    per_row(op.in).sent += Elements(columns(op.in));
    price.once().rounds += Rounds(1);
  }

 private:
  // `own` are the rank's own rows.
  template <OneOf<DispatchRows, CombineRows> Op>
  [[nodiscard]] RoutedRows routed(const Op& op, RoutedRows::Way way, const Work& each,
                                  ValueId own) const {
    return {way,
            driver_of(block.values[own].rows),
            op.places.all,
            op.experts_per_token,
            op.places.each,
            op.ranks.count - 1,
            each,
            1};
  }

  [[nodiscard]] Integer columns(ValueId value) const { return block.values[value].columns; }
  [[nodiscard]] Work& per_row(ValueId value) const { return price.per_row(block.values[value]); }
};

}  // namespace llmarch
