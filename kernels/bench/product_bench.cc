// Matrix products over the distinct shapes of arch_specs: one row against weights that come from
// memory, as in decode, and 512 rows, as in prefill; ours and oneDNN's. For example
//   build/product_bench --benchmark_filter=prefill.*bf16.*2048x8192 --benchmark_repetitions=5
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "kernels/bench/limits.h"
#include "kernels/bench/shapes.h"
#include "kernels/fast/matrix_product.h"
#include "kernels/fast/memory_streams.h"
#if defined(LLMARCH_ONEDNN)
#include "kernels/bench/onednn_product.h"
#endif

namespace llmarch::bench {
namespace {

using fast::PackedMatrix;
using fast::Stored;

constexpr std::size_t kPrefillRows = 512;
// Many times the size of the caches, so that a matrix has been evicted before it is used again.
constexpr std::size_t kColdBytes = std::size_t{5} << 28U;
constexpr std::size_t kMost = std::size_t{4} << 30U;

struct Setting {
  MatrixShape shape;
  Stored stored;
  std::size_t threads;
};

// Copies of a matrix, and rows for input and output. The team reads the copies in as many streams
// as are fastest, as an engine's team does.
struct Operands {
  Operands(fast::Team& team, const Setting& setting, std::size_t copies, std::size_t row_count)
      : memory(copies * fast::HugeMemory::rounded(
                            PackedMatrix::bytes(fast::matrix_format(setting.stored),
                                                setting.shape.outputs, setting.shape.inputs))),
        rows(row_count),
        in(row_count * setting.shape.inputs, 0.5F),
        out(row_count * setting.shape.outputs) {
    for (std::size_t copy = 0; copy < copies; ++copy) {
      weights.emplace_back(memory, fast::matrix_format(setting.stored), setting.shape.outputs,
                           setting.shape.inputs);
      weights.back().fill_synthetic(team, copy, 0.1F);
    }
    team.use_streams(fast::fastest_streams(team, memory.pieces()));
  }
  void multiply(fast::Team& team, std::size_t copy) {
    const PackedMatrix& matrix = weights[copy];
    fast::multiply(team, matrix, {in.data(), rows, matrix.inputs(), matrix.inputs()},
                   {out.data(), rows, matrix.outputs(), matrix.outputs()});
  }
  fast::HugeMemory memory;
  std::size_t rows;
  std::vector<float> in, out;
  std::vector<PackedMatrix> weights;
};

std::size_t bytes_of(const Setting& setting) {
  return PackedMatrix::bytes(fast::matrix_format(setting.stored), setting.shape.outputs,
                             setting.shape.inputs);
}

void decode(benchmark::State& state, const Setting& setting) {
  fast::Team team(setting.threads, fast::best_isa());
  const std::size_t copies = kColdBytes / bytes_of(setting) + 1;
  Operands operands(team, setting, copies, 1);
  const Probe limits = probe(team, {operands.weights.front().panel(0), copies * bytes_of(setting)},
                             Effort::beside_a_run);
  std::size_t copy = 0;
  for (auto _ : state) {
    operands.multiply(team, copy);
    copy = (copy + 1) % copies;
  }
  const auto elements = static_cast<double>(setting.shape.outputs * setting.shape.inputs);
  count_bytes(state, elements * static_cast<double>(fast::bytes_of(setting.stored)), limits);
}

double flops_of(const Setting& setting) {
  return 2.0 * static_cast<double>(kPrefillRows * setting.shape.outputs * setting.shape.inputs);
}

void prefill(benchmark::State& state, const Setting& setting) {
  fast::Team team(setting.threads, fast::best_isa());
  Operands operands(team, setting, 1, kPrefillRows);
  const Probe limits = probe(team, Effort::beside_a_run);
  for (auto _ : state) operands.multiply(team, 0);
  count_flops(state, flops_of(setting), peak_of(limits, setting.stored));
}

#if defined(LLMARCH_ONEDNN)
void prefill_onednn(benchmark::State& state, const Setting& setting) {
  OnednnProduct product(setting.stored, kPrefillRows, setting.shape.outputs, setting.shape.inputs,
                        setting.threads);
  Probe limits;
  {
    fast::Team team(setting.threads, fast::best_isa());
    limits = probe(team, Effort::beside_a_run);
  }
  for (auto _ : state) product.run();
  count_flops(state, flops_of(setting), peak_of(limits, setting.stored));
}
#endif

using Body = void (*)(benchmark::State&, const Setting&);

void add(const char* what, Body body, const Setting& setting, const std::string& model) {
  const std::string name = std::string(what) + (setting.stored == Stored::f32 ? "/f32" : "/bf16") +
                           "/threads:" + std::to_string(setting.threads) + "/" +
                           std::to_string(setting.shape.outputs) + "x" +
                           std::to_string(setting.shape.inputs) + "/" + model;
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { body(state, setting); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void register_products() {
  for (const auto& [shape, model] : find_shapes().matrices) {
    for (const Stored stored : {Stored::bf16, Stored::f32}) {
      for (const std::size_t threads : {1U, 2U}) {
        const Setting setting{shape, stored, threads};
        if (bytes_of(setting) > kMost) continue;
        add("decode", decode, setting, model);
        add("prefill", prefill, setting, model);
#if defined(LLMARCH_ONEDNN)
        add("prefill_onednn", prefill_onednn, setting, model);
#endif
      }
    }
  }
}

}  // namespace
}  // namespace llmarch::bench

int main(int argc, char** argv) {
  llmarch::bench::register_products();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
