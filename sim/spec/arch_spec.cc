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

const GroupedAttention* sharing_attention(const ArchSpec& spec, const Layer& layer) {
  const auto* grouped =
      std::get_if<GroupedAttention>(&spec.attention.at(layer.attention.index).value);
  return grouped != nullptr && grouped->kv_from ? grouped : nullptr;
}

std::vector<std::optional<std::size_t>> cache_owners(const ArchSpec& spec) {
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  std::vector<std::optional<std::size_t>> newest(spec.attention.size());  // layer with each
  std::vector<std::optional<std::size_t>> owners;
  for (std::size_t place = 0; place < kinds.size(); ++place) {
    const Layer& layer = spec.layer.at(kinds[place]).value;
    const GroupedAttention* sharing = sharing_attention(spec, layer);
    owners.push_back(sharing == nullptr ? std::nullopt : newest.at(sharing->kv_from->index));
    newest.at(layer.attention.index) = place;
  }
  return owners;
}

}  // namespace llmarch
