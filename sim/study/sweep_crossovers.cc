#include "sim/study/sweep_crossovers.h"

#include <array>
#include <memory>
#include <string_view>

namespace llmarch {
namespace {

// The lengths within which turns are looked for: those of the axis that the quantity depends on.
const Lengths& axis_of(const SweepPlan& plan, const Quantity& quantity) {
  return quantity.varies == Varies::with_prompt && plan.prompts ? *plan.prompts : plan.contexts;
}

// Those in which one model may overtake another. A sweep of one length has none, and making the
// curves of its lines would take longer than all of its points.
std::vector<const Quantity*> varying_quantities(const SweepPlan& plan) {
  std::vector<const Quantity*> varying;
  for (const Quantity* quantity : plan.quantities) {
    if (quantity->varies != Varies::never && axis_of(plan, *quantity).varies()) {
      varying.push_back(quantity);
    }
  }
  return varying;
}

// The lines of a plan with their curves, made once.
class Lines {
 public:
  explicit Lines(const SweepPlan& plan) : plan_(plan), lines_(lines_of(plan)) {
    for (const SweepLine& line : lines_) {
      curves_.push_back(std::make_unique<ModelCurves>(*line.model, line.setting));
    }
  }

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] bool has_machine(std::size_t line) const {
    return lines_[line].setting.machine != nullptr;
  }
  [[nodiscard]] bool share_setting(std::size_t a, std::size_t b) const {
    return lines_[a].setting == lines_[b].setting;
  }

  [[nodiscard]] Crossing crossing(Rivals rivals, std::size_t left, const Quantity& left_quantity,
                                  std::size_t right, const Quantity& right_quantity) const {
    const Lengths& axis = axis_of(plan_, left_quantity);
    const SweptFigure a{curves_[left].get(), &left_quantity};
    const SweptFigure b{curves_[right].get(), &right_quantity};
    Crossing crossing{rivals,
                      &left_quantity,
                      &right_quantity,
                      left,
                      right,
                      axis.first(),
                      find_turns(a, b, axis.first(), axis.last()),
                      {}};
    for (const Turn& turn : crossing.turns.turns) {
      crossing.at_turns.push_back(value_at(a, turn.at));
    }
    return crossing;
  }

 private:
  const SweepPlan& plan_;
  std::vector<SweepLine> lines_;
  std::vector<std::unique_ptr<ModelCurves>> curves_;
};

// Two quantities that are compared within one line.
struct Pair {
  Rivals rivals;
  std::string_view left, right;
};
constexpr std::array kPairs{
    Pair{Rivals::kinds_of_work, "attention_flops", "feed_forward_flops"},
    Pair{Rivals::kinds_of_work, "attention_block_flops", "feed_forward_flops"},
    Pair{Rivals::sides_of_roofline, "arithmetic_time", "memory_time"}};

}  // namespace

std::vector<Crossing> crossings_between(const SweepPlan& plan) {
  const std::vector<const Quantity*> varying = varying_quantities(plan);
  if (varying.empty()) return {};
  const Lines lines(plan);
  std::vector<Crossing> crossings;
  for (const Quantity* quantity : varying) {
    for (std::size_t a = 0; a < lines.size(); ++a) {
      for (std::size_t b = a + 1; b < lines.size(); ++b) {
        if (!lines.share_setting(a, b)) continue;
        crossings.push_back(lines.crossing(Rivals::models, a, *quantity, b, *quantity));
      }
    }
  }
  return crossings;
}

std::vector<Crossing> crossings_within(const SweepPlan& plan) {
  if (!plan.contexts.varies()) return {};
  const Lines lines(plan);
  std::vector<Crossing> crossings;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    for (const auto& [rivals, left, right] : kPairs) {
      if (rivals == Rivals::sides_of_roofline && !lines.has_machine(line)) continue;
      crossings.push_back(
          lines.crossing(rivals, line, *find_quantity(left), line, *find_quantity(right)));
    }
  }
  return crossings;
}

}  // namespace llmarch
