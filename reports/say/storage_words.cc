#include "reports/say/storage_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "reports/document/format.h"

namespace llmarch::reports {
namespace {

std::string_view word_of(StoredPart part, bool tied) {
  switch (part) {
    case StoredPart::matrices: return "matrices";
    case StoredPart::embedding: return tied ? "embedding and head" : "embedding";
    case StoredPart::head: return "head";
    case StoredPart::routers: return "routers";
    case StoredPart::vectors: return "norms and biases";
  }
  throw std::logic_error("word_of: a part outside the enumeration");
}

std::string part_phrase(const PartFormats& part, bool tied) {
  Elements all;
  for (const FormatShare& share : part.formats) all += share.elements;
  std::vector<std::string> shares;
  for (const FormatShare& share : part.formats) {
    shares.emplace_back(share.format);
    if (part.formats.size() == 1) break;
    shares.back() += " " + percent(share.elements.amount().as_double() / all.amount().as_double());
  }
  return fmt::format("{} {}", word_of(part.part, tied), fmt::join(shares, ", "));
}

}  // namespace

std::string storage_phrase(const Scheme& scheme, const StoredWeights& stored) {
  std::vector<std::string> parts;
  for (const PartFormats& part : stored.parts) parts.push_back(part_phrase(part, stored.tied));
  return fmt::format("{}: {}, {:.2f} bits a weight; {}", binary_bytes(stored.bytes.value()),
                     scheme.name(), stored.bits_per_weight, fmt::join(parts, "; "));
}

void add_storage_note(const Model& model, const Scheme& scheme, const StoredWeights& stored,
                      Notes& notes) {
  if (scheme.number_format()) return;
  notes.lines.push_back(fmt::format("{}: {}.", model.spec.name, storage_phrase(scheme, stored)));
}

void add_beside_note(const Model& model, Notes& notes) {
  if (model.beside.empty()) return;
  std::string parts;
  for (const auto& [name, elements] : model.beside) {
    parts += fmt::format("{}{} ({})", parts.empty() ? "" : ", ", name,
                         grouped(elements.amount().value()));
  }
  notes.lines.push_back(fmt::format(
      "{}: memory that is needed includes what the repository holds beside the text model: {}. "
      "--text-only leaves it out.",
      model.spec.name, parts));
}

}  // namespace llmarch::reports
