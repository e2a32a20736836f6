#include "sim/cli/study_clock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim/cli/machine.h"

namespace llmarch::cli {
namespace {

Repeats repeats_of(TimedPhase phase) {
  return {.count = std::nullopt, .seconds = 2, .at_least = 3, .only = phase};
}

TimedPhase phase_of(TimedFigure figure) {
  return figure == TimedFigure::prefill ? TimedPhase::prefill : TimedPhase::decode;
}

bool has_kernels(DType dtype) {
  return dtype == DType::f32 || dtype == DType::bf16;
}

RunSize size_of(const Point& point, TimedPhase phase) {
  const bool prefill = phase == TimedPhase::prefill;
  return {.context = prefill ? Integer(1) : point.context,
          .prompt = prefill ? point.prompt : Integer(1),
          .batch = point.batch,
          .weights = point.weights,
          .kv = point.kv,
          .threads = usable_threads()};
}

bool has(const Measurement& run, TimedPhase phase) {
  return phase == TimedPhase::decode ? run.decode.has_value() : run.prefill.has_value();
}

bool same(const RunSize& a, const RunSize& b) {
  return a.context == b.context && a.prompt == b.prompt && a.batch == b.batch &&
         a.weights == b.weights && a.kv == b.kv;
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

// A run takes seconds: whoever waits at a terminal is told for what.
void say(const Model& model, const RunSize& size) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "llmarch: timing {}, context {}, prompt {}\n", model.spec.name,
             size.context.value(), size.prompt.value());
}

}  // namespace

std::optional<double> StudyClock::read(const Model& model, const Point& point, TimedFigure figure) {
  if (!has_kernels(point.weights) || !has_kernels(point.kv)) return std::nullopt;
  const Measurement& measured = run(model, size_of(point, phase_of(figure)), phase_of(figure));
  switch (figure) {
    case TimedFigure::decode: return measured.decode->tokens_per_second().median;
    case TimedFigure::prefill: return measured.prefill->tokens_per_second().median;
    case TimedFigure::norm_share: return norm_share(*measured.decode);
  }
  throw std::logic_error("StudyClock: a figure outside the enumeration");
}

const Measurement& StudyClock::run(const Model& model, const RunSize& size, TimedPhase phase) {
  const Repeats repeats = repeats_of(phase);
  const auto known = std::find_if(runs_.begin(), runs_.end(), [&](const Measurement& run) {
    return run.model == model.spec.name && same(run.size, size) && has(run, phase);
  });
  if (known != runs_.end()) return *known;
  say(model, size);
  const FullRunRequest request = fitting_request(model, size, repeats);
  const auto bench = make_bench(request, model);
  Measurement start;
  start.model = model.spec.name;
  start.size = size;
  start.held = held_counts(model.graph, request.held);
  return runs_.emplace_back(
      measure(model, repeats, std::move(start), *bench, [](const Measurement& /*so_far*/) {}));
}

}  // namespace llmarch::cli
