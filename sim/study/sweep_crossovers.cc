#include "sim/study/sweep_crossovers.h"

#include <fmt/format.h>

#include <memory>

namespace llmarch {
namespace {

// The lengths that turns are looked for in: those of the axis that the quantity follows.
const Lengths& axis_of(const SweepPlan& plan, const Quantity& quantity) {
  return quantity.varies == Varies::with_prompt && plan.prompts ? *plan.prompts : plan.contexts;
}

// The lines of a plan with their curves, made once.
class Lines {
 public:
  explicit Lines(const SweepPlan& plan) : plan_(plan), lines_(lines_of(plan)) {
    for (const SweepLine& line : lines_) {
      curves_.push_back(std::make_unique<ModelCurves>(*line.model, line.settings));
    }
  }

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] const SweepLine& line(std::size_t index) const { return lines_[index]; }
  [[nodiscard]] bool share_settings(std::size_t a, std::size_t b) const {
    const Point& left = lines_[a].settings;
    const Point& right = lines_[b].settings;
    return left.batch == right.batch && left.weights == right.weights && left.kv == right.kv;
  }

  [[nodiscard]] Crossing crossing(std::size_t left, const Quantity& left_quantity,
                                  std::size_t right, const Quantity& right_quantity) const {
    const Lengths& axis = axis_of(plan_, left_quantity);
    const SweptFigure a{curves_[left].get(), &left_quantity};
    const SweptFigure b{curves_[right].get(), &right_quantity};
    Crossing crossing{{},           {}, {}, &left_quantity, &right_quantity, left, right,
                      axis.first(), {}, {}};
    crossing.turns = find_turns(a, b, axis.first(), axis.last());
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

// "batch 8, KV fp8": what varies besides the model.
std::string settings_text(const SweepPlan& plan, const Point& settings) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (plan.batches.size() > 1) add(fmt::format("batch {}", settings.batch.value()));
  if (plan.weights.size() > 1) add(fmt::format("weights {}", name_of(settings.weights)));
  if (plan.kv.size() > 1) add(fmt::format("KV {}", name_of(settings.kv)));
  return text;
}

std::string joined(const std::string& first, const std::string& rest) {
  if (first.empty() || rest.empty()) return first + rest;
  return first + ", " + rest;
}

}  // namespace

std::string name_of_line(const SweepPlan& plan, const SweepLine& line) {
  std::string settings = settings_text(plan, line.settings);
  if (plan.models.size() == 1 && !settings.empty()) return settings;
  return joined(line.model->spec.name, settings);
}

std::vector<Crossing> crossings_between(const SweepPlan& plan) {
  const Lines lines(plan);
  std::vector<Crossing> crossings;
  for (const Quantity* quantity : plan.quantities) {
    if (quantity->varies == Varies::never || !axis_of(plan, *quantity).varies()) continue;
    for (std::size_t a = 0; a < lines.size(); ++a) {
      for (std::size_t b = a + 1; b < lines.size(); ++b) {
        if (!lines.share_settings(a, b)) continue;
        Crossing crossing = lines.crossing(a, *quantity, b, *quantity);
        crossing.left = lines.line(a).model->spec.name;
        crossing.right = lines.line(b).model->spec.name;
        crossing.where =
            joined(std::string(quantity->name), settings_text(plan, lines.line(a).settings));
        crossings.push_back(std::move(crossing));
      }
    }
  }
  return crossings;
}

std::vector<Crossing> crossings_within(const SweepPlan& plan) {
  if (!plan.contexts.varies()) return {};
  std::vector<std::pair<std::string_view, std::string_view>> pairs{
      {"attention_flops", "feed_forward_flops"}, {"attention_block_flops", "feed_forward_flops"}};
  if (plan.hardware != nullptr) pairs.emplace_back("arithmetic_time", "memory_time");
  const Lines lines(plan);
  std::vector<Crossing> crossings;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    for (const auto& [left, right] : pairs) {
      Crossing crossing = lines.crossing(line, *find_quantity(left), line, *find_quantity(right));
      crossing.left = left;
      crossing.right = right;
      crossing.where =
          joined(lines.line(line).model->spec.name, settings_text(plan, lines.line(line).settings));
      crossings.push_back(std::move(crossing));
    }
  }
  return crossings;
}

}  // namespace llmarch
