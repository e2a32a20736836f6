// What a point of a sweep costs: one model at one context, priced from its graph. The bound that
// the project keeps is 2 microseconds on one core.
#include <benchmark/benchmark.h>

#include <memory>

#include "sim/cli/models.h"
#include "sim/cost/predict.h"

namespace llmarch {
namespace {

void totals_of_decode(benchmark::State& state, const OpGraph& graph) {
  Integer context = 0;
  for (auto _ : state) {
    context = context % 100'000 + 1;
    benchmark::DoNotOptimize(predict_total(graph, decode(context, 1)));
  }
}

void book_of_prefill(benchmark::State& state, const OpGraph& graph) {
  Integer tokens = 0;
  for (auto _ : state) {
    tokens = tokens % 100'000 + 1;
    benchmark::DoNotOptimize(predict(graph, prefill(tokens, 8)));
  }
}

void register_models() {
  const cli::Catalog catalog(std::nullopt);
  for (const auto& [name, entry] : catalog.entries()) {
    const auto graph = std::make_shared<OpGraph>(catalog.find(name).graph);
    benchmark::RegisterBenchmark(
        ("decode_total/" + name).c_str(),
        [graph](benchmark::State& state) { totals_of_decode(state, *graph); });
    benchmark::RegisterBenchmark(
        ("prefill_book/" + name).c_str(),
        [graph](benchmark::State& state) { book_of_prefill(state, *graph); });
  }
}

}  // namespace
}  // namespace llmarch

int main(int argc, char** argv) {
  llmarch::register_models();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
