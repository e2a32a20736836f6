// A model on one device and on the ranks of a deployment: the same weights, the same tokens, and
// what differs.
#pragma once

#include <string>

#include "kernels/ranks/threads.h"
#include "sim/graph/deployment.h"

namespace llmarch {

Deployment deployment_named(const std::string& text);

// Why the graph cannot be divided so; empty if it can.
std::string refusal(const OpGraph& graph, const Deployment& deployment);

// What differs between the whole model and its ranks, in a prefill and a decode step after it: the
// first value that passes through, or the first operation of a rank whose counted work is not the
// predicted one. Empty if nothing does.
std::string differences(const OpGraph& graph, const Deployment& deployment);

}  // namespace llmarch
