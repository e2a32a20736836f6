// Attention over the distinct shapes of arch_specs. Decode: one token at a depth, with caches too
// large for the processor's (share of the bandwidth over the bytes of keys and values). Prefill:
// prompts of 512 and 4,096 tokens (share of the peak over the matrix products within causality).
#include <benchmark/benchmark.h>

#include <deque>
#include <vector>

#include "kernels/bench/limits.h"
#include "kernels/bench/shapes.h"
#include "kernels/fast/attention.h"
#include "kernels/fast/memory_streams.h"

namespace llmarch::bench {
namespace {

using fast::Cache;
using fast::CacheFormat;
using fast::CacheLayout;
using fast::CacheShape;
using fast::Places;

constexpr std::size_t kColdBytes = std::size_t{5} << 28U;

struct Setting {
  std::size_t threads;
  Places places;
  [[nodiscard]] std::size_t positions() const { return places.past + places.tokens; }
};

// The caches of one layer, or of so many that they exceed the processor's caches many times. The
// team reads them in as many streams as are fastest, as an engine's team does.
struct Caches {
  Caches(fast::Team& team, const CacheShape& first, const CacheShape& second, std::size_t layers)
      : memory(layers * (Cache::bytes(first) + Cache::bytes(second))) {
    for (std::size_t layer = 0; layer < layers; ++layer) {
      a.emplace_back(memory, first).fill_synthetic(team, first.positions, layer);
      b.emplace_back(memory, second).fill_synthetic(team, second.positions, layer);
    }
    team.use_streams(fast::fastest_streams(team, memory.pieces()));
  }
  fast::HugeMemory memory;
  std::deque<Cache> a, b;
};

std::size_t layers_of(const Setting& setting, std::size_t bytes) {
  return setting.places.tokens > 1 ? 1 : kColdBytes / bytes + 1;
}

// Calls `attend` with one layer after another; it returns its matrix FLOPs.
template <class Attend>
void run(benchmark::State& state, fast::Team& team, const Setting& setting, std::size_t layers,
         double bytes, const Attend& attend) {
  const Probe limits = probe(team, Effort::beside_a_run);
  std::size_t layer = 0;
  double flops = 0;
  for (auto _ : state) {
    flops = attend(layer);
    layer = (layer + 1) % layers;
  }
  if (setting.places.tokens == 1) count_bytes(state, bytes, limits);
  count_flops(state, flops, limits.bf16_peak);
}

void grouped(benchmark::State& state, const AttentionShape& shape, const Setting& setting) {
  fast::Team team(setting.threads, fast::best_isa());
  CacheShape keys{CacheLayout::keys, CacheFormat::bf16, 1,
                  shape.kv_heads,    shape.head_dim,    setting.positions()};
  CacheShape values = keys;
  values.layout = CacheLayout::values;
  const std::size_t bytes = 4 * shape.kv_heads * shape.head_dim * setting.positions();
  const std::size_t layers = layers_of(setting, bytes);
  Caches caches(team, keys, values, layers);
  const std::size_t width = shape.query_heads * shape.head_dim;
  std::vector<float> queries(setting.places.tokens * width, 0.1F);
  std::vector<float> out(queries.size());
  run(state, team, setting, layers, static_cast<double>(bytes), [&](std::size_t layer) {
    const auto attended = fast::attend(
        team,
        {shape.query_heads, shape.kv_heads, shape.head_dim, shape.head_dim, 0.1F, {}, EveryKey{}},
        {queries.data(), setting.places.tokens, width, width}, setting.places, caches.a[layer],
        caches.b[layer], {out.data(), setting.places.tokens, width, width});
    return 4.0 * static_cast<double>(attended.pairs) * static_cast<double>(shape.head_dim);
  });
}

void latent(benchmark::State& state, const LatentAttentionShape& shape, const Setting& setting) {
  fast::Team team(setting.threads, fast::best_isa());
  const CacheShape latents{CacheLayout::keys,  CacheFormat::bf16,  1, 1,
                           shape.latent_width, setting.positions()};
  CacheShape ropes = latents;
  ropes.width = shape.rope_width;
  const std::size_t bytes = 2 * (shape.latent_width + shape.rope_width) * setting.positions();
  const std::size_t layers = layers_of(setting, bytes);
  Caches caches(team, latents, ropes, layers);
  const std::size_t width = shape.heads * shape.latent_width;
  const std::size_t query_width = shape.heads * (shape.nope_width + shape.rope_width);
  std::vector<float> absorbed(width, 0.1F);
  std::vector<float> queries(query_width, 0.1F);
  std::vector<float> out(width);
  run(state, team, setting, layers, static_cast<double>(bytes), [&](std::size_t layer) {
    const auto attended = fast::attend_latent(
        team, {shape.heads, shape.nope_width, shape.rope_width, shape.latent_width, 0.1F},
        {absorbed.data(), 1, width, width}, {queries.data(), 1, query_width, query_width},
        setting.places, caches.a[layer], caches.b[layer], {out.data(), 1, width, width});
    return 2.0 * static_cast<double>(attended.pairs) *
           static_cast<double>(2 * shape.latent_width + shape.rope_width);
  });
}

std::string name_of(const char* what, const std::string& shape, const Setting& setting) {
  const std::string size = setting.places.tokens == 1
                               ? "depth:" + std::to_string(setting.positions())
                               : "prompt:" + std::to_string(setting.places.tokens);
  return std::string(what) + "/threads:" + std::to_string(setting.threads) + "/" + size + "/" +
         shape;
}

template <class Shape>
void add(const std::string& name, void (*body)(benchmark::State&, const Shape&, const Setting&),
         const Shape& shape, const Setting& setting) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) { body(state, shape, setting); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void register_attention() {
  const Shapes shapes = find_shapes();
  for (const std::size_t threads : {1U, 2U}) {
    for (const Places& places :
         {Places{1, 1, 4095}, Places{1, 1, 16383}, Places{1, 512, 0}, Places{1, 4096, 0}}) {
      const Setting setting{threads, places};
      for (const auto& [shape, model] : shapes.attentions) {
        const std::string sizes = std::to_string(shape.query_heads) + ":" +
                                  std::to_string(shape.kv_heads) + "x" +
                                  std::to_string(shape.head_dim) + "/" + model;
        add(name_of("grouped", sizes, setting), grouped, shape, setting);
      }
      if (places.tokens > 1) continue;
      for (const auto& [shape, model] : shapes.latent_attentions) {
        const std::string sizes = std::to_string(shape.heads) + ":" +
                                  std::to_string(shape.latent_width) + "+" +
                                  std::to_string(shape.rope_width) + "/" + model;
        add(name_of("latent", sizes, setting), latent, shape, setting);
      }
    }
  }
}

}  // namespace
}  // namespace llmarch::bench

int main(int argc, char** argv) {
  llmarch::bench::register_attention();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
