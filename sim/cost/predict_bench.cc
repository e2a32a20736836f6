// What a point of a sweep costs: one model at one context, priced from its graph. The bound that
// the project keeps is 2 microseconds on one core.
#include <benchmark/benchmark.h>

#include <memory>

#include "sim/cost/predict.h"
#include "sim/graph/lower.h"
#include "tests/support/spec_folder.h"

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
  for (const std::string& name : model_names()) {
    const auto graph = std::make_shared<OpGraph>(lower(model_spec(name)));
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
