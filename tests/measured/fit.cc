#include "tests/measured/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

#include "tests/measured/simplex.h"

namespace llmarch::measured {
namespace {

constexpr const char* kSource =
    "ai-dynamo/aiconfigurator, commit 095f58a, 2026-08-21, Apache-2.0: rows of its data folders";

// Below this, launches make most of the time; above the last, hardly any.
constexpr std::array kSizes{1e-5, 1e-4, 1e-3, 1e3};
// A spread of fewer rows would say nothing.
constexpr std::size_t kLeastRows = 10;
constexpr int kSteps = 400;
constexpr double kFirstStep = 0.7;
// Draws factors that the rows do not settle towards 1, with the weight of so many rows.
constexpr double kTowardsOne = 0.3;

RelativeSpread spread_of(const std::vector<double>& over) {
  return {quantile(over, 0.1), quantile(over, 0.5), quantile(over, 0.9)};
}

// Four digits say more than the rows do, and a file with more would change with every compiler.
double rounded(double value) {
  return std::stod(fmt::format("{:.4g}", value));
}

double seconds_of(const OperationTimes& times, const TimedRow& row) {
  const Hardware& machine = machine_called(row.gpu);
  return fitted_seconds(times, row.work, rates_of_device(machine, times.arithmetic));
}

// Factors as logarithms, so that none is below 0.
void set_factors(const Point& point, OperationTimes& times) {
  times.launch_seconds = std::exp(point[0]);
  times.memory_factor = std::exp(point[1]);
  times.rows_factor = std::exp(point[2]);
  times.arithmetic_factor = std::exp(point[3]);
  times.joint = std::exp(point[4]);
}

using Rows = std::vector<const TimedRow*>;

double mean_deviation(const OperationTimes& times, const Rows& rows, const Point& point) {
  double sum = 0;
  for (const TimedRow* row : rows)
    sum += std::abs(std::log(seconds_of(times, *row) / row->seconds));
  double factors = 0;
  for (std::size_t i = 1; i < point.size(); ++i) factors += point[i] * point[i];
  return (sum + kTowardsOne * factors) / static_cast<double>(rows.size());
}

void enter_spreads(const Rows& rows, OperationTimes& times) {
  std::vector<double> all;
  std::map<std::size_t, std::vector<double>> by_size;
  times.up_to_seconds.assign(kSizes.begin(), kSizes.end());
  for (const TimedRow* row : rows) {
    const double fitted = seconds_of(times, *row);
    all.push_back(row->seconds / fitted);
    by_size[size_class(times, fitted)].push_back(all.back());
  }
  for (std::size_t size = 0; size < kSizes.size(); ++size) {
    const RelativeSpread spread =
        spread_of(by_size[size].size() < kLeastRows ? all : by_size[size]);
    times.p10.push_back(rounded(spread.p10));
    times.median.push_back(rounded(spread.median));
    times.p90.push_back(rounded(spread.p90));
  }
}

OperationTimes fit(TimedOperation operation, const std::string& format, const Rows& rows) {
  const MeasuredFormat& measured = format_called(format);
  OperationTimes times{operation, format, measured.stored, measured.arithmetic,
                       static_cast<std::int64_t>(rows.size())};
  const double shortest = (*std::ranges::min_element(rows, {}, [](const TimedRow* row) {
                            return row->seconds;
                          }))->seconds;
  const Point start{std::log(shortest), 0.3, 0.0, 0.5, 0.5};
  const Point best = minimum(
      [&](const Point& point) {
        set_factors(point, times);
        return mean_deviation(times, rows, point);
      },
      start, kFirstStep, kSteps);
  set_factors(best, times);
  for (double* factor : {&times.launch_seconds, &times.memory_factor, &times.rows_factor,
                         &times.arithmetic_factor, &times.joint}) {
    *factor = rounded(*factor);
  }
  enter_spreads(rows, times);
  return times;
}

using ServedRows = std::vector<const ServedRow*>;

// The factors of all engines together, towards which those of each are drawn with the weight of so
// many rows: of some engines there are a dozen.
constexpr double kTowardsAll = 30;

// Fits the factors, which begin as those of all engines, to the times that `measured` says;
// `seconds` makes the time of a row with them. Where there are no rows they stay as they are.
template <class Seconds, class Measured>
RelativeSpread fit_factors(const ServedRows& rows, const std::vector<double*>& factors,
                           double towards, const Seconds& seconds, const Measured& measured) {
  if (rows.empty()) return {};
  Point start;
  for (const double* factor : factors) start.push_back(std::log(*factor));
  const auto set = [&](const Point& point) {
    for (std::size_t i = 0; i < factors.size(); ++i) *factors[i] = std::exp(point[i]);
  };
  const auto deviation = [&](const Point& point) {
    set(point);
    double sum = 0;
    for (const ServedRow* row : rows) sum += std::abs(std::log(seconds(*row) / measured(*row)));
    for (std::size_t i = 0; i < point.size(); ++i) {
      sum += towards * (point[i] - start[i]) * (point[i] - start[i]);
    }
    return sum;
  };
  set(minimum(deviation, start, kFirstStep, kSteps));
  for (double* factor : factors) *factor = rounded(*factor);
  std::vector<double> over;
  for (const ServedRow* row : rows) over.push_back(measured(*row) / seconds(*row));
  const RelativeSpread spread = spread_of(over);
  return {rounded(spread.p10), rounded(spread.median), rounded(spread.p90)};
}

// `times` begins as that of all engines. The first token of those rows alone that do not wait for
// others to end.
EngineTimes fit_engine(EngineTimes times, const ServedRows& rows, double towards) {
  times.rows = static_cast<std::int64_t>(rows.size());
  times.spread = fit_factors(
      rows, {&times.decode_factor, &times.prefill_factor}, towards,
      [&](const ServedRow& row) { return token_seconds(times, row.steps()); },
      [](const ServedRow& row) { return row.seconds; });
  ServedRows at_once;
  std::ranges::copy_if(rows, std::back_inserter(at_once),
                       [](const ServedRow* row) { return !row->waits; });
  times.first_spread = fit_factors(
      at_once,
      {&times.first_prefill_factor, &times.first_decode_factor, &times.first_others_factor},
      towards, [&](const ServedRow& row) { return first_token_seconds(times, row.steps()); },
      [](const ServedRow& row) { return row.first; });
  return times;
}

Error error_of(const ServedRow& row, double over) {
  return {over, row.part, {{"model", row.model}, {"machine", row.gpu}, {"engine", row.engine}}};
}

}  // namespace

double quantile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

std::vector<MachineTimes> fit_operations(const std::vector<TimedRow>& rows) {
  std::map<std::string, std::map<std::pair<TimedOperation, std::string>, Rows>> by_gpu;
  for (const TimedRow& row : rows) {
    if (row.part == Part::fit) by_gpu[row.gpu][{row.operation, row.format}].push_back(&row);
  }
  std::vector<MachineTimes> machines;
  for (const auto& [gpu, groups] : by_gpu) {
    MachineTimes machine{kSource, machines_like(gpu).front(), machines_like(gpu), {}};
    for (const auto& [kind, group] : groups) {
      machine.operation.push_back(fit(kind.first, kind.second, group));
    }
    machines.push_back(std::move(machine));
  }
  return machines;
}

std::vector<EngineTimes> fit_engines(const std::vector<ServedRow>& rows) {
  ServedRows all;
  std::map<std::string, ServedRows> by_engine;
  for (const ServedRow& row : rows) {
    by_engine[row.engine];
    if (row.part != Part::fit) continue;
    all.push_back(&row);
    by_engine[row.engine].push_back(&row);
  }
  EngineTimes together = fit_engine({.source = kSource, .engine = {}, .rows = 0}, all, 0);
  std::vector<EngineTimes> engines;
  for (const auto& [engine, group] : by_engine) {
    together.engine = engine;
    engines.push_back(fit_engine(together, group, kTowardsAll));
  }
  return engines;
}

double estimated_seconds(const std::vector<MachineTimes>& machines, const TimedRow& row) {
  const std::string& machine = machines_like(row.gpu).front();
  const auto& operations = std::ranges::find(machines, machine, &MachineTimes::measured)->operation;
  const OperationTimes& times = *std::ranges::find_if(operations, [&](const auto& each) {
    return each.operation == row.operation && each.kernels == row.format;
  });
  const double fitted = seconds_of(times, row);
  return fitted * times.median[size_class(times, fitted)];
}

std::vector<Error> operation_errors(const std::vector<TimedRow>& rows,
                                    const std::vector<MachineTimes>& machines) {
  std::vector<Error> errors;
  for (const TimedRow& row : rows) {
    errors.push_back({estimated_seconds(machines, row) / row.seconds,
                      row.part,
                      {{"operation", std::string(name_of(row.operation))}, {"machine", row.gpu}}});
  }
  return errors;
}

std::vector<Error> served_errors(const std::vector<ServedRow>& rows,
                                 const std::vector<EngineTimes>& engines) {
  std::vector<Error> errors;
  for (const ServedRow& row : rows) {
    const auto times = std::ranges::find(engines, row.engine, &EngineTimes::engine);
    if (times == engines.end()) continue;
    errors.push_back(error_of(row, token_seconds(*times, row.steps()) / row.seconds));
  }
  return errors;
}

std::vector<Error> first_errors(const std::vector<ServedRow>& rows,
                                const std::vector<EngineTimes>& engines) {
  std::vector<Error> errors;
  for (const ServedRow& row : rows) {
    const auto times = std::ranges::find(engines, row.engine, &EngineTimes::engine);
    if (times == engines.end() || row.waits) continue;
    errors.push_back(error_of(row, first_token_seconds(*times, row.steps()) / row.first));
  }
  return errors;
}

namespace {

// `errors_of` gives the errors of some rows by a fit to others.
template <class ErrorsOf>
std::vector<Error> without_each_model(const std::vector<ServedRow>& rows,
                                      const ErrorsOf& errors_of) {
  std::set<std::string> models;
  for (const ServedRow& row : rows) models.insert(row.model);
  std::vector<Error> errors;
  for (const std::string& model : models) {
    std::vector<ServedRow> others, its;
    for (const ServedRow& row : rows) (row.model == model ? its : others).push_back(row);
    // Its rows name their engines, and are none to fit to.
    std::ranges::copy(its, std::back_inserter(others));
    for (ServedRow& row : others) {
      if (row.model == model) row.part = Part::judge;
    }
    for (Error& error : errors_of(its, others)) errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace

std::vector<Error> errors_without_model(const std::vector<ServedRow>& rows) {
  return without_each_model(rows, [](const auto& its, const auto& others) {
    return served_errors(its, fit_engines(others));
  });
}

double RankTimes::token_seconds(const ServedRow& row) const {
  const double prompts = static_cast<double>(row.running) / static_cast<double>(row.output);
  return step + sequence * static_cast<double>(row.running_of_all) + decode * row.decode +
         link * row.exchange + exchange * row.exchanges +
         prefill * (row.prefill + link * row.prefill_exchange) * prompts;
}

std::vector<RankTimes> fit_ranks(const std::vector<ServedRow>& rows) {
  ServedRows all;
  std::map<std::string, ServedRows> by_engine;
  for (const ServedRow& row : rows) {
    by_engine[row.engine];
    if (row.part != Part::fit) continue;
    all.push_back(&row);
    by_engine[row.engine].push_back(&row);
  }
  const auto fitted = [](RankTimes times, const ServedRows& to, double towards) {
    fit_factors(
        to,
        {&times.decode, &times.prefill, &times.link, &times.exchange, &times.step, &times.sequence},
        towards, [&](const ServedRow& row) { return times.token_seconds(row); },
        [](const ServedRow& row) { return row.seconds; });
    return times;
  };
  RankTimes together = fitted({}, all, 0);
  std::vector<RankTimes> engines;
  for (const auto& [engine, group] : by_engine) {
    together.engine = engine;
    engines.push_back(fitted(together, group, kTowardsAll));
  }
  return engines;
}

std::vector<Error> rank_errors(const std::vector<ServedRow>& rows,
                               const std::vector<RankTimes>& engines) {
  std::vector<Error> errors;
  for (const ServedRow& row : rows) {
    const auto& times = *std::ranges::find(engines, row.engine, &RankTimes::engine);
    errors.push_back(error_of(row, times.token_seconds(row) / row.seconds));
  }
  return errors;
}

std::vector<Error> rank_errors_without_model(const std::vector<ServedRow>& rows) {
  return without_each_model(rows, [](const auto& its, const auto& others) {
    return rank_errors(its, fit_ranks(others));
  });
}

Judged judged(const std::vector<Error>& errors, Part part) {
  std::vector<double> absolute;
  for (const Error& error : errors) {
    if (error.part == part) absolute.push_back(error.absolute());
  }
  if (absolute.empty()) return {};
  return {static_cast<std::int64_t>(absolute.size()), quantile(absolute, 0.5),
          quantile(absolute, 0.9)};
}

}  // namespace llmarch::measured
