// The parts of a comparison's table, and their names on the command line.
#pragma once

#include "sim/enumerators.h"

namespace llmarch::reports {

// In the order of the table.
enum class Section { structure, parameters, memory, decode, prefill, ranks, estimate };

inline constexpr auto kSections = each_named<Section>({{"structure", Section::structure},
                                                       {"parameters", Section::parameters},
                                                       {"memory", Section::memory},
                                                       {"decode", Section::decode},
                                                       {"prefill", Section::prefill},
                                                       {"ranks", Section::ranks},
                                                       {"estimate", Section::estimate}});

}  // namespace llmarch::reports
