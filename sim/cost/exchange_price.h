// What an exchange between ranks costs the rank whose graph it is in: what it sends to others, what
// it adds up, and how many messages wait for one another. Part of op_cost.cc, where the conventions
// stand.
//
// Sent is what the algorithm puts on the wire (Patarasuk and Yuan 2009 for the ring: 2 (p - 1) / p
// of the payload, as little as any that adds up on the ranks can send). A maker's library may
// choose otherwise, and a switch may add up on the way (NVLink SHARP).
#pragma once

#include "sim/graph/exchange_op.h"

namespace llmarch {

// For each row of the operand with this rank's rows: `in`, or of scattered rows `out`.
struct ExchangePrice {
  Elements sent;
  Flops added;
  Rounds rounds;  // in the whole step
};

// `columns` are those of the operand.
ExchangePrice price_of(const Exchange& op, Integer columns);

}  // namespace llmarch
