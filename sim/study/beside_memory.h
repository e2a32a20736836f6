// The memory that is taken by what a repository holds beside the text model: the weights of towers,
// projectors, adapters and prediction layers, and the cache that prediction layers fill. Which
// parameters these are is known by sim/cost/beside.h.
#pragma once

#include <optional>

#include "sim/cost/cost_curve.h"
#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

// The weights of all but prediction layers, in the format of what is not quantised.
Bytes undivided_bytes(const Model& model, const Setting& setting);

// At every context; made once for a model, its formats and a batch.
class BesideMemory {
 public:
  // `stored` is the model's graph as the setting stores it. Throws Overflow.
  BesideMemory(const Model& model, const OpGraph& stored, const Setting& setting);

  [[nodiscard]] Bytes weights() const { return weights_; }
  // The cache of the prediction layers, which attend to every position as the last layer does.
  [[nodiscard]] Bytes cache_per_token() const { return cache_per_token_; }  // of one sequence
  [[nodiscard]] Bytes cache_held(Integer context) const;                    // of the batch
  [[nodiscard]] Bytes cache_peak(Integer context) const;

 private:
  Bytes weights_;
  Bytes cache_per_token_;
  Integer prediction_layers_;
  std::optional<CacheCurve> cache_;  // of one prediction layer
};

}  // namespace llmarch
