#include "kernels/engine/held_caches.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "sim/formats/storage_formats.h"

namespace llmarch::fast {
namespace {

std::string no_kernels_for(const StorageFormat& format) {
  return fmt::format("there are no kernels for caches in {}", format.name);
}

std::optional<std::string> why_not(const OpGraph& graph, CacheId id) {
  const llmarch::Cache& cache = graph.cache(id);
  const auto format = cache_format(cache.format);
  if (!format) return no_kernels_for(cache.format);
  if (std::holds_alternative<Fixed>(cache.state)) return std::nullopt;
  const Integer width = cache.columns / read_of(graph, id).heads;
  const Integer together = static_cast<std::int64_t>(kScaledTogether);
  if (scales_of(*format, size(width)) == 0 || width % together == 0) return std::nullopt;
  return fmt::format("{} scales {} elements together, and the {} have heads of {}",
                     cache.format.name, together.value(), cache.name, width.value());
}

std::optional<std::string> why_not(const OpGraph& graph, const Attend& op) {
  const llmarch::Cache& keys = graph.cache(op.keys);
  const llmarch::Cache& values = graph.cache(op.values);
  if (arithmetic_of(cache_format_of(keys)) == arithmetic_of(cache_format_of(values))) {
    return std::nullopt;
  }
  return fmt::format("keys in {} are not multiplied in the format of values in {}",
                     keys.format.name, values.format.name);
}

// What a query attends to is put together from two caches, whose codes would be made anew.
std::optional<std::string> why_not(const OpGraph& graph, const AttendShared& op) {
  for (const CacheId id : {op.recent, op.entries ? op.entries->cache : op.recent}) {
    const StorageFormat& format = graph.cache(id).format;
    if (format == plain(DType::f32) || format == plain(DType::bf16)) continue;
    return fmt::format("there are no kernels for compressed caches in {}", format.name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<CacheFormat> cache_format(const StorageFormat& format) {
  static constexpr std::array<std::pair<StorageFormat, CacheFormat>, 5> kFormats{
      {{plain(DType::f32), CacheFormat::f32},
       {plain(DType::bf16), CacheFormat::bf16},
       {plain(DType::f16), CacheFormat::f16},
       {plain(DType::fp8), CacheFormat::fp8},
       {ggml::kQ8_0, CacheFormat::q8_0}}};
  for (const auto& [stored, held] : kFormats) {
    if (stored == format) return held;
  }
  return std::nullopt;
}

CacheFormat cache_format_of(const llmarch::Cache& cache) {
  if (const auto format = cache_format(cache.format)) return *format;
  throw std::invalid_argument(no_kernels_for(cache.format));
}

ReadsCache read_of(const OpGraph& graph, CacheId id) {
  std::optional<ReadsCache> found;
  const auto see = [&](const ReadsCache& each) {
    if (each.cache == id && !found) found = each;
  };
  const auto see_waiting = [&](const ReadsCompleted& each) { see({each.cache, EveryKey{}, 1}); };
  for (const Node& node : graph.blocks.at(graph.cache(id).block).nodes) {
    visit_operands(node.op,
                   Overloaded{see, see_waiting, [](const Stores&) {}, [](const StoresEntries&) {},
                              [](const ReadsState&) {}, [](const OverwritesState&) {},
                              [](const StepsState&) {}, [](const StepsStateByChunk&) {},
                              [](const OfWeights auto&) {}, [](const OfValues auto&) {}});
  }
  if (!found) throw std::logic_error("a cache that its own layer does not read");
  return *found;
}

std::optional<std::string> why_no_cache_kernels(const OpGraph& graph) {
  for (CacheId id = 0; id < graph.caches.size(); ++id) {
    if (auto reason = why_not(graph, id)) return reason;
  }
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* attend = std::get_if<Attend>(&node.op);
      const auto* shared = std::get_if<AttendShared>(&node.op);
      auto reason = attend != nullptr   ? why_not(graph, *attend)
                    : shared != nullptr ? why_not(graph, *shared)
                                        : std::nullopt;
      if (reason) return reason;
    }
  }
  return std::nullopt;
}

}  // namespace llmarch::fast
