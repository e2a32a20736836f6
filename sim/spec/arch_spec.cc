#include "sim/spec/arch_spec.h"

namespace llmarch {

std::vector<std::size_t> layer_sequence(const ArchSpec& spec) {
  std::vector<std::size_t> sequence;
  for (const Segment& segment : spec.stack) {
    for (Integer round = 0; round < segment.repeat; round += 1) {
      for (const Reference& layer : segment.layers) sequence.push_back(layer.index);
    }
  }
  return sequence;
}

Integer layer_count(const ArchSpec& spec) {
  Integer count = 0;
  for (const Segment& segment : spec.stack) {
    count += segment.repeat * static_cast<std::int64_t>(segment.layers.size());
  }
  return count;
}

std::vector<std::optional<std::size_t>> kv_sources(const ArchSpec& spec) {
  std::vector<std::optional<std::size_t>> sources(spec.layer.size());
  std::vector<std::optional<std::size_t>> last_of(spec.attention.size());  // by attention
  std::vector<bool> disagree(spec.layer.size(), false);
  std::vector<bool> met(spec.layer.size(), false);
  for (const std::size_t kind : layer_sequence(spec)) {
    const std::size_t mixer = spec.layer.at(kind).value.attention.index;
    const auto* attention = std::get_if<GroupedAttention>(&spec.attention.at(mixer).value);
    last_of[mixer] = kind;
    if (attention == nullptr || !attention->kv_from) continue;
    const std::optional<std::size_t> source = last_of.at(attention->kv_from->index);
    if (met[kind] && sources[kind] != source) disagree[kind] = true;
    met[kind] = true;
    sources[kind] = source;
  }
  for (std::size_t kind = 0; kind < sources.size(); ++kind) {
    if (disagree[kind]) sources[kind].reset();
  }
  return sources;
}

}  // namespace llmarch
