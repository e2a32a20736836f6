#include "sim/study/mix.h"

#include <algorithm>

#include "sim/study/point_figures.h"

namespace llmarch {
namespace {

Estimate spread_around(double seconds, const RelativeSpread& spread, double unmeasured) {
  return {seconds * spread.p10, seconds * spread.median, seconds * spread.p90, unmeasured};
}

// An engine's spread is that of what it served; without an engine, those of the operations count.
Estimate with_spread(const EngineTimes& engine, const RelativeSpread& spread,
                     const Estimate& decode, const Estimate& prefill, const MixSteps& steps,
                     double (*seconds)(const EngineTimes&, const MixSteps&)) {
  MixSteps part = steps;
  const auto at = [&](double Estimate::*quantile) {
    part.decode = decode.*quantile;
    part.prefill = prefill.*quantile;
    return seconds(engine, part);
  };
  const double unmeasured = at(&Estimate::unmeasured);
  if (engine.rows > 0) return spread_around(at(&Estimate::median), spread, unmeasured);
  return {at(&Estimate::p10), at(&Estimate::median), at(&Estimate::p90), unmeasured};
}

}  // namespace

double token_seconds(const EngineTimes& engine, const MixSteps& steps) {
  return engine.decode_factor * steps.decode +
         engine.prefill_factor * steps.prefill * steps.running / steps.generated;
}

double first_token_seconds(const EngineTimes& engine, const MixSteps& steps) {
  return engine.first_prefill_factor * steps.prefill + engine.first_decode_factor * steps.decode +
         engine.first_others_factor * steps.prefill * steps.running;
}

EngineTimes no_engine() {
  EngineTimes engine{.source = {}, .engine = "none", .rows = 0};
  engine.first_others_factor = 0;
  return engine;
}

Room served_room(Bytes memory, const std::string& engine) {
  if (const auto known = value_of_name<Engine>(engine)) return {.each = memory, .engine = *known};
  return {.each = memory, .reserve = Bytes(memory.amount() / 10)};
}

Integer running_at_a_time(const Model& model, Setting setting, const Mix& mix, const Room& room) {
  setting.context = mix.prompt + mix.generated;
  return std::min(largest_batch(model, setting, room).found, mix.requests);
}

MixFigures mix_figures(const Model& model, Setting setting, const Mix& mix, const Room& room,
                       const EngineTimes& engine) {
  setting.batch = 1;
  const ModelCurves one(model, setting);
  setting.batch = running_at_a_time(model, setting, mix, room);
  const ModelCurves all(model, setting);
  PointFigures prompt(one, mix.prompt, mix.prompt);
  const auto prefill =
      one.prefill_estimate ? std::optional(prompt.prefill_estimate()) : std::nullopt;
  MixSteps steps{.running = setting.batch.as_double(), .generated = mix.generated.as_double()};
  const auto token = [&](Integer context) {
    PointFigures figures(all, context, mix.prompt);
    MixToken at{context, figures.decode_floor().seconds, {}};
    if (prefill) {
      at.estimate = with_spread(engine, engine.spread, figures.decode_estimate(), *prefill, steps,
                                token_seconds);
    }
    return at;
  };
  MixFigures figures{&model,
                     setting,
                     mix,
                     prompt.prefill_floor().seconds,
                     {},
                     token(mix.prompt + mix.generated / 2),
                     token(mix.prompt + mix.generated)};
  if (prefill) {
    PointFigures at_first(all, mix.prompt + 1, mix.prompt);
    figures.first = with_spread(engine, engine.first_spread, at_first.decode_estimate(), *prefill,
                                steps, first_token_seconds);
  }
  return figures;
}

}  // namespace llmarch
