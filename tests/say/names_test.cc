// Is a block called the same wherever it is shown?
#include <gmock/gmock.h>

#include "reports/render/terminal.h"
#include "reports/say/compare_report.h"
#include "reports/say/model_diagram.h"
#include "reports/say/model_reports.h"
#include "tests/support/model_specs.h"

namespace llmarch::reports {
namespace {

using ::testing::HasSubstr;

// 4 query heads that share one key/value head.
TEST(ABlock, HasOneNameInTheTerminalThePictureAndTheComparison) {
  const Model gemma = make_model(model_spec("gemma-3-1b"), {});
  const std::string shown =
      render_terminal(show_document(gemma, Setting{}, std::nullopt, Digits::rounded), {});
  EXPECT_THAT(shown, HasSubstr("Multi-query attention\n"));
  EXPECT_THAT(shown, HasSubstr("  kind                  multi-query\n"));
  const Document compared =
      compare_document(compare({&gemma}, {}), {Section::structure}, Digits::rounded);
  EXPECT_THAT(render_terminal(compared, {}), HasSubstr("multi-query\n"));
  const Diagram diagram = model_diagram({&gemma});
  std::vector<std::string> titles;
  for (const DiagramItem& item : diagram.panels.front().items) {
    const auto* frame = std::get_if<DiagramFrame>(&item);
    if (frame == nullptr) continue;
    for (const FrameItem& inside : frame->items) {
      const auto& steps = std::get<DiagramBranch>(inside).steps;
      for (const DiagramBox& step : steps) titles.push_back(step.parts.front().title.text);
    }
  }
  EXPECT_THAT(titles, ::testing::Contains("Multi-query attention"));
}

}  // namespace
}  // namespace llmarch::reports
