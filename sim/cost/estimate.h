// An estimate of the time of a step: of each operation, its floors times what such operations were
// measured to take on such a machine (sim/hardware/measured.h). It is no bound, and has a spread.
//
// Experts are read as under uniform routing. The times of operations add up, and so do their
// spreads, as if all operations were slow or quick together; apart from each other they would
// spread less. Operations on rows alone add nothing, as if fused with their neighbours.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/cost/cost_curve.h"
#include "sim/hardware/hardware.h"

namespace llmarch {

// What one launch of an operation does on one device.
struct LaunchWork {
  double flops = 0;
  double bytes = 0;  // of weights and cache
  double rows = 0;   // bytes of the rows that it reads and writes
};

// What a launch is fitted to take, by the rates of one device.
double fitted_seconds(const OperationTimes& times, const LaunchWork& work, const Rates& rates);

// Which of the spreads of `times` is that of operations that are fitted to take so long.
std::size_t size_class(const OperationTimes& times, double seconds);

struct Estimate {
  double p10 = 0, median = 0, p90 = 0;  // seconds
  double unmeasured = 0;  // the part of them that is floors of operations nobody measured
  constexpr Estimate& operator+=(const Estimate& more) {
    p10 += more.p10;
    median += more.median;
    p90 += more.p90;
    unmeasured += more.unmeasured;
    return *this;
  }
};

// The estimate of such a step on one device of a machine on which operations were measured.
class EstimateCurve {
 public:
  // `curve` must outlive it. An operation that was not measured counts with its floor, with
  // products in the format `arithmetic`. Throws std::logic_error where `hardware.times` is null.
  EstimateCurve(const CostCurve& curve, const Hardware& hardware, DType arithmetic);

  [[nodiscard]] Estimate at(Integer length) const;
  // The kinds of operations that were not measured: "product in q4_k".
  [[nodiscard]] const std::set<std::string>& unmeasured() const { return unmeasured_; }

 private:
  // One of the ways in which an operation may be run, as it was measured.
  struct Way {
    const OperationTimes* times;
    Rates rates;
  };
  struct PerDriver {
    std::size_t count;  // index into counted_
    LaunchWork each;
  };
  // An operation in all its layers, each of which is a launch.
  struct Term {
    double layers;
    LaunchWork fixed;
    std::vector<PerDriver> varying;
    std::vector<ExpertReads> experts;  // of all layers
    std::vector<Way> ways;             // an engine takes the quickest; none: unmeasured
  };
  // What is counted once for all terms at a length.
  struct Counted {
    Driver driver;
    Reach reach;
  };

  [[nodiscard]] Term term_of(const CostTerm& cost);
  [[nodiscard]] std::vector<Way> ways_of(const CostTerm& cost, const Hardware& hardware);
  std::size_t count_of(Driver driver, const Reach& reach);
  static LaunchWork work_of(const Term& term, const std::vector<double>& counts,
                            const Workload& step);
  [[nodiscard]] Estimate estimate(const Term& term, const LaunchWork& work) const;

  const CostCurve& curve_;
  std::shared_ptr<const MachineTimes> times_;  // kept alive for the ways
  Rates unmeasured_rates_;
  Estimate fixed_;  // of the operations that do not change with the length
  std::vector<Term> terms_;
  std::vector<Counted> counted_;
  std::set<std::string> unmeasured_;
};

}  // namespace llmarch
