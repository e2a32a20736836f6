#include "sim/study/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace llmarch {
namespace {

// Visits the points one after another without keeping them: a sweep may have millions.
template <class Visit>
void for_each_line(const SweepPlan& plan, const Visit& visit) {
  const PartialSetting shared = alike(plan.settings);
  for (const Model* model : plan.models) {
    for (const Setting& setting : plan.settings) {
      visit(SweepLine{model, setting, beyond(setting, shared)});
    }
  }
}

// The values at one point. If a figure exceeds 64 bits, the message names the point.
void evaluate_all(const SweepPlan& plan, const SweepLine& line, PointFigures& figures,
                  std::vector<QuantityValue>& values) {
  for (std::size_t i = 0; i < plan.quantities.size(); ++i) {
    try {
      values[i] = plan.quantities[i]->of(figures);
    } catch (const Overflow& cause) {
      throw SweepOverflow(cause, fmt::format("{} of {} at context {}, prompt {}, batch {}",
                                             plan.quantities[i]->name, line.model->spec.name,
                                             figures.context().value(), figures.prompt().value(),
                                             line.setting.batch.value()));
    }
  }
}

}  // namespace

std::set<Integer> drawn_lengths(Integer first, Integer last, Spacing spread) {
  constexpr int kSteps = 240;
  std::set<Integer> lengths{first, last};
  const double from = first.as_double();
  const double to = last.as_double();
  for (int step = 1; step < kSteps; ++step) {
    const double share = static_cast<double>(step) / kSteps;
    const double length = spread == Spacing::geometric ? from * std::pow(to / from, share)
                                                       : from + (to - from) * share;
    lengths.insert(Integer(std::llround(length)));
  }
  return lengths;
}

Lengths::Lengths(std::vector<Integer> values) : values_(std::move(values)) {
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  count_ = std::ssize(values_);
}

Lengths::Lengths(Integer first, Integer step, Integer last)
    : first_(first),
      step_(step),
      last_(last),
      count_((last - first) / step + ((last - first) % step == 0 ? 1 : 2)) {}

Integer Lengths::at(Integer index) const {
  if (values_.empty()) return std::min(first_ + step_ * index, last_);
  return values_.at(static_cast<std::size_t>(index.value()));
}

Lengths Lengths::thinned(Integer most) const {
  if (count_ <= most) return *this;
  std::vector<Integer> kept;
  for (Integer i = 0; i < most; i += 1) kept.push_back(at(i * (count_ - 1) / (most - 1)));
  return Lengths(std::move(kept));
}

std::vector<SweepLine> lines_of(const SweepPlan& plan) {
  std::vector<SweepLine> lines;
  for_each_line(plan, [&](const SweepLine& line) { lines.push_back(line); });
  return lines;
}

void for_each_point(const SweepPlan& plan, const std::function<void(const SweptPoint&)>& visit) {
  std::vector<QuantityValue> values(plan.quantities.size());
  const Integer prompts = plan.prompts ? plan.prompts->size() : 1;
  std::size_t index = 0;
  for_each_line(plan, [&](const SweepLine& line) {
    const ModelCurves curves(*line.model, line.setting);
    for (Integer p = 0; p < prompts; p += 1) {
      for (Integer c = 0; c < plan.contexts.size(); c += 1) {
        const Integer context = plan.contexts.at(c);
        const Integer prompt = plan.prompts ? plan.prompts->at(p) : context;
        PointFigures figures(curves, context, prompt);
        evaluate_all(plan, line, figures, values);
        visit({line, index, context, prompt, values});
      }
    }
    ++index;
  });
}

}  // namespace llmarch
