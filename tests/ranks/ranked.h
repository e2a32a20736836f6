// A model on one device and on the ranks of a deployment: the same weights, the same tokens, and
// what differs.
#pragma once

#include <string>
#include <vector>

#include "kernels/ranks/threads.h"
#include "sim/graph/deployment.h"

namespace llmarch {

Deployment deployment_named(const std::string& text);

// Why the graph cannot be divided so; empty if it can.
std::string refusal(const OpGraph& graph, const Deployment& deployment);

// The largest difference between what ranks and the whole model have computed, relative to those
// elements of the whole that are above 1. Two that are equal do not differ, be they infinite, and
// neither do two that are no numbers. NaN, which no tolerance admits, if one alone is no number or
// the lengths are not the same.
double largest_difference(const std::vector<float>& ranks, const std::vector<float>& whole);

// The whole model beside its ranks, in a prefill, a decode step after it, and a step of four tokens
// whose recurrences run by chunks.
struct RankedRun {
  // The first value that differs on its way through the model, or the first operation of a rank
  // whose counted work is not the predicted one; empty if there is none.
  std::string difference = {};
  bool finite = true;  // whether all values of the whole model are, up to the difference
};
RankedRun run_on_ranks(const OpGraph& graph, const Deployment& deployment);

}  // namespace llmarch
