#include <algorithm>
#include <stdexcept>

#include "sim/cost/op_cost.h"
#include "sim/study/compare.h"
#include "sim/study/quantities.h"

namespace llmarch {
namespace {

Formats formats_of(const Point& point) {
  return {point.weights, point.kv};
}

Workload decode_at(const Point& point) {
  return decode(point.context, point.batch);
}

Workload prefill_at(const Point& point) {
  return prefill(point.prompt, point.batch);
}

Work work_of_kind(const OpGraph& graph, const Workload& workload, WorkKind kind) {
  const RowCounts rows = row_counts(workload);
  Work sum;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (!runs_in(node.when, workload.latent_form) || work_kind(graph, node.op) != kind) continue;
      sum += price(graph, block, node.op, rows) * block.repeats;
    }
  }
  return sum;
}

Floor floor_of_step(const OpGraph& graph, const Workload& workload, const Point& point) {
  if (point.hardware == nullptr) throw std::logic_error("a floor is asked of no hardware");
  const Rates rates = rates_of(*point.hardware, point.weights);
  Floor floor;
  for (const BookLine& line : predict(graph, workload).lines) {
    floor += floor_of(line.work, formats_of(point), rates);
  }
  return floor;
}

}  // namespace

const Work& PointFigures::decode() {
  if (!decode_) decode_ = predict_total(model_.graph, decode_at(point_));
  return *decode_;
}

const Work& PointFigures::prefill() {
  if (!prefill_) prefill_ = predict_total(model_.graph, prefill_at(point_));
  return *prefill_;
}

Work PointFigures::decode(WorkKind kind) const {
  return work_of_kind(model_.graph, decode_at(point_), kind);
}

Work PointFigures::prefill(WorkKind kind) const {
  return work_of_kind(model_.graph, prefill_at(point_), kind);
}

const Floor& PointFigures::decode_floor() {
  if (!decode_floor_) decode_floor_ = floor_of_step(model_.graph, decode_at(point_), point_);
  return *decode_floor_;
}

const Floor& PointFigures::prefill_floor() {
  if (!prefill_floor_) prefill_floor_ = floor_of_step(model_.graph, prefill_at(point_), point_);
  return *prefill_floor_;
}

Elements PointFigures::cache() const {
  return cache_elements(model_.graph, point_.context, point_.batch);
}

Elements PointFigures::working_set() const {
  const Workload workload = decode_at(point_);
  const RowCounts rows = row_counts(workload);
  Elements most;
  for (const Block& block : model_.graph.blocks) {
    for (const Node& node : block.nodes) {
      if (!runs_in(node.when, workload.latent_form)) continue;
      const Work work = price(model_.graph, block, node.op, rows);
      most = std::max(most, work.activations_read + work.activations_written);
    }
  }
  return most + Elements(rows.tokens * model_.spec.hidden);
}

Bytes PointFigures::total_memory() const {
  return bytes_of(model_.parameters.total, point_.weights) + bytes_of(cache(), point_.kv) +
         bytes_of(working_set(), kActivations);
}

}  // namespace llmarch
