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

}  // namespace llmarch
