#include "sim/study/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "sim/study/crossovers.h"
#include "sim/study/sweep.h"

namespace llmarch {
namespace {

// At most this many turns are shown one by one and the rest only counted: a chunked reach has a
// turn at every chunk.
constexpr std::size_t kShownTurns = 3;

Sides sides_of(const Check& check, const FigureValue& left, const FigureValue& right) {
  return {check.label,     left,
          check.relation,  right,
          check.tolerance, check.left.form,
          std::nullopt,    holds(left, check.relation, right, check.tolerance)};
}

bool all_hold(const std::vector<Check>& checks, Evaluator& evaluate, Integer context) {
  return std::all_of(checks.begin(), checks.end(), [&](const Check& check) {
    return holds(evaluate(check.left, context), check.relation, evaluate(check.right, context),
                 check.tolerance);
  });
}

// Checks every context rather than searching by halves, so that no change of verdict is missed.
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

// The contexts on both sides of each change of verdict, or the two ends where it never changes.
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

// One entry where the figures are the same at every context, else one for each context.
std::vector<Sides> sides_over(const CaseResult& result, const Check& check, Evaluator& evaluate) {
  std::vector<Sides> all;
  for (const Integer context : telling_contexts(result.stretches)) {
    all.push_back(sides_of(check, evaluate(check.left, context), evaluate(check.right, context)));
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

// A claim whose cases agree has their verdict. Where they differ it holds under a condition, namely
// which case is meant.
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

// A claim whose expected verdict is "needs a run" accepts whatever this machine decides, unless it
// says what it expects of a timed run.
Verdict expected_of_clock(const Claim& claim, Verdict verdict) {
  if (claim.expect_timed) return *claim.expect_timed;
  return claim.expect == Verdict::needs_run ? verdict : claim.expect;
}

ChartLine line_of(const ModelCurves& curves, const Quantity& quantity,
                  const std::set<Integer>& contexts) {
  ChartLine line{&curves.model, {}};
  for (const Integer context : contexts) {
    line.points.emplace_back(context, as_double(evaluate(quantity, curves, context, context)));
  }
  return line;
}

void draw(ComparisonResult& result, const ReadComparison& read) {
  const StudyChart& chart = *read.comparison->chart;
  std::deque<ModelCurves> curves;
  for (const Model* model : read.models) {
    curves.emplace_back(*model, read.setting);
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
  std::set<Integer> contexts = drawn_lengths(chart.from, chart.to, Spacing::geometric);
  for (const ChartTurn& turn : result.turns) contexts.insert(turn.context);
  for (const ModelCurves& each : curves) {
    result.lines.push_back(line_of(each, *read.charted, contexts));
  }
}

// Runs a study that has been read, and collects the expressions that have no value.
class StudyRunner {
 public:
  StudyRunner(const Clock& clock, std::vector<StudyProblem>& problems)
      : clock_(clock), problems_(problems) {}

  ComparisonResult run(const ReadComparison& read) {
    ComparisonResult result{read.id,
                            read.comparison,
                            compare(read.models, read.setting),
                            shown(read.show, read.path, read.setting),
                            read.charted,
                            {},
                            {},
                            read.figures};
    if (read.charted != nullptr) draw(result, read);
    return result;
  }

  ClaimResult run(const ReadClaim& read) {
    ClaimResult result{read.id, read.claim, Verdict::undecidable, read.claim->expect, {}, {}};
    for (const ReadCase& one : read.cases) result.cases.push_back(run(one));
    result.verdict = together(result.cases);
    result.shown = shown(read.show, read.path, read.setting);
    if (clock_) result.expected = expected_of_clock(*read.claim, result.verdict);
    return result;
  }

 private:
  CaseResult run(const ReadCase& one) {
    CaseResult result{one.title, Verdict::needs_run, {}, {}, {}};
    Evaluator evaluate(one.setting, clock_);
    try {
      decide(result, one, evaluate);
    } catch (const NeedsRun&) {
      result = {one.title, Verdict::needs_run, {}, {}, {}};
      for (const Check& check : one.checks) result.unrun.push_back(check.label);
    } catch (const ExpressionError&) {
      blame(one);
    }
    return result;
  }

  // Runs the checks one by one to find which of them have no value.
  void blame(const ReadCase& one) {
    for (std::size_t i = 0; i < one.checks.size(); ++i) {
      attempt(problems_, fmt::format("{}.check.{}", one.path, i), [&] {
        Evaluator evaluate(one.setting, clock_);
        CaseResult unused{};
        try {
          decide(unused, {one.path, "", {one.checks[i]}, one.over, one.setting}, evaluate);
        } catch (const NeedsRun&) {
          // This check waits for a clock, so it is not the one without a value.
        }
      });
    }
  }

  std::vector<ShownFigure> shown(const std::vector<LabelledExpression>& expressions,
                                 const std::string& path, const Setting& setting) {
    std::vector<ShownFigure> figures;
    Evaluator evaluate(setting, clock_);
    for (const auto& [label, expression] : expressions) {
      const std::string place = fmt::format("{}.show.{}", path, figures.size());
      figures.push_back({label, std::nullopt, expression.form});
      try {
        attempt(problems_, place,
                [&, &asked = expression] { figures.back().figure = evaluate(asked); });
      } catch (const NeedsRun&) {
        // The figure stays absent, and the report says so.
      }
    }
    return figures;
  }

  const Clock& clock_;
  std::vector<StudyProblem>& problems_;
};

}  // namespace

StudyOutcome run_study(const ReadStudy& study, const Clock& clock) {
  StudyOutcome run;
  StudyRunner runner(clock, run.problems);
  StudyResult result{study.study, {}, {}};
  for (const ReadComparison& comparison : study.comparisons) {
    result.comparisons.push_back(runner.run(comparison));
  }
  for (const ReadClaim& claim : study.claims) result.claims.push_back(runner.run(claim));
  if (run.problems.empty()) run.result = std::move(result);
  return run;
}

}  // namespace llmarch
