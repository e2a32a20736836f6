#include "sim/study/claims.h"

#include <algorithm>
#include <deque>
#include <set>

#include "sim/study/crossovers.h"

namespace llmarch {
namespace {

// Turns beyond these are counted and not shown one by one: chunks give as many as there are chunks.
constexpr std::size_t kShownTurns = 3;

Sides sides_of(const Check& check, const FigureValue& left, const FigureValue& right) {
  return {check.label,     left,
          check.relation,  right,
          check.tolerance, check.left.form,
          std::nullopt,    holds(left, check.relation, right, check.tolerance)};
}

bool all_hold(const std::vector<Check>& checks, Evaluator& evaluate, Integer context) {
  return std::all_of(checks.begin(), checks.end(), [&](const Check& check) {
    return holds(evaluate(check.left, context, context), check.relation,
                 evaluate(check.right, context, context), check.tolerance);
  });
}

// Every context is looked at, so that no turn can be missed.
std::vector<Stretch> stretches_of(const ReadCase& one, Evaluator& evaluate) {
  std::vector<Stretch> stretches;
  for (Integer context = one.over->from; context <= one.over->to; context += 1) {
    const bool holds = all_hold(one.checks, evaluate, context);
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
std::vector<Sides> sides_over(const CaseResult& result, const Check& check, Evaluator& evaluate) {
  std::vector<Sides> all;
  for (const Integer context : telling_contexts(result.stretches)) {
    all.push_back(sides_of(check, evaluate(check.left, context, context),
                           evaluate(check.right, context, context)));
    all.back().context = context;
  }
  const bool constant = std::all_of(
      all.begin(), all.end(), [&](const Sides& sides) { return same_figures(sides, all.front()); });
  if (constant) {
    all.erase(all.begin() + 1, all.end());
    all.front().context.reset();
  }
  return all;
}

void decide(CaseResult& result, const ReadCase& one, Evaluator& evaluate) {
  if (one.over) {
    result.stretches = stretches_of(one, evaluate);
    result.verdict = verdict_of(result.stretches);
    for (const Check& check : one.checks) {
      const std::vector<Sides> sides = sides_over(result, check, evaluate);
      result.sides.insert(result.sides.end(), sides.begin(), sides.end());
    }
    return;
  }
  for (const Check& check : one.checks) {
    result.sides.push_back(sides_of(check, evaluate(check.left), evaluate(check.right)));
  }
  const bool hold = std::all_of(result.sides.begin(), result.sides.end(),
                                [](const Sides& sides) { return sides.holds; });
  result.verdict = hold ? Verdict::holds : Verdict::fails;
}

CaseResult run_case(const ReadCase& one, const Clock& clock) {
  CaseResult result{one.title, Verdict::needs_run, {}, {}, {}};
  Evaluator evaluate(one.point, clock);
  try {
    decide(result, one, evaluate);
  } catch (const NeedsRun&) {
    CaseResult undecided{one.title, Verdict::needs_run, {}, {}, {}};
    for (const Check& check : one.checks) undecided.unrun.push_back(check.label);
    return undecided;
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
  Evaluator evaluate(point, clock);
  for (const auto& [label, expression] : expressions) {
    figures.push_back({label, std::nullopt, expression.form});
    try {
      figures.back().figure = evaluate(expression);
    } catch (const NeedsRun&) {
      // The figure stays absent, and the report says so.
    }
  }
  return figures;
}

// Where a study leaves it to the machine what a clock says, every verdict of one is as expected.
Verdict expected_of_clock(const Claim& claim, Verdict verdict) {
  if (claim.expect_timed) return *claim.expect_timed;
  return claim.expect == Verdict::needs_run ? verdict : claim.expect;
}

ClaimResult run_claim(const ReadClaim& read, const Clock& clock) {
  ClaimResult result{read.id, read.claim, Verdict::undecidable, read.claim->expect, {}, {}};
  for (const ReadCase& one : read.cases) result.cases.push_back(run_case(one, clock));
  result.verdict = together(result.cases);
  result.shown = shown(read.show, read.point, clock);
  if (clock) result.expected = expected_of_clock(*read.claim, result.verdict);
  return result;
}

ChartLine line_of(const ModelCurves& curves, const Quantity& quantity, const StudyChart& chart) {
  ChartLine line{&curves.model, {}};
  const auto add = [&](Integer context) {
    line.points.emplace_back(context, as_double(evaluate(quantity, curves, context, context)));
  };
  for (Integer context = chart.from; context < chart.to; context *= 2) add(context);
  add(chart.to);
  return line;
}

void draw(ComparisonResult& result, const ReadComparison& read) {
  const StudyChart& chart = *read.comparison->chart;
  std::deque<ModelCurves> curves;
  for (const Model* model : read.models) {
    curves.emplace_back(*model, read.point);
    result.lines.push_back(line_of(curves.back(), *read.charted, chart));
  }
  for (std::size_t a = 0; a < curves.size(); ++a) {
    for (std::size_t b = a + 1; b < curves.size(); ++b) {
      const Turns found =
          find_turns({&curves[a], read.charted}, {&curves[b], read.charted}, chart.from, chart.to);
      for (const Turn& turn : found.turns) {
        if (turn.after == std::strong_ordering::equal) continue;
        const bool left = turn.after == std::strong_ordering::less;
        const double lower =
            as_double(evaluate(*read.charted, curves[left ? a : b], turn.at, turn.at));
        result.turns.push_back({turn.at, left ? a : b, left ? b : a, lower});
      }
    }
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
  if (read.charted != nullptr) draw(result, read);
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
