// What a step costs as a function of its length alone. Prices are added up when the curve is made,
// and what does not change with the length is multiplied out; a point of a sweep is then a few
// multiplications and no allocation. A test holds curves against predict.h point by point.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sim/cost/price.h"
#include "sim/cost/roofline.h"
#include "sim/cost/skew.h"
#include "sim/cost/timed_operation.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/work_kind.h"
#include "sim/graph/workload.h"

namespace llmarch {

// One operation in all the layers of its block.
struct CostTerm {
  WorkKind kind;
  Work fixed;     // the same at every length
  Price varying;  // and the rest; experts and routed rows are always here
  Integer layers = 1;
  std::optional<Timed> timed = {};  // as which kind of operation it is measured
};

class CostCurve {
 public:
  // Throws Overflow when the part that does not change with the length exceeds 64 bits. For
  // `token_ranks` see Workload.
  CostCurve(const OpGraph& graph, Phase phase, Integer batch, Integer token_ranks = 1,
            RecurrenceForm recurrence = RecurrenceForm::by_step);

  // `length` is at least 1. Throw Overflow when a figure exceeds 64 bits.
  [[nodiscard]] Work total(Integer length) const { return at(total_, length); }
  [[nodiscard]] Work of(WorkKind kind, Integer length) const {
    return at(kinds_[static_cast<std::size_t>(kind)], length);
  }

  [[nodiscard]] Workload step(Integer length) const {
    Workload step = workload_of(phase_, length, batch_);
    step.token_ranks = token_ranks_;
    step.forms.recurrence = recurrence_;
    return step;
  }
  [[nodiscard]] const std::vector<CostTerm>& terms() const { return terms_; }
  // Those within which some operation attends or makes entries, each once.
  [[nodiscard]] const std::vector<Reach>& reaches() const { return reaches_; }

 private:
  // Several operations. Of what varies only the coefficients are kept that are not 0; most are.
  struct Sum {
    struct Coefficient {
      std::size_t column;  // index into Columns
      Integer each;
    };
    struct Term {
      Driver driver;
      Reach reach;
      std::vector<Coefficient> coefficients;
    };
    Work fixed;
    std::vector<Term> terms;
    std::vector<ExpertReads> experts;
    std::vector<RoutedRows> routed;
  };
  [[nodiscard]] CostTerm term_of(WorkKind kind, const Price& price) const;
  [[nodiscard]] Sum sum_of(const CostTerm& term) const;
  [[nodiscard]] Work at(const Sum& sum, Integer length) const;

  Phase phase_;
  Integer batch_;
  Integer token_ranks_;
  RecurrenceForm recurrence_;
  std::vector<Reach> reaches_;
  std::vector<CostTerm> terms_;
  Sum total_;
  std::array<Sum, kWorkKinds.size()> kinds_;
};

// The floor of such a step on one machine, if experts are chosen in that way. Without routed rows:
// what their sums take is nothing beside what it takes to send them, which is no part of a floor.
class FloorCurve {
 public:
  // `curve` must outlive it.
  FloorCurve(const CostCurve& curve, const Rates& rates, ExpertLoad load);
  // What is expected where experts are chosen by a skew, of one rank of several if it has those
  // that are chosen most; those of a model whose rows may choose identities instead are taken to be
  // chosen uniformly.
  FloorCurve(const CostCurve& curve, const Rates& rates, const Skew& skew);

  [[nodiscard]] Floor at(Integer length) const;

 private:
  // Seconds of the two sides of an operation.
  struct Sides {
    double arithmetic = 0, memory = 0;
  };
  static constexpr auto kNoReach = static_cast<std::size_t>(-1);
  struct PerDriver {
    Driver driver;
    std::size_t reach;  // within which it is counted, if within one: an index into reaches
    Sides each;
  };
  // An operation whose work changes with the length.
  struct Term {
    Sides fixed;
    std::vector<PerDriver> varying;
    std::vector<ExpertReads> experts;
    std::vector<double> chances = {};  // of each expert, where a skew says them
  };
  [[nodiscard]] Term term_of(const CostTerm& cost, const Work& fixed);
  [[nodiscard]] Sides sides_of(const Work& work) const;
  [[nodiscard]] static Work work_of(const Term& term, const ExpertReads& experts,
                                    const Workload& step);

  const CostCurve& curve_;
  Rates rates_;
  double seconds_per_byte_;
  Floor fixed_;  // of the operations that do not change with the length
  std::vector<Term> terms_;
  std::vector<Driver> rows_;  // those that some term is in proportion to
};

// The bytes that the caches of a batch hold after `context` positions.
class CacheCurve {
 public:
  CacheCurve(const OpGraph& graph, Integer batch);

  // At this position; with the first position of the next chunk a chunk's caches begin again.
  [[nodiscard]] Bytes held(Integer context) const;
  // The most that is held at any position up to `context`: what has to be kept free for a sequence
  // that grows to it. Exact, but where chunks have several sizes whose borders hardly ever
  // coincide: there as much as if all of them were full at one time.
  [[nodiscard]] Bytes peak(Integer context) const;

 private:
  [[nodiscard]] Bytes all_full(Integer context) const;

  struct Term {
    State state;
    Bytes bytes_per_entry;
  };
  std::vector<Term> terms_;
};

}  // namespace llmarch
