#include "reports/say/draft_rows.h"

#include <fmt/format.h>

#include <functional>

#include "sim/study/drafting.h"

namespace llmarch::reports {

void write_draft_rows(const Comparison& comparison, Digits digits, const ComparisonWriter& write) {
  const Setting& setting = comparison.setting;
  if (!setting.draft) return;
  const double accepted = *setting.accepted;
  write.group(fmt::format("Decode with drafts: {} a step, ", setting.draft->value()) +
              (accepted > 1 ? fmt::format("{:.4g} of them stand on average", accepted)
                            : fmt::format("a share of {:.4g} stands", accepted)));
  const auto drafted = [&](const std::string& label, const auto& cell) {
    write.row(label, [&cell](const ModelFigures& figures) {
      return figures.drafted ? cell(*figures.drafted) : text_cell("–");
    });
  };
  drafted("tokens a step, expected", [](const DraftedStep& step) {
    return Cell{.text = fmt::format("{:.4g}", step.tokens), .value = step.tokens};
  });
  drafted("FLOPs a step",
          [digits](const DraftedStep& step) { return flops_cell(step.total().flops(), digits); });
  drafted("  of the drafts",
          [digits](const DraftedStep& step) { return flops_cell(step.drafts.flops(), digits); });
  drafted("bytes a step",
          [digits](const DraftedStep& step) { return bytes_cell(step.total().bytes(), digits); });
  drafted("  of the drafts",
          [digits](const DraftedStep& step) { return bytes_cell(step.drafts.bytes(), digits); });
  drafted("FLOPs per accepted token",
          [digits](const DraftedStep& step) { return flops_cell(step.flops_per_token(), digits); });
  drafted("bytes per accepted token",
          [digits](const DraftedStep& step) { return bytes_cell(step.bytes_per_token(), digits); });
  if (setting.machine == nullptr) return;
  drafted(fmt::format("floor of a step on {}", setting.machine->name),
          [](const DraftedStep& step) { return duration_cell(step.floor.value().seconds); });
  drafted("tokens per second, in expectation at most", [](const DraftedStep& step) {
    return rate_cell(step.tokens / step.floor.value().seconds, "tokens per second");
  });
}

}  // namespace llmarch::reports
