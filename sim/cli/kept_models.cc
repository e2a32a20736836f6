#include "sim/cli/kept_models.h"

namespace llmarch::cli {

const Model& KeptModels::find(const std::string& name, std::string_view text,
                              const std::function<Model()>& read) {
  const auto kept = models_.find(name);
  if (kept != models_.end() && kept->second.text == text) return kept->second.model;
  Model model = read();
  return models_.insert_or_assign(name, Kept{std::string(text), std::move(model)})
      .first->second.model;
}

}  // namespace llmarch::cli
