// What must hold between the fields of a spec, whatever file it came from. A field's own bounds are
// declared in fields.h; a rule here concerns two or more fields, and its name is the sentence that
// must hold.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/problem.h"

namespace llmarch {

// Every rule that `spec` breaks; empty when it is valid.
std::vector<Problem> broken_rules(const ArchSpec& spec);

}  // namespace llmarch
