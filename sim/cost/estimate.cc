#include "sim/cost/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace llmarch {
namespace {

constexpr DType kRows = DType::bf16;

LaunchWork launch_of(const Work& work) {
  const Elements rows = work.activations_read + work.activations_written;
  return {work.flops().amount().as_double(), work.bytes().amount().as_double(),
          bytes_of(rows, kRows).amount().as_double()};
}

void accumulate(const LaunchWork& each, double times, LaunchWork& sum) {
  sum.flops += each.flops * times;
  sum.bytes += each.bytes * times;
  sum.rows += each.rows * times;
}

// (a^j + b^j + c^j)^(1/j), by the largest of them, so that no power under- or overflows.
double joined(double a, double b, double c, double joint) {
  const double most = std::max({a, b, c});
  if (most <= 0) return 0;
  const double sum =
      std::pow(a / most, joint) + std::pow(b / most, joint) + std::pow(c / most, joint);
  return most * std::pow(sum, 1 / joint);
}

bool does_nothing(const LaunchWork& work) {
  return work.flops == 0 && work.bytes == 0;
}

// Whether an operation is on rows alone: it reads no weights but vectors, and no cache.
bool on_rows_alone(const CostTerm& cost) {
  Work sum = cost.fixed;
  cost.varying.for_each([&](Driver, const Reach&, const Work& each) { sum += each; });
  return sum.matrix == Flops(0) && sum.cache_read == Elements(0);
}

// Experts gather each row as often as it is run, and add up as many.
double copies_of_rows(const CostTerm& cost) {
  const std::vector<ExpertReads>& experts = cost.varying.experts();
  return experts.empty() ? 1 : experts.front().chosen.as_double();
}

}  // namespace

double fitted_seconds(const OperationTimes& times, const LaunchWork& work, const Rates& rates) {
  const double bytes = times.memory_factor * work.bytes + times.rows_factor * work.rows;
  return joined(times.launch_seconds, bytes / rates.bytes_per_second,
                times.arithmetic_factor * work.flops / rates.flops_per_second, times.joint);
}

std::size_t size_class(const OperationTimes& times, double seconds) {
  const auto found = std::ranges::lower_bound(times.up_to_seconds, seconds);
  const auto last = times.up_to_seconds.end() - 1;
  return static_cast<std::size_t>(std::min(found, last) - times.up_to_seconds.begin());
}

EstimateCurve::EstimateCurve(const CostCurve& curve, const Hardware& hardware, DType arithmetic)
    : curve_(curve),
      times_(hardware.times),
      unmeasured_rates_(rates_of_device(hardware, arithmetic)) {
  if (times_ == nullptr) throw std::logic_error("an estimate where nothing was measured");
  for (const CostTerm& cost : curve.terms()) {
    if (!cost.timed && on_rows_alone(cost)) continue;
    Term term = term_of(cost);
    term.ways = ways_of(cost, hardware);
    if (term.varying.empty() && term.experts.empty()) {
      fixed_ += estimate(term, term.fixed);
    } else {
      terms_.push_back(std::move(term));
    }
  }
}

EstimateCurve::Term EstimateCurve::term_of(const CostTerm& cost) {
  Term term{cost.layers.as_double(), {}, {}, cost.varying.experts(), {}};
  const double copies = copies_of_rows(cost);
  const auto one_launch = [&](const Work& work) {
    LaunchWork launch;
    accumulate(launch_of(work), 1 / term.layers, launch);
    launch.rows *= copies;
    return launch;
  };
  term.fixed = one_launch(cost.fixed);
  cost.varying.for_each([&](Driver driver, const Reach& reach, const Work& each) {
    term.varying.push_back({count_of(at_least(driver), reach), one_launch(each)});
  });
  return term;
}

// Every entry of the table for this kind of operation and format, since an engine has its choice of
// kernels: experts in e2m1 run with inputs in 16 bits or in 8.
std::vector<EstimateCurve::Way> EstimateCurve::ways_of(const CostTerm& cost,
                                                       const Hardware& hardware) {
  std::vector<Way> ways;
  if (cost.timed) {
    for (const OperationTimes& times : times_->operation) {
      if (times.operation != cost.timed->operation) continue;
      if (std::ranges::find(times.formats, cost.timed->format) == times.formats.end()) continue;
      ways.push_back({&times, rates_of_device(hardware, times.arithmetic)});
    }
    if (ways.empty()) {
      unmeasured_.insert(std::string(name_of(cost.timed->operation)) + " in " +
                         std::string(cost.timed->format));
    }
  } else {
    unmeasured_.insert(std::string(name_of(cost.kind)) + " of a kind that is not timed");
  }
  return ways;
}

std::size_t EstimateCurve::count_of(Driver driver, const Reach& reach) {
  const Reach within = is_within_reach(driver) ? reach : Reach(EveryKey{});
  const auto found = std::ranges::find_if(
      counted_, [&](const Counted& each) { return each.driver == driver && each.reach == within; });
  if (found != counted_.end()) return static_cast<std::size_t>(found - counted_.begin());
  counted_.push_back({driver, within});
  return counted_.size() - 1;
}

Estimate EstimateCurve::at(Integer length) const {
  const Workload step = curve_.step(length);
  std::vector<double> counts;
  counts.reserve(counted_.size());
  for (const Counted& each : counted_) {
    counts.push_back(quantity(each.driver, each.reach, step).as_double());
  }
  Estimate sum = fixed_;
  for (const Term& term : terms_) sum += estimate(term, work_of(term, counts, step));
  return sum;
}

LaunchWork EstimateCurve::work_of(const Term& term, const std::vector<double>& counts,
                                  const Workload& step) {
  LaunchWork work = term.fixed;
  for (const PerDriver& each : term.varying) accumulate(each.each, counts[each.count], work);
  for (const ExpertReads& experts : term.experts) {
    accumulate(launch_of(expected_work(experts, step)), 1 / term.layers, work);
  }
  return work;
}

Estimate EstimateCurve::estimate(const Term& term, const LaunchWork& work) const {
  if (does_nothing(work)) return {};
  if (term.ways.empty()) {
    const double floor = term.layers * std::max(work.flops / unmeasured_rates_.flops_per_second,
                                                work.bytes / unmeasured_rates_.bytes_per_second);
    return {floor, floor, floor, floor};
  }
  double least = std::numeric_limits<double>::infinity();
  const OperationTimes* quickest = nullptr;
  for (const Way& way : term.ways) {
    const double seconds = fitted_seconds(*way.times, work, way.rates);
    if (seconds >= least) continue;
    least = seconds;
    quickest = way.times;
  }
  const std::size_t size = size_class(*quickest, least);
  const double seconds = term.layers * least;
  return {seconds * quickest->p10[size], seconds * quickest->median[size],
          seconds * quickest->p90[size], 0};
}

}  // namespace llmarch
