#include <fmt/format.h>

#include <algorithm>

#include "reports/say/study_json.h"
#include "reports/say/study_report.h"
#include "sim/cli/commands.h"
#include "sim/cli/common_options.h"
#include "sim/cli/output.h"
#include "sim/cli/studies.h"
#include "sim/cli/study_timer.h"

namespace llmarch::cli {
namespace {

Options report_options() {
  Options options("options");
  declare_specs(options);
  options.add_options()("timed", "run on this machine what claims need timed: a minute or two");
  Outputs::declare(options);
  return options;
}

// The study's document, with what was timed at the end.
reports::Document document_of(const StudyResult& result, const StudyTimer* timer) {
  reports::Document document = reports::study_document(result);
  if (timer == nullptr) return document;
  for (reports::Block& block : timer->timings()) document.blocks.push_back(std::move(block));
  return document;
}

ExitStatus run_report(const Arguments& arguments, KeptModels& kept) {
  const Values values = parse_arguments(report_options(), "study", arguments);
  const std::string name = only_value(values, "study", "report", "llmarch report article");
  Outputs outputs(values);
  const auto loaded = load_study(name, Catalog(specs_folder(values), kept));
  std::unique_ptr<StudyTimer> timer;
  if (values.count("timed") > 0) timer = study_timer();
  // Empty without a timer: claims that need a timed run stay undecided.
  const Clock read = timer ? timer->clock() : Clock();
  const StudyOutcome run = run_study(loaded->read, read);
  if (!run.result) refuse_study(*loaded, run.problems);
  const StudyResult& result = *run.result;
  outputs.write({.make_document = [&] { return document_of(result, timer.get()); },
                 .json_pieces = in_one_piece([&] { return reports::study_json(result); })});
  const bool expected = std::all_of(result.claims.begin(), result.claims.end(),
                                    [](const ClaimResult& claim) { return claim.as_expected(); });
  return expected ? ExitStatus::done : ExitStatus::check_failed;
}

}  // namespace

Command report_command() {
  return {
      "report",
      "a study: models side by side, and a verdict on each claim",
      "llmarch report STUDY [options]",
      "STUDY is a name that 'llmarch list' shows, or a .toml file; 'llmarch help study-format'\n"
      "says how one is written. Every verdict is computed from the figures that stand beside\n"
      "it. Where one is not what the study expects, the exit status is 1.\n\n"
      "  llmarch report article\n"
      "  llmarch report article -o article.md\n"
      "  llmarch report article --timed -o article\n"
      "  llmarch report ./my-study.toml",
      report_options,
      run_report,
      CommandWords::studies};
}

}  // namespace llmarch::cli
