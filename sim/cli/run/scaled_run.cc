#include "sim/cli/run/scaled_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/measure/agreement.h"
#include "reports/runs/proof_reports.h"
#include "sim/spec/scaled.h"
#include "sim/study/step.h"

namespace llmarch::cli {
namespace {

// The reference kernels are plain loops that count; longer contexts would take minutes.
constexpr std::int64_t kLongestContext = 4096;
constexpr std::int64_t kLargestBatch = 64;

const PartialSetting kScaled{.context = 9, .prompt = 8};

void refuse_beyond(const SettingField& field, Integer value, std::int64_t most) {
  if (value <= most) return;
  throw UsageError(fmt::format("--{} {} is more than the counting kernels should be asked for",
                               field.key, value.value()),
                   fmt::format("at most {}", most));
}

Setting setting_of(const MeasureRequest& request) {
  Setting setting = laid_over(laid_over(Setting{}, kScaled), request.setting);
  refuse_beyond(setting_field::context, setting.context, kLongestContext);
  refuse_beyond(setting_field::prompt, setting.prefill_tokens(), kLongestContext);
  refuse_beyond(setting_field::batch, setting.batch, kLargestBatch);
  return setting;
}

void check_positions(const ArchSpec& small, Integer wanted) {
  if (!small.learned_positions || wanted <= *small.learned_positions) return;
  throw UsageError(fmt::format("{} positions, and the scaled-down instance has learned only {}",
                               wanted.value(), small.learned_positions->value()),
                   "ask for a shorter context or prompt");
}

}  // namespace

ExitStatus scaled_run(const MeasureRequest& request, const Model& model, Outputs& outputs) {
  const Setting setting = setting_of(request);
  check_forms(model, setting);
  const ArchSpec small = scale_down(model.spec);
  check_positions(small, std::max(setting.context, setting.prefill_tokens()));
  const OpGraph graph = lower(small);
  std::vector<Agreement> agreements;
  for (const Phase phase : {Phase::decode, Phase::prefill}) {
    agreements.push_back(check_agreement(graph, workload_of(phase, setting), request.seed));
  }
  outputs.write({[&] { return reports::agreement_document(model.spec.name, agreements); }});
  for (const Agreement& agreement : agreements) {
    if (!agreement.holds()) return ExitStatus::check_failed;
  }
  return ExitStatus::done;
}

}  // namespace llmarch::cli
