// Sweeps: quantities of models in several settings, over contexts and prompts. Points are visited
// one by one and not kept, so that memory does not grow with the sweep's length.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <vector>

#include "sim/study/quantities.h"

namespace llmarch {

// Whole numbers in ascending order, each once: either a list, or equal steps, which are not stored.
class Lengths {
 public:
  explicit Lengths(std::vector<Integer> values);  // at least one; sorted, and duplicates dropped
  // From `first` on in equal steps to `last`, which is there whether or not a step reaches it.
  Lengths(Integer first, Integer step, Integer last);

  [[nodiscard]] Integer size() const { return count_; }
  [[nodiscard]] Integer at(Integer index) const;
  [[nodiscard]] Integer first() const { return at(0); }
  [[nodiscard]] Integer last() const { return at(count_ - 1); }
  [[nodiscard]] bool varies() const { return count_ > 1; }
  // At most `most` of the values, evenly spread, including the first and the last.
  [[nodiscard]] Lengths thinned(Integer most) const;

 private:
  std::vector<Integer> values_;  // empty: equal steps
  Integer first_, step_, last_, count_;
};

// So many lengths from the first to the last that a curve through them can be drawn, in equal steps
// or equal ratios: at most 241, each once.
enum class Spacing { even, geometric };
std::set<Integer> drawn_lengths(Integer first, Integer last, Spacing spread);

struct SweepPlan {
  std::vector<const Model*> models;         // at least one; must outlive the plan
  std::vector<const Quantity*> quantities;  // at least one
  Lengths contexts{std::vector<Integer>{8192}};
  std::optional<Lengths> prompts;            // none: a prefill is as long as the context
  std::vector<Setting> settings{Setting{}};  // at least one; their context and prompt are ignored
};

// One model in one setting, apart from context and prompt: a line of a chart.
struct SweepLine {
  const Model* model;
  Setting setting;
  PartialSetting apart;  // only the fields in which the plan's settings differ
};

// Every model in every setting, model by model.
std::vector<SweepLine> lines_of(const SweepPlan& plan);

struct SweptPoint {
  const SweepLine& line;
  std::size_t line_index;  // into lines_of(plan)
  Integer context;
  Integer prompt;
  std::span<const QuantityValue> values;  // one for each quantity of the plan
};

// Says which figure of a sweep exceeds 64 bits, and at which point.
class SweepOverflow : public Overflow {
 public:
  SweepOverflow(const Overflow& cause, std::string where)
      : Overflow(cause), where_(std::move(where)) {}
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  std::string where_;  // "prefill_flops of gpt2 at context 1099511627776, batch 1"
};

// Every point, line by line, prompt by prompt, context by context. Throws SweepOverflow.
void for_each_point(const SweepPlan& plan, const std::function<void(const SweptPoint&)>& visit);

}  // namespace llmarch
