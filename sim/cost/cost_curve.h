// What a step costs as a function of its length alone. Everything that does not change with the
// length is priced once, when the curve is made; a point of a sweep is then a few multiplications
// and no allocation. The rules stay op_cost.h's: the curve asks for prices at three lengths and
// knows only the shape that they lie on, and a test holds curves against predict.h point by point.
//
// At length n every operation of a step costs  fixed + per_token n + per_pair p(n),  where p(n) is
// how many keys the step's queries meet within the operation's reach; and the experts' weights that
// several tokens read, which are an expectation, are added from their formula.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sim/cost/roofline.h"
#include "sim/figures.h"
#include "sim/graph/op_graph.h"
#include "sim/graph/work_kind.h"
#include "sim/graph/workload.h"

namespace llmarch {

// The steps whose length varies: `decode` and `prefill` of workload.h, by their length and batch.
using StepOfLength = Workload (*)(Integer length, Integer batch);

// Weights of routed experts in all the layers of a block.
struct ExpertReads {
  Elements each;  // of one expert in one layer
  Integer experts, experts_per_token, layers;
};

// One operation, all the layers of its block together.
struct CostTerm {
  WorkKind kind;
  Work fixed, per_token, per_pair;
  std::size_t reach;  // index into CostCurve::reaches
  std::optional<ExpertReads> experts;
};

// Several operations together.
struct CostSum {
  Work fixed, per_token;
  std::vector<Work> per_pair;  // by reach
  std::vector<ExpertReads> experts;
};

class CostCurve {
 public:
  // Throws Overflow when a step of three tokens passes 64 bits.
  CostCurve(const OpGraph& graph, StepOfLength step, Integer batch);

  // `length` is at least 1. Throw Overflow when a figure passes 64 bits.
  [[nodiscard]] Work total(Integer length) const { return at(total_, length); }
  [[nodiscard]] Work of(WorkKind kind, Integer length) const {
    return at(kinds_[static_cast<std::size_t>(kind)], length);
  }

  [[nodiscard]] const std::vector<CostTerm>& terms() const { return terms_; }
  [[nodiscard]] const std::vector<Reach>& reaches() const { return reaches_; }
  // Keys that the queries of one sequence meet.
  [[nodiscard]] Integer pairs(std::size_t reach, Integer length) const;
  [[nodiscard]] Elements read_by(const ExpertReads& experts, Integer length) const;

 private:
  [[nodiscard]] Work at(const CostSum& sum, Integer length) const;
  std::size_t index_of(const Reach& reach);
  void add(const CostTerm& term);

  StepOfLength step_;
  Integer batch_;
  std::vector<Reach> reaches_;
  std::vector<CostTerm> terms_;
  CostSum total_;
  std::array<CostSum, kWorkKinds.size()> kinds_;
};

// The floor of such a step on one machine.
class FloorCurve {
 public:
  // `curve` must outlive it.
  FloorCurve(const CostCurve& curve, const Formats& formats, const Rates& rates);

  [[nodiscard]] Floor at(Integer length) const;

 private:
  // Seconds of one side of an operation.
  struct SideTerm {
    double fixed, per_token, per_pair;
  };
  struct Term {
    SideTerm arithmetic, memory;
    std::size_t reach;
    std::optional<ExpertReads> experts;
  };

  const CostCurve& curve_;
  double seconds_per_expert_element_;
  Floor fixed_;  // of the operations that do not change with the length
  std::vector<Term> terms_;
};

// What the caches of a batch hold after `context` positions.
class CacheCurve {
 public:
  CacheCurve(const OpGraph& graph, Integer batch);

  // At this position: behind the border of a chunk its caches begin again.
  [[nodiscard]] Elements held(Integer context) const;
  // The most that is held at any position up to `context`: what has to be kept free for it.
  [[nodiscard]] Elements peak(Integer context) const;

 private:
  struct Term {
    Reach reach;
    Integer elements_per_position;
  };
  std::vector<Term> terms_;
};

}  // namespace llmarch
