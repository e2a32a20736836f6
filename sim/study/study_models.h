// The models and machines that the expressions of a study can name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

struct StudyModels {
  std::map<std::string, const Model*, std::less<>> models;  // including variants
  std::vector<const Model*> families;  // those that patterns such as "qwen3-*" are matched with
  std::map<std::string, Machine, std::less<>> machines;
  Machine machine = {};  // of figures that need one where the expression names none; null: none
};

}  // namespace llmarch
