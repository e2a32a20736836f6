#include "sim/study/compare.h"

#include <cmath>
#include <functional>
#include <stdexcept>

#include "sim/enumerators.h"
#include "sim/study/beside_memory.h"
#include "sim/study/point_figures.h"

namespace llmarch {
namespace {

// Makers count active parameters by different conventions and do not say by which, and they round.
// So the convention whose figure is nearest to the published one is taken.
std::optional<ActiveMatch> match_active(const Model& model) {
  if (!model.spec.published || !model.spec.published->active) return std::nullopt;
  const double published = model.spec.published->active->as_double();
  std::optional<ActiveMatch> best;
  for (const ActiveConvention convention : enumerators<ActiveConvention>()) {
    const Elements active = active_under(model.parameters.active, convention);
    const double deviation = active.amount().as_double() / published - 1;
    if (!best || std::abs(deviation) < std::abs(best->deviation)) best = {convention, deviation};
  }
  return best;
}

ModelFigures figures(const Model& model, const Setting& setting) {
  const OpGraph graph = stored(model, setting);
  const WeightBytes weights = weight_bytes(graph);
  ModelFigures figures;
  figures.model = &model;
  figures.scheme = weights_of(model, setting);
  figures.stored = stored_weights(graph);
  figures.weight_bytes = weights.total;
  figures.resident_weight_bytes = weights.resident;
  figures.cache_bytes = cache_bytes(graph, setting.context, setting.batch);
  figures.cache_bytes_per_token = cache_bytes_per_token(graph);
  figures.state_bytes_per_sequence = state_bytes_per_sequence(graph);
  figures.decode = step_of(predict_total(graph, workload_of(Phase::decode, setting)));
  figures.prefill = step_of(predict_total(graph, workload_of(Phase::prefill, setting)));
  const BesideMemory beside(model, graph, setting);
  figures.beside_bytes = beside.weights();
  figures.prediction_cache_per_token = beside.cache_per_token();
  if (drafts_in(model, setting)) figures.drafted = drafted_step(model, graph, setting);
  figures.active_match = match_active(model);
  figures.beyond_context_limit = setting.context > model.spec.context_limit;
  return figures;
}

std::optional<StepEstimate> step_estimate(const std::optional<EstimateCurve>& curve,
                                          Integer length) {
  if (!curve) return std::nullopt;
  return StepEstimate{curve->at(length), curve->unmeasured()};
}

using CurveOf = const CostCurve ModelCurves::*;

// What is expected under a skew: of the slower part where a part lies in a host's memory.
std::optional<Floor> skewed(const ModelCurves& curves, CurveOf step,
                            const std::optional<Skew>& skew, Integer length) {
  if (!skew) return std::nullopt;
  const auto floor_of_part = [&](const ModelCurves& part) {
    const Rates rates = rates_of(*part.setting.machine, arithmetic_of(part.model, part.setting));
    return FloorCurve(part.*step, rates, *skew).at(length);
  };
  if (curves.placed == nullptr) return floor_of_part(curves);
  return PlacedFloor{floor_of_part(curves.placed->device), floor_of_part(curves.placed->host)}
      .slower();
}

std::optional<PlacedStep> placed_step(const ModelCurves& curves, CurveOf step, Integer length,
                                      const std::function<PlacedFloor()>& floor) {
  if (curves.placed == nullptr) return std::nullopt;
  return PlacedStep{(curves.placed->device.*step).total(length).bytes(),
                    (curves.placed->host.*step).total(length).bytes(), floor()};
}

OnMachine on_machine(const Model& model, const Setting& setting, const std::optional<Skew>& skew) {
  const ModelCurves curves(model, setting);
  const Integer context = setting.context;
  const Integer prompt = setting.prefill_tokens();
  PointFigures figures(curves, context, prompt);
  OnMachine on;
  on.rates = rates_of(*setting.machine, arithmetic_of(model, setting));
  on.decode = {figures.decode_floor(), figures.uniform_decode_floor(),
               skewed(curves, &ModelCurves::decode, skew, context),
               placed_step(curves, &ModelCurves::decode, context,
                           [&] { return figures.placed_decode_floor(); }),
               step_estimate(curves.decode_estimate, context)};
  on.prefill = {figures.prefill_floor(), figures.uniform_prefill_floor(),
                skewed(curves, &ModelCurves::prefill, skew, prompt),
                placed_step(curves, &ModelCurves::prefill, prompt,
                            [&] { return figures.placed_prefill_floor(); }),
                step_estimate(curves.prefill_estimate, prompt)};
  if (curves.placed != nullptr) {
    on.host_rates = rates_of(*curves.placed->host.setting.machine, arithmetic_of(model, setting));
  }
  on.needed = footprint(model, setting);
  on.cache_peak = curves.cache.peak(setting.context);
  if (curves.ranks) {
    on.ranks = figures.ranks();
    on.replicated_weights = replicated_weights(model, setting);
    if (skew) on.expert_imbalance = expert_imbalance(model.graph, *setting.parallel, *skew);
    if (on.expert_imbalance) {
      on.busiest_decode_seconds =
          curves.ranks->skewed_decode_seconds(setting.context, setting.batch, *skew);
    }
  }
  const Integer devices = setting.parallel ? Integer(1) : setting.machine->all_devices();
  on.fits =
      fits(on.needed, setting, {.each = Bytes(setting.machine->memory.bytes), .devices = devices});
  return on;
}

}  // namespace

Elements active_under(const ActiveParameters& active, ActiveConvention convention) {
  switch (convention) {
    case ActiveConvention::all: return active.all;
    case ActiveConvention::without_input_embedding: return active.without_input_embedding;
    case ActiveConvention::without_embeddings: return active.without_embeddings;
  }
  throw std::logic_error("active_under: a convention outside the enumeration");
}

Comparison compare(const std::vector<const Model*>& models, Setting setting, const ComparedOn& on) {
  const std::vector<Machine>& machines = on.machines;
  setting.machine = machines.size() == 1 ? machines.front() : nullptr;
  Comparison comparison{with_common_weights(setting, models), machines, on.skew, {}, {}};
  std::vector<const ArchSpec*> specs;
  for (const Model* model : models) {
    comparison.models.push_back(figures(*model, setting));
    Setting there = setting;
    for (const Machine& machine : machines) {
      there.machine = machine;
      comparison.models.back().on.push_back(on_machine(*model, there, on.skew));
    }
    specs.push_back(&model->spec);
  }
  comparison.structure = structure(specs);
  return comparison;
}

Comparison compare(const std::vector<const Model*>& models, const Setting& setting) {
  if (setting.machine == nullptr) return compare(models, setting, ComparedOn{});
  return compare(models, setting, ComparedOn{{setting.machine}, {}});
}

}  // namespace llmarch
