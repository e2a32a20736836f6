// The sublayers of a model's layers as items of one frame. What every layer has at a place stands
// there once; where layers differ, their alternatives share a box and name the layers that have
// them.
#pragma once

#include <vector>

#include "reports/document/diagram.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::reports {

// From the first sublayer to the last, each with the norms around it.
std::vector<FrameItem> sublayer_items(const ArchSpec& spec);

}  // namespace llmarch::reports
