// Parameters that a repository holds beside the text model. They take memory, and no operation of
// the text model reads them.
#pragma once

#include <string_view>
#include <vector>

#include "sim/graph/op_graph.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct BesideParameters {
  std::string_view name;  // "vision tower"
  Elements elements;
};

// Those that the spec names, one row each. `prediction` is its prediction layer; null where it has
// none.
std::vector<BesideParameters> beside_parameters(const ArchSpec& spec, const OpGraph* prediction);

Elements sum_of(const std::vector<BesideParameters>& beside);

// What a prediction layer has for itself: everything but the embedding and the head, which are the
// model's unless the layer has a head of its own.
Elements own_parameters(const Beside& beside, const OpGraph& prediction);
Bytes own_bytes(const Beside& beside, const OpGraph& prediction);

}  // namespace llmarch
