// Claims of a study and what becomes of them. Every verdict is computed here, from the figures that
// stand beside it in the result; the study says only which verdict it expects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/compare.h"
#include "sim/study/expression.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch {

// A study whose expressions have been read.
struct ReadCase {
  std::string title;  // empty where a claim has no cases
  std::vector<Check> checks;
  std::optional<ContextRange> over;
  Point point;
};
struct ReadClaim {
  std::string id;
  const Claim* claim;
  std::vector<ReadCase> cases;
  std::vector<LabelledExpression> show;
  Point point;
};
struct ReadComparison {
  std::string id;
  const StudyComparison* comparison;
  std::vector<const Model*> models;
  std::vector<LabelledExpression> show;
  const Quantity* charted = nullptr;
  Point point;
};
struct ReadStudy {
  const Study* study;
  std::vector<ReadComparison> comparisons;
  std::vector<ReadClaim> claims;
};

// Why an expression cannot be read: where it stands in the study, and how far into the text.
struct StudyProblem {
  std::string path;  // "claim.C8.check.0"
  std::size_t offset = 0;
  std::string message;
  std::string remedy;
};
struct StudyReading {
  ReadStudy study;
  std::vector<StudyProblem> problems;
};

// `study` and `models` must outlive what is read.
StudyReading read_study(const Study& study, const StudyModels& models);

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

// Throws Overflow when a figure passes 64 bits.
StudyResult run_study(const ReadStudy& study, const Clock& clock);

}  // namespace llmarch
