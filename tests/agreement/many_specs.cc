// Random specs through all four ways to a figure, for as long as wanted: each is predicted and
// counted with the reference kernels in a prefill, a decode and a chunk, op by op to the unit; and
// one of the three is run with the fast kernels, on an instruction set and along streams of memory
// drawn for it, and must give the reference's numbers and the predicted book.
//
//   many_specs [--specs N] [--seconds S] [--seed N] [--failure FILE.toml]
//
// Prints the seed of every thousand; `--seed` with that number draws them again. What fails is
// shrunk to a small spec, which is printed and written as TOML, and the status is 1.
#include <rapidcheck.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "sim/graph/lower.h"
#include "sim/spec/rules.h"
#include "sim/toml/toml_writer.h"
#include "tests/agreement/disagreements.h"
#include "tests/agreement/random_spec.h"
#include "tests/engine/engine_agreement.h"

namespace llmarch {
namespace {

constexpr std::uint64_t kSpecsOfOneSeed = 1000;

struct Request {
  std::uint64_t specs = kSpecsOfOneSeed;
  double seconds = 0;  // 0: as long as it takes
  std::uint64_t seed = std::random_device{}();
  std::string failure = "failing-spec.toml";
};

struct Tally {
  std::uint64_t specs = 0, steps = 0, engine_steps = 0, compared = 0, steep = 0, rerouted = 0;
};

// Shrinking continues from each failing spec, so the last failure is the smallest.
struct Failure {
  ArchSpec spec;
  std::string problem;
};

class Checker {
 public:
  Tally tally;
  std::optional<Failure> failure;

  void check_one() {
    const ArchSpec spec = *any_spec();
    const std::vector<Workload> steps{*any_prefill(), *any_decode(), *any_chunk()};
    const auto on_engine = static_cast<std::size_t>(*rc::gen::inRange(0, 3));
    const auto isas = fast::available_isas();
    const fast::EngineWay way{*rc::gen::elementOf(isas), 1 + tally.specs % 2,
                              *rc::gen::element<std::size_t>(1, 2, 4)};
    const std::string problem = problem_of(spec, steps, steps[on_engine], way);
    if (problem.empty()) return;
    failure = {spec, problem};
    RC_FAIL(problem);
  }

 private:
  std::string problem_of(const ArchSpec& spec, const std::vector<Workload>& steps,
                         const Workload& on_engine, const fast::EngineWay& way) {
    if (!broken_rules(spec).empty()) return "the drawn spec breaks a rule";
    const OpGraph graph = lower(spec);
    ++tally.specs;
    for (const Workload& step : steps) {
      ++tally.steps;
      const std::string problem = disagreements(check_agreement(graph, step, 3));
      if (!problem.empty()) return problem;
    }
    const auto engine = fast::check_engine(graph, on_engine, way);
    note(engine.numbers);
    if (engine.problem.empty()) return "";
    std::ostringstream text;
    showValue(on_engine, text);
    return text.str() + ", " + std::string(fast::name_of(way.isa)) + ", " +
           std::to_string(way.threads) + " threads, " + std::to_string(way.streams) +
           " streams: " + engine.problem;
  }
  void note(fast::Numbers numbers) {
    ++tally.engine_steps;
    switch (numbers) {
      case fast::Numbers::compared: ++tally.compared; return;
      case fast::Numbers::steep: ++tally.steep; return;
      case fast::Numbers::rerouted: ++tally.rerouted; return;
    }
  }
};

std::optional<Request> request_of(int count, char** words) {
  Request request;
  for (int i = 1; i < count; i += 2) {
    const std::string option = words[i];
    if (i + 1 == count) return std::nullopt;
    const std::string value = words[i + 1];
    if (option == "--specs") {
      request.specs = std::stoull(value);
    } else if (option == "--seconds") {
      request.seconds = std::stod(value);
      request.specs = UINT64_MAX;
    } else if (option == "--seed") {
      request.seed = std::stoull(value);
    } else if (option == "--failure") {
      request.failure = value;
    } else {
      return std::nullopt;
    }
  }
  return request;
}

void report(const Tally& tally, std::uint64_t seed, double seconds) {
  std::cout << "seed " << seed << ": " << tally.specs << " specs in all, " << tally.steps
            << " steps predicted = counted; fast kernels: " << tally.engine_steps
            << " steps with the predicted book, " << tally.compared
            << " with the reference's numbers, " << tally.steep << " too steep for float, "
            << tally.rerouted << " routed otherwise; " << seconds << " s" << std::endl;
}

void report_failure(const Checker& checker, const rc::detail::TestResult& result,
                    const Request& request, std::uint64_t seed) {
  rc::detail::printResultMessage(result, std::cout);
  std::cout << "\nseed " << seed << " fails\n";
  if (!checker.failure) return;
  const auto& [spec, problem] = *checker.failure;
  std::vector<std::string> remarks{"Found by many_specs --seed " + std::to_string(seed) + "."};
  std::istringstream lines(problem);
  for (std::string line; std::getline(lines, line);) remarks.push_back(line);
  std::ofstream(request.failure) << write_toml_spec(spec, remarks);
  std::cout << "the smallest spec that fails is in " << request.failure << std::endl;
}

int run(const Request& request) {
  Checker checker;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = request.seed;; ++seed) {
    rc::detail::TestParams params;
    params.seed = seed;
    params.maxSuccess =
        static_cast<int>(std::min(kSpecsOfOneSeed, request.specs - checker.tally.specs));
    const auto result =
        rc::detail::checkTestable([&] { checker.check_one(); }, rc::detail::TestMetadata(), params);
    if (!result.is<rc::detail::SuccessResult>()) {
      report_failure(checker, result, request, seed);
      return 1;
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    report(checker.tally, seed, passed.count());
    if (checker.tally.specs >= request.specs) return 0;
    if (request.seconds > 0 && passed.count() > request.seconds) return 0;
  }
}

}  // namespace
}  // namespace llmarch

int main(int count, char** words) {
  const auto request = llmarch::request_of(count, words);
  if (!request) {
    std::cerr << "usage: many_specs [--specs N] [--seconds S] [--seed N] [--failure FILE.toml]\n";
    return 2;
  }
  // rapidcheck reads the seed of its own configuration from here.
  setenv("RC_PARAMS", ("seed=" + std::to_string(request->seed)).c_str(), 1);
  return llmarch::run(*request);
}
