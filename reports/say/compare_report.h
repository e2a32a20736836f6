// What a comparison says, row by row: which figures, under which headings, with which notes. The
// figures themselves are sim/study's.
#pragma once

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

// The parts of the table, in their order.
enum class Section { structure, parameters, memory, decode, prefill };

inline constexpr std::array kSections{
    std::pair{std::string_view("structure"), Section::structure},
    std::pair{std::string_view("parameters"), Section::parameters},
    std::pair{std::string_view("memory"), Section::memory},
    std::pair{std::string_view("decode"), Section::decode},
    std::pair{std::string_view("prefill"), Section::prefill}};

// Only `sections`, and the notes that concern them.
Document compare_document(const Comparison& comparison, const std::set<Section>& sections,
                          Digits digits);

}  // namespace llmarch::reports
