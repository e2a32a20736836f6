#include "kernels/measure/holding.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/engine/held_formats.h"
#include "sim/study/step.h"

namespace llmarch {
namespace {

// More than the last-level cache that a few cores share, so that a weight has been evicted before
// it is read again.
constexpr std::int64_t kBeyondAnyCache = std::int64_t{256} << 20;

// Code, stacks, and buffers whose size does not depend on the model.
constexpr std::int64_t kProgram = std::int64_t{32} << 20;

Bytes bytes_of_one_layer(const OpGraph& graph, std::size_t block, const fast::Held& held) {
  Bytes bytes;
  for (const Weight& weight : graph.weights) {
    if (weight.block != block) continue;
    bytes += weight.bytes_of_copy() * fast::copies_held(weight, held);
  }
  return bytes;
}

Integer largest_mixture(const OpGraph& graph) {
  Integer experts = 0;
  for (const Weight& weight : graph.weights) {
    if (component_of(weight.role) == Component::experts) experts = std::max(experts, weight.copies);
  }
  return experts;
}

// The most experts that one decode step may read in a layer.
Integer experts_read(const OpGraph& graph, Integer batch) {
  Integer most = 0;
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      for (const ReadsExperts& experts : experts_read_by(node.op)) {
        most =
            std::max(most, std::min(graph.weight(experts.weight).copies, experts.chosen * batch));
      }
    }
  }
  return most;
}

std::optional<Integer> fewest_experts(const OpGraph& graph, Integer batch) {
  const Integer read = experts_read(graph, batch);
  return read > 0 ? std::optional(read) : std::nullopt;
}

fast::Held one_layer_of_each(const OpGraph& graph, std::optional<Integer> experts) {
  return {std::vector<Integer>(graph.blocks.size(), 1), experts};
}

// Enough layers of each kind that a step reads more than a cache holds. What counts is what is read
// of a layer, not what is held of it.
fast::Held cold_layers_of_each(const OpGraph& graph, const RunSetting& run) {
  fast::Held held = one_layer_of_each(graph, fewest_experts(graph, run.setting.batch));
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    const Bytes one = bytes_of_one_layer(graph, block, held);
    if (one == Bytes()) continue;
    const Integer wanted = (Integer(kBeyondAnyCache) + one.amount() - 1) / one.amount();
    held.layers[block] = std::min(std::max(wanted, Integer(1)), graph.blocks[block].repeats);
  }
  return held;
}

bool fits(const OpGraph& graph, const fast::Held& held, const RunSetting& run, Bytes bound) {
  return memory_need(graph, held, run).total() <= bound;
}

// The largest number from `first` to `last` that holds; none where `first` does not. `holds` must
// be true up to some number and false beyond it.
template <class Holds>
std::optional<Integer> largest(Integer first, Integer last, const Holds& holds) {
  if (first > last || !holds(first)) return std::nullopt;
  Integer yes = first;
  Integer no = last + 1;
  while (no - yes > 1) {
    const Integer middle = yes + (no - yes) / 2;
    (holds(middle) ? yes : no) = middle;
  }
  return yes;
}

// Increases the experts as far as the memory allows. `held` has the fewest and fits.
fast::Held with_most_experts(const OpGraph& graph, fast::Held held, const RunSetting& run,
                             Bytes bound) {
  if (!held.experts) return held;
  held.experts = largest(*held.experts, largest_mixture(graph), [&](Integer experts) {
    return fits(graph, {held.layers, experts}, run, bound);
  });
  return held;
}

Shortage shortage(const OpGraph& graph, const RunSetting& run, Bytes bound) {
  Shortage shortage;
  shortage.smallest = smallest_slice(graph, run);
  shortage.need = memory_need(graph, shortage.smallest, run);
  const auto most = [&](Integer Setting::*field) {
    return largest(1, run.setting.*field, [&](Integer value) {
      RunSetting changed = run;
      changed.setting.*field = value;
      return fits(graph, smallest_slice(graph, changed), changed, bound);
    });
  };
  shortage.context = most(&Setting::context);
  shortage.batch = most(&Setting::batch);
  return shortage;
}

}  // namespace

HeldCounts held_counts(const OpGraph& graph, const fast::Held& held) {
  HeldCounts counts;
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    if (graph.blocks[block].kind != BlockKind::layer) continue;
    counts.layers += held.layers.at(block);
    counts.of_layers += graph.blocks[block].repeats;
  }
  counts.of_experts = largest_mixture(graph);
  counts.experts = std::min(held.experts.value_or(counts.of_experts), counts.of_experts);
  return counts;
}

std::optional<fast::Stored> stored_as(std::optional<DType> dtype) {
  if (!dtype) return std::nullopt;
  switch (*dtype) {
    case DType::f32: return fast::Stored::f32;
    case DType::bf16: return fast::Stored::bf16;
    case DType::f16:
    case DType::fp8:
    case DType::int8:
    case DType::int4:
    case DType::fp4: return std::nullopt;
  }
  throw std::logic_error("stored_as: a format outside the enumeration");
}

OpGraph held_graph(const Model& model, const RunSetting& run) {
  OpGraph graph = stored(model, run.setting);
  for (Weight& weight : graph.weights) {
    if (is_vector(weight.role)) weight.format = plain(DType::f32);
  }
  return graph;
}

std::optional<StorageFormat> without_kernels(const OpGraph& graph) {
  const auto found = std::ranges::find_if(graph.weights, [](const Weight& weight) {
    return !is_vector(weight.role) && !fast::matrix_format(weight.format);
  });
  if (found == graph.weights.end()) return std::nullopt;
  return found->format;
}

DType fastest_arithmetic(const OpGraph& graph) {
  DType fastest = DType::f32;
  for (const Weight& weight : graph.weights) {
    if (is_vector(weight.role)) continue;
    const fast::MatrixFormat format = fast::matrix_format_of(weight);
    if (!fast::is_plain(format)) return DType::int8;
    if (format == fast::MatrixFormat::bf16) fastest = DType::bf16;
  }
  return fastest;
}

fast::EngineOptions engine_options(const RunSetting& run, fast::Held held) {
  const Setting& setting = run.setting;
  return {.threads = static_cast<std::size_t>(run.threads.value()),
          .isa = fast::best_isa(),
          .held = std::move(held),
          .batch = setting.batch,
          .positions = std::max(setting.context, setting.prefill_tokens()),
          .step_tokens = setting.prefill_tokens()};
}

fast::Footprint memory_need(const OpGraph& graph, const fast::Held& held, const RunSetting& run) {
  fast::Footprint need = fast::footprint(graph, engine_options(run, held));
  need.work += Bytes(kProgram);
  return need;
}

fast::Held smallest_slice(const OpGraph& graph, const RunSetting& run) {
  return one_layer_of_each(graph, fewest_experts(graph, run.setting.batch));
}

std::variant<fast::Held, Shortage> choose_held(const OpGraph& graph, const RunSetting& run,
                                               Bytes bound) {
  const fast::Held all = fast::hold_everything(graph);
  if (fits(graph, all, run, bound)) return all;
  for (const fast::Held& slice : {cold_layers_of_each(graph, run), smallest_slice(graph, run)}) {
    if (!fits(graph, slice, run, bound)) continue;
    return with_most_experts(graph, slice, run, bound);
  }
  return shortage(graph, run, bound);
}

}  // namespace llmarch
