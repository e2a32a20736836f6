// The texts of a block's description for readers: its phrases, and its notes below figures.
#pragma once

#include <string>
#include <vector>

#include "sim/describe/block_facts.h"

namespace llmarch::reports {

// "32 query heads of 128"; whole figures have their digits grouped.
std::string text_of(const Phrase& phrase);

// "Multi-query attention"
std::string capitalised(std::string text);

// The notes of these models' blocks: each text once, attention's first.
std::vector<std::string> block_notes(const std::vector<const ArchSpec*>& specs,
                                     NotedFigures figures);

}  // namespace llmarch::reports
