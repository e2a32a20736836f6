#include "sim/study/point_figures.h"

#include <algorithm>
#include <stdexcept>

namespace llmarch {
namespace {

std::optional<FloorCurve> floor_curve(const CostCurve& curve, const Model& model,
                                      const Setting& setting, ExpertLoad load) {
  if (setting.machine == nullptr || setting.place) return std::nullopt;
  return FloorCurve(curve, rates_of(*setting.machine, arithmetic_of(model, setting)), load);
}

std::optional<RankPlan> rank_plan(const Model& model, const Setting& setting,
                                  const OpGraph& graph) {
  if (setting.machine == nullptr || !setting.parallel) return std::nullopt;
  if (const auto problem = deployment_problem(setting)) throw CannotShard(problem->problem);
  return RankPlan(model, setting, graph);
}

std::optional<EstimateCurve> estimate_curve(const CostCurve& curve, const Model& model,
                                            const Setting& setting) {
  const Machine& machine = setting.machine;
  if (machine == nullptr || setting.place || !machine->has_estimates()) return std::nullopt;
  return EstimateCurve(curve, *machine, arithmetic_of(model, setting));
}

// A floor, an estimate, or its curve.
template <class Value>
const Value& known(const std::optional<Value>& value) {
  if (!value) throw std::logic_error("a time is asked for, and there is no machine for it");
  return *value;
}

// The machine that computes with what lies in the host's memory.
Machine computing_machine(const Setting& setting) {
  Machine host = host_of(setting);
  switch (setting.place->computed) {
    case PlacedBy::host: return host;
    case PlacedBy::device: break;
  }
  Hardware reading = *setting.machine;
  const double devices = reading.all_devices().as_double();
  reading.bandwidth.bytes_per_second = std::min(
      reading.host_link->bytes_per_second, rates_of(*host, DType::bf16).bytes_per_second / devices);
  return std::make_shared<const Hardware>(std::move(reading));
}

// Weights and cache.
Bytes held_at(const ModelCurves& part, Integer context) {
  return weight_bytes(part.graph).total + part.cache.held(context);
}

std::shared_ptr<const PlacedCurves> placed_curves(const Model& model, const Setting& setting,
                                                  const OpGraph& graph) {
  if (setting.machine == nullptr) return nullptr;
  check_host(setting);
  if (!setting.place) return nullptr;
  Setting part = setting;
  part.place.reset();
  part.host = nullptr;
  Setting of_host = part;
  of_host.machine = computing_machine(setting);
  return std::shared_ptr<const PlacedCurves>(
      new PlacedCurves{{model, part, part_in(graph, *setting.place, Memory::device)},
                       {model, of_host, part_in(graph, *setting.place, Memory::host)}});
}

PlacedFloor placed_floor(const PlacedCurves& placed,
                         std::optional<FloorCurve> const ModelCurves::*floor, Integer length) {
  return {known(placed.device.*floor).at(length), known(placed.host.*floor).at(length)};
}

// Of all, or of the slower part where a part lies in a host's memory.
Floor floor_at(const ModelCurves& curves, std::optional<FloorCurve> const ModelCurves::*floor,
               Integer length) {
  if (curves.placed != nullptr) return placed_floor(*curves.placed, floor, length).slower();
  return known(curves.*floor).at(length);
}

}  // namespace

Elements decode_working_set(const Model& model, const OpGraph& graph, Integer batch) {
  return widest_rows(graph, decode(1, batch)) + Elements(batch * model.spec.hidden);
}

ModelCurves::ModelCurves(const Model& of_model, const Setting& at)
    : ModelCurves(of_model, at, stored(of_model, at)) {}

ModelCurves::ModelCurves(const Model& of_model, const Setting& at, OpGraph of_graph)
    : model(of_model),
      setting(at),
      graph(std::move(of_graph)),
      decode(graph, Phase::decode, at.batch),
      prefill(graph, Phase::prefill, at.batch, 1, at.prefill_form()),
      cache(graph, at.batch),
      beside(model, graph, at),
      decode_floor(floor_curve(decode, model, at, ExpertLoad::fewest)),
      prefill_floor(floor_curve(prefill, model, at, ExpertLoad::fewest)),
      uniform_decode_floor(floor_curve(decode, model, at, ExpertLoad::uniform)),
      uniform_prefill_floor(floor_curve(prefill, model, at, ExpertLoad::uniform)),
      decode_estimate(estimate_curve(decode, model, at)),
      prefill_estimate(estimate_curve(prefill, model, at)),
      working_set(decode_working_set(model, graph, at.batch)),
      ranks(rank_plan(of_model, at, graph)),
      placed(placed_curves(of_model, at, graph)) {}

const Work& PointFigures::decode() {
  if (!decode_) decode_ = curves_.decode.total(context_);
  return *decode_;
}

const Work& PointFigures::prefill() {
  if (!prefill_) prefill_ = curves_.prefill.total(prompt_);
  return *prefill_;
}

const DraftedStep& PointFigures::decode_by_drafting() {
  if (!drafted_) {
    Setting setting = curves_.setting;
    setting.context = context_;
    drafted_ = drafted_step(model(), stored_graph(), setting);
    if (curves_.placed != nullptr) drafted_->floor = decode_floor();
  }
  return *drafted_;
}

const Floor& PointFigures::decode_floor() {
  if (!decode_floor_) decode_floor_ = floor_at(curves_, &ModelCurves::decode_floor, context_);
  return *decode_floor_;
}

const Floor& PointFigures::prefill_floor() {
  if (!prefill_floor_) prefill_floor_ = floor_at(curves_, &ModelCurves::prefill_floor, prompt_);
  return *prefill_floor_;
}

Floor PointFigures::uniform_decode_floor() const {
  return floor_at(curves_, &ModelCurves::uniform_decode_floor, context_);
}

Floor PointFigures::uniform_prefill_floor() const {
  return floor_at(curves_, &ModelCurves::uniform_prefill_floor, prompt_);
}

const PlacedCurves& PointFigures::placed() const {
  if (curves_.placed == nullptr) throw std::logic_error("a host is asked for, and holds nothing");
  return *curves_.placed;
}

PlacedFloor PointFigures::placed_decode_floor() const {
  return placed_floor(placed(), &ModelCurves::decode_floor, context_);
}

PlacedFloor PointFigures::placed_prefill_floor() const {
  return placed_floor(placed(), &ModelCurves::prefill_floor, prompt_);
}

const RankFigures& PointFigures::ranks() {
  if (!curves_.ranks) throw std::logic_error("ranks are asked for, and there is no deployment");
  if (!ranks_) ranks_ = curves_.ranks->at(context_, prompt_, setting().batch);
  return *ranks_;
}

Estimate PointFigures::decode_estimate() const {
  return known(curves_.decode_estimate).at(context_);
}

Estimate PointFigures::prefill_estimate() const {
  return known(curves_.prefill_estimate).at(prompt_);
}

// Rows are where they are computed with.
Bytes PointFigures::device_memory() const {
  const auto& [device, host] = placed();
  const bool all_rows = setting().place->computed == PlacedBy::device;
  const Elements rows =
      all_rows ? std::max(device.working_set, host.working_set) : device.working_set;
  return held_at(device, context_) + bytes_of(rows, kActivations) + curves_.beside.weights() +
         curves_.beside.cache_held(context_);
}

Bytes PointFigures::host_memory() const {
  const ModelCurves& host = placed().host;
  const bool no_rows = setting().place->computed == PlacedBy::device;
  const Bytes rows = no_rows ? Bytes() : bytes_of(host.working_set, kActivations);
  return held_at(host, context_) + rows;
}

Bytes PointFigures::cache() const {
  return curves_.cache.held(context_);
}

Bytes PointFigures::working_set() const {
  return bytes_of(curves_.working_set, kActivations);
}

Bytes PointFigures::total_memory() const {
  const Bytes beside = curves_.beside.weights() + curves_.beside.cache_held(context_);
  return held_at(curves_, context_) + working_set() + beside;
}

}  // namespace llmarch
