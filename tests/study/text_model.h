// A known model without what its repository holds beside the text model.
#pragma once

#include <string>

#include "sim/study/model.h"
#include "tests/support/model_specs.h"

namespace llmarch {

inline Model text_model(const std::string& name) {
  Model model = make_model(model_spec(name), {});
  leave_out_beside(model);
  return model;
}

}  // namespace llmarch
