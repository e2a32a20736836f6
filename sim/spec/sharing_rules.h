// What must hold between the layers of a model: whose cache and whose choice of keys a layer reads,
// and which model may have prediction layers. Private to sim/spec; rules.h has all rules.
#pragma once

#include "sim/spec/arch_spec.h"
#include "sim/spec/block_rules.h"

namespace llmarch {

// Where a name was not found, that is reported elsewhere, and these rules are passed over.
void sharing_rules(const ArchSpec& spec, Problems& problems);
void prediction_layers_are_known(const ArchSpec& spec, Problems& problems);

}  // namespace llmarch
