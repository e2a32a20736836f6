#include "sim/cli/run/study_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "kernels/engine/held_caches.h"
#include "kernels/measure/holding.h"
#include "sim/cli/run/machine.h"
#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

Repeats repeats_of(Phase phase) {
  return {.count = std::nullopt, .seconds = 2, .at_least = 3, .only = phase};
}

Phase phase_of(TimedFigure figure) {
  switch (figure) {
    case TimedFigure::decode:
    case TimedFigure::norm_share: return Phase::decode;
    case TimedFigure::prefill: return Phase::prefill;
  }
  throw std::logic_error("phase_of: a figure outside the enumeration");
}

// Every run makes both phases, so the one that is not timed is kept as short as possible: one token
// of prompt where decode is timed, a context of one where prefill is.
RunSetting run_of(Setting setting, DType weights, Phase phase) {
  setting.weights = weights;
  setting.prompt = phase == Phase::prefill ? setting.prefill_tokens() : Integer(1);
  if (phase == Phase::prefill) setting.context = 1;
  setting.machine = nullptr;  // the run is on this machine
  return {std::move(setting), usable_threads()};
}

bool has(const Measurement& run, Phase phase) {
  return phase == Phase::decode ? run.decode.has_value() : run.prefill.has_value();
}

double norm_share(const TimedStep& decode) {
  double all = decode.between_seconds;
  double norms = 0;
  for (const KindFigures& kind : decode.kinds) {
    all += kind.seconds;
    if (kind.kind == WorkKind::norms) norms += kind.seconds;
  }
  return norms / all;
}

// A run takes seconds, so someone waiting at a terminal is told what is running.
void say(const Model& model, const Setting& setting) {
  if (!system::is_terminal(system::kStandardError)) return;
  fmt::print(stderr, "llmarch: timing {}, context {}, prompt {}\n", model.spec.name,
             setting.context.value(), setting.prefill_tokens().value());
}

}  // namespace

std::optional<double> StudyClock::read(const Model& model, const Setting& setting,
                                       TimedFigure figure) {
  const auto weights = weights_of(model, setting).number_format();
  if (!stored_as(weights)) return std::nullopt;
  const Phase phase = phase_of(figure);
  const RunSetting wanted = run_of(setting, *weights, phase);
  if (fast::why_no_cache_kernels(held_graph(model, wanted))) return std::nullopt;
  const Measurement& measured = run(model, wanted, phase);
  switch (figure) {
    case TimedFigure::decode: return measured.decode->tokens_per_second().median;
    case TimedFigure::prefill: return measured.prefill->tokens_per_second().median;
    case TimedFigure::norm_share: return norm_share(*measured.decode);
  }
  throw std::logic_error("StudyClock: a figure outside the enumeration");
}

const Measurement& StudyClock::run(const Model& model, const RunSetting& wanted, Phase phase) {
  const Repeats repeats = repeats_of(phase);
  const auto known = std::find_if(runs_.begin(), runs_.end(), [&](const Measurement& run) {
    return run.model == model.spec.name && run.run.setting == wanted.setting && has(run, phase);
  });
  if (known != runs_.end()) return *known;
  say(model, wanted.setting);
  const FullRunRequest request = fitting_request(model, wanted, repeats);
  const auto bench = make_bench(request, model);
  Measurement start;
  start.model = model.spec.name;
  start.run = wanted;
  start.held = held_counts(request.graph, request.held);
  return runs_.emplace_back(
      measure(model, repeats, std::move(start), *bench, [](const Measurement& /*so_far*/) {}));
}

}  // namespace llmarch::cli
