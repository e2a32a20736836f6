#include "sim/cost/beside.h"

#include <algorithm>
#include <array>

namespace llmarch {
namespace {

constexpr std::array kOwnOutsideOfTheLayer{
    WeightRole::prediction_embedding_norm, WeightRole::prediction_hidden_norm,
    WeightRole::prediction_projection, WeightRole::final_norm, WeightRole::final_norm_bias};

bool is_own(const OpGraph& prediction, const Weight& weight) {
  return prediction.blocks[weight.block].kind == BlockKind::layer ||
         std::ranges::find(kOwnOutsideOfTheLayer, weight.role) != kOwnOutsideOfTheLayer.end();
}

}  // namespace

Elements own_parameters(const OpGraph& prediction) {
  Elements sum;
  for (const Weight& weight : prediction.weights) {
    const bool counts = kind_of(weight.role) != WeightKind::constant;
    if (counts && is_own(prediction, weight)) sum += weight.elements();
  }
  return sum;
}

Bytes own_bytes(const OpGraph& prediction) {
  Bytes sum;
  for (const Weight& weight : prediction.weights) {
    if (is_own(prediction, weight)) sum += weight.bytes();
  }
  return sum;
}

std::vector<BesideParameters> beside_parameters(const ArchSpec& spec, const OpGraph* prediction) {
  std::vector<BesideParameters> beside;
  if (!spec.beside) return beside;
  const auto& [tower, projector, layers, adapter] = *spec.beside;
  if (tower) beside.push_back({"vision tower", Elements(*tower)});
  if (projector) beside.push_back({"projector", Elements(*projector)});
  if (layers && prediction != nullptr) {
    beside.push_back({"prediction layers", own_parameters(*prediction) * *layers});
  }
  if (adapter) beside.push_back({"adapter", Elements(*adapter)});
  return beside;
}

Elements sum_of(const std::vector<BesideParameters>& beside) {
  Elements sum;
  for (const BesideParameters& each : beside) sum += each.elements;
  return sum;
}

}  // namespace llmarch
