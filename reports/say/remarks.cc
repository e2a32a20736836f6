#include "reports/say/remarks.h"

#include <fmt/format.h>

namespace llmarch::reports {

void add_remarks(const Model& model, Notes& notes) {
  for (const std::string& remark : model.remarks) {
    notes.lines.push_back(fmt::format("{}: {}", model.spec.name, remark));
  }
}

}  // namespace llmarch::reports
