// What must hold between the fields of a spec, whatever file it came from. A field's own bounds are
// declared in fields.h; a rule here concerns two or more fields, and its name is the sentence that
// must hold.
#pragma once

#include <string>
#include <vector>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// `path` names the offending field: "attention.local.kv_heads". The loader that knows the file
// turns it into a place.
struct Problem {
  std::string path;
  std::string message;
  std::string remedy;
};

// Every rule that `spec` breaks; empty when it is valid.
std::vector<Problem> broken_rules(const ArchSpec& spec);

}  // namespace llmarch
