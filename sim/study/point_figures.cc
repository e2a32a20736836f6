#include "sim/study/point_figures.h"

#include <stdexcept>

namespace llmarch {
namespace {

std::optional<FloorCurve> floor_curve(const CostCurve& curve, const Model& model,
                                      const Setting& setting, ExpertLoad load) {
  if (setting.machine == nullptr) return std::nullopt;
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
  if (machine == nullptr || !machine->has_estimates()) return std::nullopt;
  return EstimateCurve(curve, *machine, arithmetic_of(model, setting));
}

// A floor, an estimate, or its curve.
template <class Value>
const Value& known(const std::optional<Value>& value) {
  if (!value) throw std::logic_error("a time is asked for, and there is no machine for it");
  return *value;
}

}  // namespace

Elements decode_working_set(const Model& model, Integer batch) {
  return widest_rows(model.graph, decode(1, batch)) + Elements(batch * model.spec.hidden);
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
      working_set(decode_working_set(model, at.batch)),
      ranks(rank_plan(of_model, at, graph)) {}

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
  }
  return *drafted_;
}

const Floor& PointFigures::decode_floor() {
  if (!decode_floor_ && curves_.decode_floor) decode_floor_ = curves_.decode_floor->at(context_);
  return known(decode_floor_);
}

const Floor& PointFigures::prefill_floor() {
  if (!prefill_floor_ && curves_.prefill_floor) {
    prefill_floor_ = curves_.prefill_floor->at(prompt_);
  }
  return known(prefill_floor_);
}

Floor PointFigures::uniform_decode_floor() const {
  return known(curves_.uniform_decode_floor).at(context_);
}

Floor PointFigures::uniform_prefill_floor() const {
  return known(curves_.uniform_prefill_floor).at(prompt_);
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

Bytes PointFigures::cache() const {
  return curves_.cache.held(context_);
}

Bytes PointFigures::working_set() const {
  return bytes_of(curves_.working_set, kActivations);
}

Bytes PointFigures::total_memory() const {
  const Bytes beside = curves_.beside.weights() + curves_.beside.cache_held(context_);
  return weight_bytes(stored_graph()).total + cache() + working_set() + beside;
}

}  // namespace llmarch
