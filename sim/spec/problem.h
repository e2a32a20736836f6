// What is wrong with a spec, before anyone knows where it stands in a file.
#pragma once

#include <string>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// `path` names the offending field: "attention.local.kv_heads". The loader that knows the file
// turns it into a place.
struct Problem {
  std::string path;
  std::string message;
  std::string remedy;
};

}  // namespace llmarch
