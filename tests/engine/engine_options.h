// Engines for the small models of tests.
#pragma once

#include "kernels/engine/engine.h"
#include "sim/formats/formats.h"

namespace llmarch::fast {

// Everything held, one sequence of so many positions in steps of any size.
inline EngineOptions whole_options(const OpGraph& graph, Integer positions) {
  return {2, best_isa(), hold_everything(graph), 1, positions, positions};
}

inline OpGraph held_in(DType dtype, OpGraph graph) {
  return with_formats(std::move(graph), {dtype, dtype});
}

}  // namespace llmarch::fast
