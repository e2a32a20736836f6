#include "sim/study/claims.h"

#include <algorithm>
#include <set>

namespace llmarch {
namespace {

// Turns beyond these are counted and not shown one by one: chunks give as many as there are chunks.
constexpr std::size_t kShownTurns = 3;

Point at_context(const Point& point, Integer context) {
  Point moved = point;
  moved.context = moved.prompt = context;
  return moved;
}

Sides sides_of(const Check& check, const Point& point, const Clock& clock) {
  Sides sides{check.label,     evaluate(check.left, point, clock),  check.relation,
              evaluate(check.right, point, clock), check.tolerance, check.left.form,
              std::nullopt,    false};
  sides.holds = holds(sides.left, sides.relation, sides.right, sides.tolerance);
  return sides;
}

bool all_hold(const std::vector<Check>& checks, const Point& point, const Clock& clock) {
  return std::all_of(checks.begin(), checks.end(), [&](const Check& check) {
    return holds(evaluate(check.left, point, clock), check.relation,
                 evaluate(check.right, point, clock), check.tolerance);
  });
}

// Every context is looked at, so that no turn can be missed.
std::vector<Stretch> stretches_of(const ReadCase& one, const Clock& clock) {
  std::vector<Stretch> stretches;
  for (Integer context = one.over->from; context <= one.over->to; context += 1) {
    const bool holds = all_hold(one.checks, at_context(one.point, context), clock);
    if (stretches.empty() || stretches.back().holds != holds) {
      stretches.push_back({context, context, holds});
    }
    stretches.back().to = context;
  }
  return stretches;
}

Verdict verdict_of(const std::vector<Stretch>& stretches) {
  if (stretches.size() > 1) return Verdict::conditional;
  return stretches.front().holds ? Verdict::holds : Verdict::fails;
}

// On both sides of each turn, and at the two ends.
std::set<Integer> telling_contexts(const std::vector<Stretch>& stretches) {
  std::set<Integer> contexts;
  for (std::size_t i = 1; i < stretches.size() && i <= kShownTurns; ++i) {
    contexts.insert(stretches[i - 1].to);
    contexts.insert(stretches[i].from);
  }
  if (contexts.empty()) contexts = {stretches.front().from, stretches.back().to};
  return contexts;
}

bool same_figures(const Sides& a, const Sides& b) {
  return a.left == b.left && a.right == b.right;
}

// What is the same at each of the contexts is said once.
void add_sides_over(CaseResult& result, const ReadCase& one, const Check& check,
                    const Clock& clock) {
  std::vector<Sides> all;
  for (const Integer context : telling_contexts(result.stretches)) {
    all.push_back(sides_of(check, at_context(one.point, context), clock));
    all.back().context = context;
  }
  const bool constant = std::all_of(all.begin(), all.end(), [&](const Sides& sides) {
    return same_figures(sides, all.front());
  });
  if (constant) {
    all.erase(all.begin() + 1, all.end());
    all.front().context.reset();
  }
  result.sides.insert(result.sides.end(), all.begin(), all.end());
}

void add_sides(CaseResult& result, const ReadCase& one, const Clock& clock) {
  for (const Check& check : one.checks) {
    if (one.over) {
      add_sides_over(result, one, check, clock);
    } else {
      result.sides.push_back(sides_of(check, one.point, clock));
    }
  }
}

CaseResult run_case(const ReadCase& one, const Clock& clock) {
  CaseResult result{one.title, Verdict::needs_run, {}, {}};
  try {
    if (one.over) result.stretches = stretches_of(one, clock);
    add_sides(result, one, clock);
  } catch (const NeedsRun&) {
    return result;
  }
  if (one.over) {
    result.verdict = verdict_of(result.stretches);
  } else {
    const bool hold = std::all_of(result.sides.begin(), result.sides.end(),
                                  [](const Sides& sides) { return sides.holds; });
    result.verdict = hold ? Verdict::holds : Verdict::fails;
  }
  return result;
}

// Cases that agree decide together; where they differ, which of them is meant is the condition.
Verdict together(const std::vector<CaseResult>& cases) {
  if (cases.empty()) return Verdict::undecidable;
  const auto any = [&](Verdict verdict) {
    return std::any_of(cases.begin(), cases.end(),
                       [&](const CaseResult& one) { return one.verdict == verdict; });
  };
  if (any(Verdict::needs_run)) return Verdict::needs_run;
  const Verdict first = cases.front().verdict;
  const bool agree = std::all_of(cases.begin(), cases.end(),
                                 [&](const CaseResult& one) { return one.verdict == first; });
  return agree ? first : Verdict::conditional;
}

std::vector<ShownFigure> shown(const std::vector<LabelledExpression>& expressions,
                               const Point& point, const Clock& clock) {
  std::vector<ShownFigure> figures;
  for (const auto& [label, expression] : expressions) {
    figures.push_back({label, std::nullopt, expression.form});
    try {
      figures.back().figure = evaluate(expression, point, clock);
    } catch (const NeedsRun&) {
      // The figure stays absent, and the report says so.
    }
  }
  return figures;
}

ClaimResult run_claim(const ReadClaim& read, const Clock& clock) {
  ClaimResult result{read.id, read.claim, Verdict::undecidable, read.claim->expect, {}, {}};
  for (const ReadCase& one : read.cases) result.cases.push_back(run_case(one, clock));
  result.verdict = together(result.cases);
  result.shown = shown(read.show, read.point, clock);
  if (clock && read.claim->expect_timed) result.expected = *read.claim->expect_timed;
  return result;
}

ChartLine line_of(const Model& model, const ReadComparison& read) {
  ChartLine line{&model, {}};
  const auto add = [&](Integer context) {
    line.points.emplace_back(
        context, as_double(evaluate(*read.charted, model, at_context(read.point, context))));
  };
  const StudyChart& chart = *read.comparison->chart;
  for (Integer context = chart.from; context < chart.to; context *= 2) add(context);
  add(chart.to);
  return line;
}

// Where two lines change their order, each context looked at.
void add_turns(const ReadComparison& read, std::size_t a, std::size_t b, std::vector<Turn>& turns) {
  const StudyChart& chart = *read.comparison->chart;
  int before = 0;
  for (Integer context = chart.from; context <= chart.to; context += 1) {
    const Point point = at_context(read.point, context);
    const double left = as_double(evaluate(*read.charted, *read.models[a], point));
    const double right = as_double(evaluate(*read.charted, *read.models[b], point));
    const int order = left < right ? -1 : (left > right ? 1 : 0);
    if (order != 0 && before != 0 && order != before) {
      turns.push_back({context, order < 0 ? a : b, order < 0 ? b : a});
    }
    if (order != 0) before = order;
  }
}

ComparisonResult run_comparison(const ReadComparison& read, const Clock& clock) {
  const Point& point = read.point;
  ComparisonResult result{
      read.id,
      read.comparison,
      compare(read.models, {point.context, point.batch, point.weights, point.kv}),
      shown(read.show, point, clock),
      read.charted,
      {},
      {}};
  if (read.charted == nullptr) return result;
  for (const Model* model : read.models) result.lines.push_back(line_of(*model, read));
  for (std::size_t a = 0; a < read.models.size(); ++a) {
    for (std::size_t b = a + 1; b < read.models.size(); ++b) add_turns(read, a, b, result.turns);
  }
  return result;
}

}  // namespace

StudyResult run_study(const ReadStudy& study, const Clock& clock) {
  StudyResult result;
  result.study = study.study;
  for (const ReadComparison& comparison : study.comparisons) {
    result.comparisons.push_back(run_comparison(comparison, clock));
  }
  for (const ReadClaim& claim : study.claims) result.claims.push_back(run_claim(claim, clock));
  return result;
}

}  // namespace llmarch
