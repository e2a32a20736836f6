// The claims of a study and their verdicts. Every verdict is computed here, from figures that the
// result also holds; the study says only which verdict it expects.
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
  std::optional<Integer> context;  // present where the claim is checked at many contexts
  bool holds = false;
};

// Consecutive contexts at all of which a claim holds, or at none of which it does.
struct Stretch {
  Integer from, to;
  bool holds;
};

struct CaseResult {
  std::string title;
  Verdict verdict;
  std::vector<std::string> unrun;  // checks that need a timed run, where there was none
  // For a single context, its figures. For a range, the figures on both sides of each change of
  // verdict, or at the two ends.
  std::vector<Sides> sides;
  std::vector<Stretch> stretches;  // together the whole range; empty where there is no range
};

struct ShownFigure {
  std::string label;
  std::optional<FigureValue> figure;  // absent where it needs a timed run and there was none
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

// A mark on a chart: the first context at which the order of two lines has changed.
struct ChartTurn {
  Integer context;
  std::size_t model;  // the lower line from there on
  std::size_t other;
  double value;  // of the lower line there
};
struct ChartLine {
  const Model* model;
  std::vector<std::pair<Integer, double>> points;  // dense, with those of all turns
};
struct ComparisonResult {
  std::string id;
  const StudyComparison* comparison;
  Comparison figures;
  std::vector<ShownFigure> shown;
  const Quantity* charted = nullptr;
  std::vector<ChartLine> lines;
  std::vector<ChartTurn> turns;
  std::vector<FigureKind> drawn = {};
};

struct StudyResult {
  const Study* study;
  std::vector<ComparisonResult> comparisons;
  std::vector<ClaimResult> claims;
};

// Either a result and no problems, or no result and at least one expression without a value.
struct StudyOutcome {
  std::optional<StudyResult> result;
  std::vector<StudyProblem> problems;
};

// Throws Overflow when a figure exceeds 64 bits.
StudyOutcome run_study(const ReadStudy& study, const Clock& clock);

}  // namespace llmarch
