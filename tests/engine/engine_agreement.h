// One step of one model, with the fast kernels and with the reference kernels: are the numbers the
// same, and is the engine's book the predicted one? What is said where no answer can be given is
// known here too: on some models float itself is far from double.
#pragma once

#include <string>

#include "kernels/fast/isa.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/workload.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::fast {

// steep: arithmetic in float departs from double by more than a part of the tolerance, and nothing
// can be said of another's numbers. rerouted: scores are equal but for rounding, the engine chose
// other experts than the reference, and what follows is another model's.
enum class Numbers { compared, steep, rerouted };

struct EngineAgreement {
  std::string problem;  // empty where the two agree
  Numbers numbers = Numbers::compared;
};

// How an engine goes through its work, on which its numbers do not depend but for their last
// digits.
struct EngineWay {
  Isa isa;
  std::size_t threads;
  std::size_t streams;  // of memory: 1, 2 or 4. A model this small does not find out by itself
};

// Synthetic weights, and the step behind a prefill of its past.
EngineAgreement check_engine(const ArchSpec& spec, const OpGraph& graph, const Workload& workload,
                             const EngineWay& way);

}  // namespace llmarch::fast
