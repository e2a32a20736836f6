#include "sim/study/beside_memory.h"

#include "sim/study/step.h"

namespace llmarch {

Bytes undivided_bytes(const Model& model, const Setting& setting) {
  if (!model.spec.beside) return {};
  const Beside& beside = *model.spec.beside;
  const Elements others(beside.vision_tower.value_or(0) + beside.projector.value_or(0) +
                        beside.adapter.value_or(0));
  return bytes_of(others, unquantised_format(model, setting));
}

BesideMemory::BesideMemory(const Model& model, const OpGraph& stored, const Setting& setting)
    : weights_(undivided_bytes(model, setting)) {
  const auto prediction = stored_prediction(model, stored, setting);
  if (!prediction) return;
  prediction_layers_ = *model.spec.beside->prediction_layers;
  weights_ += own_bytes(*model.spec.beside, *prediction) * prediction_layers_;
  cache_per_token_ = cache_bytes_per_token(*prediction) * prediction_layers_;
  cache_.emplace(*prediction, setting.batch);
}

Bytes BesideMemory::cache_held(Integer context) const {
  return cache_ ? cache_->held(context) * prediction_layers_ : Bytes();
}

Bytes BesideMemory::cache_peak(Integer context) const {
  return cache_ ? cache_->peak(context) * prediction_layers_ : Bytes();
}

}  // namespace llmarch
