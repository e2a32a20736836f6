// Engines for the small models of tests.
#pragma once

#include "kernels/engine/engine.h"
#include "sim/formats/formats.h"

namespace llmarch::fast {

// Everything held, caches as floats, one sequence of so many positions in steps of any size.
inline EngineOptions float_options(const OpGraph& graph, Integer positions) {
  return {Stored::f32, 2, best_isa(), hold_everything(graph), 1, positions, positions};
}

// The same with caches in bf16.
inline EngineOptions bf16_options(const OpGraph& graph, Integer positions) {
  EngineOptions options = float_options(graph, positions);
  options.kv = Stored::bf16;
  return options;
}

inline OpGraph held_in(DType dtype, OpGraph graph) {
  return with_formats(std::move(graph), {dtype, dtype});
}

}  // namespace llmarch::fast
