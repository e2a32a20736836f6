// The sublayers of a model's layers as items of one frame. Where all layers have the same sublayer
// at a place, it is drawn once; where they differ, the alternatives share a box and name the layers
// that have them.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::reports {

// From the first sublayer to the last, each with the norms around it.
std::vector<FrameItem> sublayer_items(const ArchSpec& spec);

}  // namespace llmarch::reports
