// What is written on the blocks of a diagram, and what stands beside them: one part for each kind
// of attention and feed-forward.
#pragma once

#include <string>

#include "reports/document/diagram.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::reports {

// rotated: a model without other positions, where a block without rotation sees none at all.
enum class Positions { rotated, learned };

DiagramPart describe(const GroupedAttention& attention, Positions positions);
DiagramPart describe(const LatentAttention& attention, Positions positions);
DiagramPart describe(const DenseFeedForward& dense, Positions positions);
DiagramPart describe(const MixtureFeedForward& mixture, Positions positions);

// One more line on a part.
void say(DiagramPart& part, std::string text);

}  // namespace llmarch::reports
