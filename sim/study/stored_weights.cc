#include "sim/study/stored_weights.h"

#include <algorithm>

#include "sim/cost/predict.h"

namespace llmarch {
namespace {

StoredPart part_of_matrix(WeightRole role) {
  if (role == WeightRole::head) return StoredPart::head;
  return component_of(role) == Component::router ? StoredPart::routers : StoredPart::matrices;
}

StoredPart part_of_weight(WeightRole role) {
  switch (kind_of(role)) {
    case WeightKind::matrix: return part_of_matrix(role);
    case WeightKind::table: return StoredPart::embedding;
    case WeightKind::taps:
    case WeightKind::norm:
    case WeightKind::bias:
    case WeightKind::constant: return StoredPart::vectors;
  }
  throw std::logic_error("part_of_weight: a kind outside the enumeration");
}

void add(std::vector<FormatShare>& shares, const FormatShare& share) {
  const auto known = std::ranges::find(shares, share.format, &FormatShare::format);
  if (known == shares.end()) return shares.push_back(share);
  known->elements += share.elements;
  known->bytes += share.bytes;
}

}  // namespace

StoredWeights stored_weights(const OpGraph& graph) {
  StoredWeights stored;
  for (const StoredPart part : enumerators<StoredPart>()) stored.parts.push_back({part, {}});
  for (const Weight& weight : graph.weights) {
    const Integer instances = graph.instances(weight);
    const FormatShare share{weight.format.name, weight.elements() * instances,
                            weight.bytes() * instances};
    stored.bytes += share.bytes;
    add(stored.parts[static_cast<std::size_t>(part_of_weight(weight.role))].formats, share);
  }
  std::erase_if(stored.parts, [](const PartFormats& part) { return part.formats.empty(); });
  for (PartFormats& part : stored.parts) {
    std::ranges::stable_sort(part.formats, std::ranges::greater{}, &FormatShare::elements);
  }
  stored.tied = shape_of(graph).tied;
  const Elements weights = predict_parameters(graph).total;
  stored.bits_per_weight = 8 * stored.bytes.amount().as_double() / weights.amount().as_double();
  return stored;
}

}  // namespace llmarch
