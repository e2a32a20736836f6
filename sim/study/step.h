// One step of work in a setting: which step it is, how its tensors are stored, and what it moves.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "sim/figures.h"
#include "sim/formats/formats.h"
#include "sim/graph/workload.h"
#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

// Activations are computed and stored in this format, whatever the weights are stored in.
inline constexpr DType kActivations = DType::bf16;

// `total` is what has to cross the memory bus: weights and cache, each read once per operation.
// Activations are not in it, since an engine that fuses operations keeps them on the chip.
struct Traffic {
  Bytes weights_read;
  Bytes cache_read;
  Bytes cache_written;
  Bytes total;
  Bytes activations;
  Bytes sent;  // to other ranks, in the format of activations
};

struct Step {
  Work work;
  Flops flops;  // matrix and other
  Traffic traffic;
  double intensity = 0;  // flops / traffic.total
};

Step step_of(const Work& work);

// Thrown where a setting cannot be answered: a recurrence has no such form, the model has nothing
// that is placed so, or no host is named.
class RefusedSetting : public std::runtime_error {
 public:
  RefusedSetting(const std::string& problem, std::string remedy)
      : std::runtime_error(problem), remedy_(std::move(remedy)) {}
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};
void check_forms(const Model& model, const Setting& setting);
void check_placement(const Model& model, const Setting& setting);

// The machine in whose memory the setting's placement puts something; null where none is known.
Machine host_of(const Setting& setting);
// Throws RefusedSetting where a placement has no host, a host no placement, or the two stand beside
// what does not go with them.
void check_host(const Setting& setting);

// How the model's weights are stored in the setting, and in which format its products are computed.
const Scheme& weights_of(const Model& model, const Setting& setting);
DType arithmetic_of(const Model& model, const Setting& setting);

// The setting with the scheme of the weights, where it says none and all the models are published
// in the same.
Setting with_common_weights(Setting setting, const std::vector<const Model*>& models);

// The model's graph with its tensors stored as the setting says. Throws RefusedSetting.
OpGraph stored(const Model& model, const Setting& setting);

// The format of what makers do not quantise with the rest, as towers, projectors and the projection
// of a prediction layer: that in which products are computed, or bf16 where that is narrower.
DType unquantised_format(const Model& model, const Setting& setting);

// The model's prediction layer, stored as its last layer is; what only a prediction layer has is
// not quantised. `stored` is the model's graph.
std::optional<OpGraph> stored_prediction(const Model& model, const OpGraph& stored,
                                         const Setting& setting);

// Decode: one token of each sequence at the setting's context. Prefill: the setting's prompt.
Integer length_of(Phase phase, const Setting& setting);
Workload workload_of(Phase phase, const Setting& setting);

}  // namespace llmarch
