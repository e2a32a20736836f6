// How the tests of this folder ask for a price, and how they write down the expected work.
//
// Two workloads stand for all. Decode at context 9, batch 2: 2 rows of tokens, 2 x 9 rows of keys,
// 2 x 9 pairs of a query and a key, 2 rows of logits. Prefill of 4 tokens, batch 2: 2 x 4 rows of
// tokens and of keys, 2 x (1 + 2 + 3 + 4) pairs, 2 rows of logits.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sim/cost/predict.h"
#include "tests/support/show_work.h"
#include "tests/support/tiny_models.h"

namespace llmarch {

inline const Workload kDecode = decode(9, 2);
inline const Workload kPrefill = prefill(4, 2);

// Work whose columns are named where it is written down. Lowered models are stored in bf16, two
// bytes an element.
struct Hand {
  Integer matrix = 0;
  Integer other = 0;
  Integer transcendentals = 0;
  Integer weights = 0;
  Integer cache_read = 0;
  Integer cache_written = 0;
  Integer read = 0;
  Integer written = 0;
};

inline Work by_hand(const Hand& hand) {
  return {Flops(hand.matrix),
          Flops(hand.other),
          Transcendentals(hand.transcendentals),
          Elements(hand.weights),
          Elements(hand.cache_read),
          Elements(hand.cache_written),
          Elements(hand.read),
          Elements(hand.written),
          Bytes(2 * hand.weights),
          Bytes(2 * hand.cache_read),
          Bytes(2 * hand.cache_written),
          {},
          {}};
}

// The work of the only operation of that name that the workload runs.
inline Work priced(const ArchSpec& spec, const Workload& workload, std::string_view operation) {
  const OpGraph graph = lower(spec);
  const Book book = predict(graph, workload);
  int found = 0;
  Work work;
  for (const BookLine& line : book.lines) {
    if (graph.blocks[line.block].nodes[line.node].name != operation) continue;
    work = line.work;
    ++found;
  }
  EXPECT_EQ(found, 1) << operation;
  return work;
}

}  // namespace llmarch
