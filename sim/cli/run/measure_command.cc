#include <stdexcept>

#include "sim/cli/commands.h"
#include "sim/cli/models.h"
#include "sim/cli/output.h"
#include "sim/cli/run/full_run.h"
#include "sim/cli/run/measure_options.h"
#include "sim/cli/run/scaled_run.h"

namespace llmarch::cli {
namespace {

ExitStatus run_measure(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(measure_options(), "model", arguments);
  const MeasureRequest request = measure_request(values);
  Outputs outputs(values);
  const Model model = Catalog(request.specs, kept).find(request.model);
  switch (request.scale) {
    case Scale::full: return full_run(request, model, outputs);
    case Scale::scaled_down: return scaled_run(request, model, outputs);
  }
  throw std::logic_error("run_measure: a scale outside the enumeration");
}

}  // namespace

Command measure_command() {
  return {
      kMeasure.name,
      kMeasure.summary,
      kMeasure.usage,
      "Runs the architecture at full size on this processor, on synthetic weights: decode of one\n"
      "token at the context's depth, and prefill of a prompt. The machine's own limits are probed\n"
      "before, between and after the steps, and every rate is compared with the limits around it.\n"
      "A model larger than memory is run as a slice: layers of each kind at full width and as "
      "many\n"
      "experts as fit, scaled up to the whole model.\n"
      "Ctrl-C ends the run and shows what was timed until then.\n\n"
      "With --scaled nothing is timed: a scaled-down instance is run with kernels that count "
      "their\n"
      "own arithmetic and what they read and write, operation by operation.\n\n"
      "Exit status 1 when a predicted figure is not the counted one, 3 when not even a slice "
      "fits.\n\n"
      "  llmarch measure qwen3-0.6b --context 4k\n"
      "  llmarch measure deepseek-v3 --memory 16GiB --prompt 256\n"
      "  llmarch measure --checkpoint path/to/checkpoint --format json\n"
      "  llmarch measure qwen3-30b-a3b --scaled --batch 3 --context 20",
      measure_options,
      run_measure,
      CommandWords::models};
}

}  // namespace llmarch::cli
