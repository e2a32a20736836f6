#include "reports/say/block_texts.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

#include "reports/say/cells.h"

namespace llmarch::reports {
namespace {

struct FigureWriter {
  std::string operator()(const std::string& words) const { return words; }
  std::string operator()(Integer number) const { return grouped(number); }
  std::string operator()(double value) const {
    return value == std::floor(value) ? grouped(static_cast<std::int64_t>(value))
                                      : fmt::format("{:g}", value);
  }
};

}  // namespace

std::string text_of(const Phrase& phrase) {
  std::string text;
  for (const auto& piece : phrase) text += std::visit(FigureWriter{}, piece);
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::vector<std::string> block_notes(const std::vector<const ArchSpec*>& specs,
                                     NotedFigures figures) {
  std::set<std::pair<BlockFamily, std::string>> notes;
  for (const ArchSpec* spec : specs) {
    for (const BlockFacts& block : blocks_of(*spec)) {
      const auto note = block.notes.find(figures);
      if (note != block.notes.end()) notes.emplace(block.family, text_of(note->second));
    }
  }
  std::vector<std::string> texts;
  for (const auto& [family, text] : notes) texts.push_back(text);
  return texts;
}

}  // namespace llmarch::reports
