#include "sim/cost/beside.h"

#include <algorithm>
#include <array>

namespace llmarch {
namespace {

constexpr std::array kOwnOutsideOfTheLayer{
    WeightRole::prediction_embedding_norm, WeightRole::prediction_hidden_norm,
    WeightRole::prediction_projection, WeightRole::final_norm, WeightRole::final_norm_bias};

bool is_own(const Beside& beside, const OpGraph& prediction, const Weight& weight) {
  const bool own_head = beside.prediction_layer && beside.prediction_layer->own_head;
  return prediction.blocks[weight.block].kind == BlockKind::layer ||
         (own_head && weight.role == WeightRole::head) ||
         std::ranges::find(kOwnOutsideOfTheLayer, weight.role) != kOwnOutsideOfTheLayer.end();
}

}  // namespace

Elements own_parameters(const Beside& beside, const OpGraph& prediction) {
  Elements sum;
  for (const Weight& weight : prediction.weights) {
    const bool counts = kind_of(weight.role) != WeightKind::constant;
    if (counts && is_own(beside, prediction, weight)) sum += weight.elements();
  }
  return sum;
}

Bytes own_bytes(const Beside& beside, const OpGraph& prediction) {
  Bytes sum;
  for (const Weight& weight : prediction.weights) {
    if (is_own(beside, prediction, weight)) sum += weight.bytes();
  }
  return sum;
}

std::vector<BesideParameters> beside_parameters(const ArchSpec& spec, const OpGraph* prediction) {
  std::vector<BesideParameters> rows;
  if (!spec.beside) return rows;
  const Beside& beside = *spec.beside;
  if (beside.vision_tower) rows.push_back({"vision tower", Elements(*beside.vision_tower)});
  if (beside.projector) rows.push_back({"projector", Elements(*beside.projector)});
  if (beside.prediction_layers && prediction != nullptr) {
    rows.push_back(
        {"prediction layers", own_parameters(beside, *prediction) * *beside.prediction_layers});
  }
  if (beside.adapter) rows.push_back({"adapter", Elements(*beside.adapter)});
  return rows;
}

Elements sum_of(const std::vector<BesideParameters>& beside) {
  Elements sum;
  for (const BesideParameters& each : beside) sum += each.elements;
  return sum;
}

}  // namespace llmarch
