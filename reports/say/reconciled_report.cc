#include "reports/say/reconciled_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/document/format.h"
#include "sim/spec/printable.h"
#include "sim/study/step.h"

namespace llmarch::reports {
namespace {

constexpr std::size_t kMostNamed = 12;

std::string named(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < kMostNamed) shown.push_back(printable(name));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

std::string difference_phrase(Bytes stored, Bytes predicted) {
  if (stored == predicted) return "The formats make the bytes of the text model's tensors exactly.";
  const bool more = stored > predicted;
  return fmt::format("The text model's tensors take {} bytes {} than the formats make.",
                     grouped((more ? stored - predicted : predicted - stored).amount()),
                     more ? "more" : "less");
}

}  // namespace

void add_reconciliation(const Model& model, const Reconciled& reconciled, Digits digits,
                        Document& document) {
  Table table{.caption = "Tensors in the folder",
              .columns = {text_column("part"), figure_column("tensors"), figure_column("bytes")}};
  const auto row = [&](const HeldTensors& held) {
    table.rows.emplace_back(CellRow{
        {text_cell(held.what), number_cell(held.tensors.value()), bytes_cell(held.bytes, digits)}});
  };
  row(reconciled.text);
  for (const HeldTensors& held : reconciled.others) row(held);
  if (reconciled.unknown.tensors > 0) row(reconciled.unknown);
  row(reconciled.all);
  const Bytes predicted = weight_bytes(stored(model, Setting{})).total;
  table.rows.emplace_back(
      CellRow{{text_cell(fmt::format("text model in {}", model.published_in.name())),
               text_cell("–"), bytes_cell(predicted, digits)}});
  document.blocks.emplace_back(std::move(table));
  Notes notes{{difference_phrase(reconciled.text.bytes, predicted)}};
  if (!reconciled.missing.empty()) {
    notes.lines.push_back(fmt::format("Missing, {} of the architecture's: {}.",
                                      grouped(Integer(std::ssize(reconciled.missing))),
                                      named(reconciled.missing)));
  }
  if (!reconciled.unknown_names.empty()) {
    notes.lines.push_back(fmt::format("Not known: {}.", named(reconciled.unknown_names)));
  }
  document.blocks.emplace_back(std::move(notes));
}

}  // namespace llmarch::reports
