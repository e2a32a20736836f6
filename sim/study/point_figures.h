// The figures of one model in one setting: what its steps cost and what they hold in memory, each
// computed when it is first asked for. The names by which they are asked for are known by
// quantities.h; the formulas by sim/cost.
#pragma once

#include <memory>
#include <optional>

#include "sim/cost/cost_curve.h"
#include "sim/cost/estimate.h"
#include "sim/cost/roofline.h"
#include "sim/graph/work_kind.h"
#include "sim/study/beside_memory.h"
#include "sim/study/drafting.h"
#include "sim/study/model.h"
#include "sim/study/ranks.h"
#include "sim/study/step.h"

namespace llmarch {

// Elements of the rows that the largest operation of a decode step reads and writes, plus the
// residual stream: what must be in memory besides weights and cache. The same at every context.
// Scratch within an operation (a tile of scores) is not counted. `graph` is the model's, or what
// one memory has of it.
Elements decode_working_set(const Model& model, const OpGraph& graph, Integer batch);

// What a step takes at least on the device and on the host, where a part of the model lies in the
// host's memory. The slower of the two is a bound: while one works on some sequences, or on shared
// experts, the other may work on others. The sum is what a step takes that lets each wait for the
// other, as engines do in a decode of one sequence, whose layers need the ones before; it is no
// bound, since with batches or shared experts the two may overlap. Rows cross the link between them
// and are not counted.
struct PlacedFloor {
  Floor device, host;
  [[nodiscard]] bool slower_is_host() const { return host.seconds > device.seconds; }
  [[nodiscard]] const Floor& slower() const { return slower_is_host() ? host : device; }
  [[nodiscard]] double in_turn_seconds() const { return device.seconds + host.seconds; }
};

struct PlacedCurves;

// Everything that does not depend on context and prompt, made once for all points of a sweep that
// share it.
class ModelCurves {
 public:
  // `model` must outlive it. Throws Overflow, CannotShard where the setting divides it so, and
  // RefusedSetting.
  ModelCurves(const Model& model, const Setting& setting);
  // For a graph that is stored already: `stored(model, setting)` or a part of it.
  ModelCurves(const Model& model, const Setting& setting, OpGraph stored);
  ModelCurves(const ModelCurves&) = delete;  // the floors refer to their costs
  ModelCurves& operator=(const ModelCurves&) = delete;

  const Model& model;
  const Setting setting;  // its context and prompt are not used
  const OpGraph graph;    // stored as the setting says
  const CostCurve decode;
  const CostCurve prefill;
  const CacheCurve cache;
  const BesideMemory beside;
  // Where there is a machine, and nothing lies elsewhere.
  const std::optional<FloorCurve> decode_floor;
  const std::optional<FloorCurve> prefill_floor;
  // The same if experts are chosen uniformly, which is no bound.
  const std::optional<FloorCurve> uniform_decode_floor;
  const std::optional<FloorCurve> uniform_prefill_floor;
  // Where operations were measured on the machine, and it is one device.
  const std::optional<EstimateCurve> decode_estimate;
  const std::optional<EstimateCurve> prefill_estimate;
  const Elements working_set;           // decode_working_set
  const std::optional<RankPlan> ranks;  // where there is a machine, and a deployment on it
  // Where there is a machine, and the setting places a part of the model in a host's memory.
  const std::shared_ptr<const PlacedCurves> placed;
};

// The curves of each part on its own. Where the device computes with what lies in the host's
// memory, that part runs at the device's peak and reads over the link.
struct PlacedCurves {
  ModelCurves device, host;
};

// The figures at one context and one prompt length. Throws Overflow when one exceeds 64 bits.
class PointFigures {
 public:
  PointFigures(const ModelCurves& curves, Integer context, Integer prompt)
      : curves_(curves), context_(context), prompt_(prompt) {}

  [[nodiscard]] const Model& model() const { return curves_.model; }
  [[nodiscard]] const OpGraph& stored_graph() const { return curves_.graph; }
  [[nodiscard]] const Setting& setting() const { return curves_.setting; }
  [[nodiscard]] Integer context() const { return context_; }
  [[nodiscard]] Integer prompt() const { return prompt_; }
  // decode: one token of each sequence, which attends to `context` keys. prefill: `prompt` tokens
  // of each sequence into an empty cache.
  const Work& decode();
  const Work& prefill();
  [[nodiscard]] Work decode(WorkKind kind) const { return curves_.decode.of(kind, context_); }
  [[nodiscard]] Work prefill(WorkKind kind) const { return curves_.prefill.of(kind, prompt_); }
  [[nodiscard]] Step decode_step() { return step_of(decode()); }
  [[nodiscard]] Step prefill_step() { return step_of(prefill()); }
  // A step of decode; drafted where the setting drafts and the model has prediction layers.
  const DraftedStep& decode_by_drafting();
  // Only where there is a machine.
  const Floor& decode_floor();
  const Floor& prefill_floor();
  [[nodiscard]] Floor uniform_decode_floor() const;
  [[nodiscard]] Floor uniform_prefill_floor() const;
  // Only where a part of the model is placed in a host's memory.
  [[nodiscard]] const PlacedCurves& placed() const;
  [[nodiscard]] PlacedFloor placed_decode_floor() const;
  [[nodiscard]] PlacedFloor placed_prefill_floor() const;
  [[nodiscard]] Bytes device_memory() const;  // as total_memory
  [[nodiscard]] Bytes host_memory() const;
  // Only where the setting divides the model.
  const RankFigures& ranks();
  // Only where operations were measured on the machine, and it is one device.
  [[nodiscard]] Estimate decode_estimate() const;
  [[nodiscard]] Estimate prefill_estimate() const;
  [[nodiscard]] Bytes cache() const;
  [[nodiscard]] Bytes working_set() const;
  // Weights, cache and working set, and what the repository holds beside the text model.
  [[nodiscard]] Bytes total_memory() const;

 private:
  const ModelCurves& curves_;
  Integer context_;
  Integer prompt_;
  std::optional<Work> decode_;
  std::optional<Work> prefill_;
  std::optional<DraftedStep> drafted_;
  std::optional<Floor> decode_floor_;
  std::optional<Floor> prefill_floor_;
  std::optional<RankFigures> ranks_;
};

}  // namespace llmarch
