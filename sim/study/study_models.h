// The models and machines that the expressions of a study can name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

struct StudyModels {
  std::map<std::string, const Model*, std::less<>> models;  // and variants
  std::vector<const Model*> families;  // the models that patterns such as "qwen3-*" look through
  std::map<std::string, Machine, std::less<>> machines;
};

}  // namespace llmarch
