// Claims of a study and what becomes of them. Every verdict is computed here, from the figures that
// stand beside it in the result; the study says only which verdict it expects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/compare.h"
#include "sim/study/evaluator.h"
#include "sim/study/study_reading.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch {

// The two sides of a check at one point.
struct Sides {
  std::string label;
  FigureValue left;
  Relation relation;
  FigureValue right;
  std::optional<double> tolerance;
  FigureForm form;
  std::optional<Integer> context;  // where the claim is checked at many
  bool holds = false;
};

// Contexts next to one another at which a claim holds, or does not.
struct Stretch {
  Integer from, to;
  bool holds;
};

struct CaseResult {
  std::string title;
  Verdict verdict;
  std::vector<std::string> unrun;  // what a clock would have to decide, where there is none
  // At the point; over a range, on both sides of where the verdict turns, or at its two ends.
  std::vector<Sides> sides;
  std::vector<Stretch> stretches;  // the whole range; empty without one
};

struct ShownFigure {
  std::string label;
  std::optional<FigureValue> figure;  // absent where a clock is needed and there is none
  FigureForm form;
};

struct ClaimResult {
  std::string id;
  const Claim* claim;
  Verdict verdict;
  Verdict expected;
  std::vector<CaseResult> cases;
  std::vector<ShownFigure> shown;
  [[nodiscard]] bool as_expected() const { return verdict == expected; }
};

// A chart's mark: the first context at which the order of two lines is another than before.
struct ChartTurn {
  Integer context;
  std::size_t model;  // the line that is lower from there on
  std::size_t other;
  double value;  // of the lower one there
};
struct ChartLine {
  const Model* model;
  std::vector<std::pair<Integer, double>> points;
};
struct ComparisonResult {
  std::string id;
  const StudyComparison* comparison;
  Comparison figures;
  std::vector<ShownFigure> shown;
  const Quantity* charted = nullptr;
  std::vector<ChartLine> lines;
  std::vector<ChartTurn> turns;
};

struct StudyResult {
  const Study* study;
  std::vector<ComparisonResult> comparisons;
  std::vector<ClaimResult> claims;
};

// Either a result and no problems, or none and at least one: an expression that has no value.
struct StudyOutcome {
  std::optional<StudyResult> result;
  std::vector<StudyProblem> problems;
};

// Throws Overflow when a figure exceeds 64 bits.
StudyOutcome run_study(const ReadStudy& study, const Clock& clock);

}  // namespace llmarch
