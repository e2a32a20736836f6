// One step of one model, with the fast kernels and with the reference kernels: are the numbers the
// same, and is the engine's book the predicted one? This file also knows which models give no
// answer: on some, float itself is far from double.
#pragma once

#include <string>

#include "kernels/engine/engine.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::fast {

// steep: float arithmetic departs from double by more than a part of the tolerance, so other
// numbers cannot be judged. rerouted: scores differ only by rounding, the engine chose other
// experts than the reference, and all later numbers differ.
enum class Numbers { compared, steep, rerouted };

struct EngineAgreement {
  std::string problem;  // empty where the two agree
  Numbers numbers = Numbers::compared;
};

// How an engine does its work. Its numbers depend on it only in their last digits.
struct EngineWay {
  Isa isa;
  std::size_t threads;
  std::size_t streams;  // of memory: 1, 2 or 4; a model this small does not find the best by itself
};

// Whether two runs of one step chose the same experts and keys. A sparsemixer weighs the experts of
// a token by the order in which it chose them, so a row in which they have each other's weights was
// chosen otherwise too; any other difference of the weights is a difference of the numbers.
bool same_choices(const Trace& left, const Trace& right);

// The first operation for which the engine counted other work than is predicted, with the experts
// that ran in the place of the expectation; "" where there is none.
std::string different_work(const OpGraph& graph, const Workload& workload, const StepRun& run);

// Synthetic weights, and the step after a prefill of its past.
EngineAgreement check_engine(const OpGraph& graph, const Workload& workload, const EngineWay& way);

}  // namespace llmarch::fast
