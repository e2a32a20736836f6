// Decides what is run at full size: the request, the model and this machine's memory become one
// complete value, or a refusal before anything large is allocated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "kernels/measure/measure.h"
#include "sim/cli/run/measure_options.h"

namespace llmarch::cli {

struct FullRunRequest {
  RunSetting run;
  OpGraph graph;  // the model's, as the engine holds it
  fast::Held held;
  Repeats repeats;
  std::optional<std::filesystem::path> checkpoint;
  std::uint64_t seed = 1;
};

// Throws UsageError where there are no kernels for the caches of a graph in their formats.
void require_cache_kernels(const OpGraph& graph);

// Throws UsageError, or NotPossible where not even the smallest slice fits.
FullRunRequest full_run_request(const MeasureRequest& asked, const Model& model);

// The same for a run that a study asks for: on synthetic weights, in as much of the free memory as
// `measure` uses. Throws NotPossible.
FullRunRequest fitting_request(const Model& model, const RunSetting& run, const Repeats& repeats);

// The model with its weights in memory. Throws FileError where a checkpoint does not match the
// model.
std::unique_ptr<Bench> make_bench(const FullRunRequest& request, const Model& model);

// How much memory a run may use, and what limits it.
struct MemoryBound {
  Bytes bytes;
  std::string limited_by;  // "this machine's free memory", "--memory"
};

// Says which run does not fit, what it would take, and what would fit instead.
std::string shortage_text(const Model& model, const RunSetting& run, const Shortage& shortage,
                          const MemoryBound& bound);
std::string shortage_remedy(const Shortage& shortage);

}  // namespace llmarch::cli
