#include "reports/runs/measurement_json.h"

#include <nlohmann/json.hpp>

#include "reports/say/model_json.h"
#include "reports/say/setting_json.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;
using Side = Integer Pair::*;

// Null for a step that was not reached.
Json timed_step_json(const std::optional<TimedStep>& step) {
  if (!step) return nullptr;
  const Spread rate = step->tokens_per_second();
  const double bytes = step->counted.bytes().amount().as_double();
  const double flops = step->counted.flops().amount().as_double();
  return {{"tokens_per_second", {{"median", rate.median}, {"min", rate.least}, {"max", rate.most}}},
          {"share_of_bandwidth", bytes / step->seconds.median / step->rates.bytes_per_second},
          {"share_of_peak", flops / step->seconds.median / step->rates.flops_per_second},
          {"floor_seconds", step->floor.seconds},
          {"repeats", step->seconds.samples}};
}

Json count_json(const std::optional<Pair>& pair, Side side) {
  if (!pair) return nullptr;
  return ((*pair).*side).value();
}

Json flops_json(const std::optional<TimedStep>& step, Work TimedStep::*book) {
  if (!step) return nullptr;
  return ((*step).*book).flops().value();
}

Json book_json(const Measurement& measurement, Side side, Work TimedStep::*book) {
  return {{"parameters", count_json(measurement.parameters, side)},
          {"active_parameters", count_json(measurement.active_parameters, side)},
          {"kv_bytes", count_json(measurement.cache, side)},
          {"decode_flops", flops_json(measurement.decode, book)},
          {"prefill_flops", flops_json(measurement.prefill, book)}};
}

Json held_json(const HeldCounts& held) {
  return {{"layers", held.layers.value()},
          {"of_layers", held.of_layers.value()},
          {"experts", held.experts.value()},
          {"of_experts", held.of_experts.value()}};
}

Json probe_json(const MachineLimits& limits) {
  return {
      {"read_bandwidth", limits.read_bandwidth},
      {"peak_flops",
       {{"f32", limits.f32_flops}, {"bf16", limits.bf16_flops}, {"int8", limits.int8_operations}}}};
}

}  // namespace

std::string measurement_json(const Measurement& measurement, Completeness completeness) {
  Json json = {{"model", measurement.model}};
  json.update(setting_json(stated(measurement.run.setting)));
  json.update({{"threads", measurement.run.threads.value()},
               {"held", held_json(measurement.held)},
               {"probe", probe_json(measurement.limits())},
               {"decode", timed_step_json(measurement.decode)},
               {"prefill", timed_step_json(measurement.prefill)},
               {"predicted", book_json(measurement, &Pair::predicted, &TimedStep::predicted)},
               {"counted", book_json(measurement, &Pair::counted, &TimedStep::counted)},
               {"exact", measurement.exact()},
               {"partial", completeness == Completeness::partial}});
  return indented(json);
}

}  // namespace llmarch::reports
