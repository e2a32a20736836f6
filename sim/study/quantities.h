// Quantities: everything that can be asked of a model by name, at one point of a sweep. A sweep's
// columns, a crossover and the expressions of a study are all made of these; nothing else knows
// their names. The formulas behind them are sim/cost's.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "sim/cost/cost_curve.h"
#include "sim/cost/roofline.h"
#include "sim/dtype.h"
#include "sim/graph/work_kind.h"
#include "sim/hardware/hardware.h"
#include "sim/study/model.h"

namespace llmarch {

// Where a model is looked at.
struct Point {
  Integer context = 8192;  // keys that a decoded token attends, itself among them; at least 1
  Integer prompt = 8192;   // tokens of a prefill into an empty cache; at least 1
  Integer batch = 1;       // sequences, all of the same length
  DType weights = DType::bf16;
  DType kv = DType::bf16;
  const Hardware* hardware = nullptr;  // for the quantities that need one; must outlive the point
};

// Elements of the rows that the largest operation of a decode step reads and writes, and of the
// residual stream beside it: what has to be there at one time besides weights and cache. What an
// operation holds within itself (a tile of scores) is not among it. At every context the same.
Elements decode_working_set(const Model& model, Integer batch);

// What does not change with context and prompt, made once for all the points of a sweep that differ
// in nothing else.
class ModelCurves {
 public:
  // `model` and the point's hardware must outlive it. Throws Overflow.
  ModelCurves(const Model& model, const Point& point);
  ModelCurves(const ModelCurves&) = delete;  // the floors refer to their costs
  ModelCurves& operator=(const ModelCurves&) = delete;

  const Model& model;
  const Point point;  // of which context and prompt say nothing
  const CostCurve decode;
  const CostCurve prefill;
  const CacheCurve cache;
  const std::optional<FloorCurve> decode_floor;  // where there is hardware
  const std::optional<FloorCurve> prefill_floor;
  const Elements working_set;  // decode_working_set
};

// The figures of one model at one point, each made when it is first asked for. Throws Overflow when
// one passes 64 bits.
class PointFigures {
 public:
  PointFigures(const ModelCurves& curves, Integer context, Integer prompt)
      : curves_(curves), context_(context), prompt_(prompt) {}

  [[nodiscard]] const Model& model() const { return curves_.model; }
  [[nodiscard]] const Point& settings() const { return curves_.point; }
  [[nodiscard]] Integer context() const { return context_; }
  [[nodiscard]] Integer prompt() const { return prompt_; }
  // One token of each sequence that attends `context` keys, and `prompt` tokens of each into an
  // empty cache.
  const Work& decode();
  const Work& prefill();
  [[nodiscard]] Work decode(WorkKind kind) const { return curves_.decode.of(kind, context_); }
  [[nodiscard]] Work prefill(WorkKind kind) const { return curves_.prefill.of(kind, prompt_); }
  // Where there is hardware.
  const Floor& decode_floor();
  const Floor& prefill_floor();
  [[nodiscard]] Bytes cache() const;
  [[nodiscard]] Bytes working_set() const;
  // Weights, cache and working set.
  [[nodiscard]] Bytes total_memory() const;

 private:
  const ModelCurves& curves_;
  Integer context_;
  Integer prompt_;
  std::optional<Work> decode_;
  std::optional<Work> prefill_;
  std::optional<Floor> decode_floor_;
  std::optional<Floor> prefill_floor_;
};

// How a figure is to be read, and shown.
enum class Unit {
  number,
  parameters,
  tokens,
  bytes,
  flops,
  calls,
  flops_per_byte,
  seconds,
  tokens_per_second,
};

std::string_view name_of(Unit unit);  // "bytes"

enum class Needs { nothing, hardware };

// Which parts of a point a quantity looks at besides formats and hardware.
enum class Varies { never, with_context, with_prompt };

// Whole numbers are exact; ratios and times are not.
using QuantityValue = std::variant<Integer, double>;

struct Quantity {
  std::string_view name;     // "kv_bytes"
  std::string_view meaning;  // "KV cache at the context, for the whole batch"
  Unit unit = Unit::number;
  Varies varies = Varies::never;
  Needs needs = Needs::nothing;
  QuantityValue (*of)(PointFigures& figures) = nullptr;
};

// In the order in which they are listed to people.
std::span<const Quantity> quantities();

// None when there is none of that name.
const Quantity* find_quantity(std::string_view name);

// A quantity that needs hardware is only asked of a point that has some. Throws Overflow when a
// figure passes 64 bits.
QuantityValue evaluate(const Quantity& quantity, const Model& model, const Point& point);

// The same at one of many points.
QuantityValue evaluate(const Quantity& quantity, const ModelCurves& curves, Integer context,
                       Integer prompt);

double as_double(const QuantityValue& value);

}  // namespace llmarch
