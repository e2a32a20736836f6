// The time of a point of a sweep: every model over 100,000 contexts. The project's bound is a
// million points a second on one core, with the quantities that `sweep` shows by default.
#include <benchmark/benchmark.h>

#include "reports/say/sweep_lines.h"
#include "sim/study/sweep.h"
#include "tests/support/spec_folder.h"

namespace llmarch {
namespace {

std::vector<Model> every_model() {
  std::vector<Model> models;
  for (const std::string& name : model_names()) models.push_back(make_model(model_spec(name), {}));
  return models;
}

const std::vector<Model>& models() {
  static const std::vector<Model> all = every_model();
  return all;
}

SweepPlan plan_of(std::initializer_list<const char*> names) {
  SweepPlan plan;
  for (const Model& model : models()) plan.models.push_back(&model);
  for (const char* name : names) plan.quantities.push_back(find_quantity(name));
  plan.contexts = Lengths(1, 1, 100'000);
  return plan;
}

void count_points(benchmark::State& state, const SweepPlan& plan) {
  const double points = static_cast<double>(plan.models.size()) * plan.contexts.size().as_double();
  state.counters["points/s"] = benchmark::Counter(
      points, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void evaluate_points(benchmark::State& state, const SweepPlan& plan) {
  for (auto _ : state) {
    for_each_point(plan,
                   [](const SweptPoint& point) { benchmark::DoNotOptimize(point.values.data()); });
  }
  count_points(state, plan);
}

void memory_and_decode(benchmark::State& state) {
  evaluate_points(state, plan_of({"kv_bytes", "decode_flops", "decode_bytes"}));
}

void prefill_of_as_many_tokens(benchmark::State& state) {
  evaluate_points(state, plan_of({"prefill_flops", "prefill_bytes"}));
}

void floors_on_hardware(benchmark::State& state) {
  Hardware hardware;
  hardware.bandwidth.bytes_per_second = 3.35e12;
  hardware.peak.f32 = PeakRate{67e12, {}};
  hardware.peak.bf16 = PeakRate{989e12, "an H100's, for the time that it takes"};
  SweepPlan plan = plan_of({"floor_time", "tokens_per_second"});
  plan.settings = {{.machine = std::make_shared<const Hardware>(hardware)}};
  evaluate_points(state, plan);
}

void written_as_csv(benchmark::State& state) {
  const SweepPlan plan = plan_of({"kv_bytes", "decode_flops", "decode_bytes"});
  for (auto _ : state) {
    std::size_t bytes = 0;
    reports::write_sweep_csv(plan, [&](std::string_view piece) { bytes += piece.size(); });
    benchmark::DoNotOptimize(bytes);
  }
  count_points(state, plan);
}

BENCHMARK(memory_and_decode)->Unit(benchmark::kMillisecond);
BENCHMARK(prefill_of_as_many_tokens)->Unit(benchmark::kMillisecond);
BENCHMARK(floors_on_hardware)->Unit(benchmark::kMillisecond);
BENCHMARK(written_as_csv)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace llmarch

BENCHMARK_MAIN();
