// The parts of a comparison's table, and their names on the command line.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace llmarch::reports {

// In the order of the table.
enum class Section { structure, parameters, memory, decode, prefill };

inline constexpr std::array kSections{
    std::pair{std::string_view("structure"), Section::structure},
    std::pair{std::string_view("parameters"), Section::parameters},
    std::pair{std::string_view("memory"), Section::memory},
    std::pair{std::string_view("decode"), Section::decode},
    std::pair{std::string_view("prefill"), Section::prefill}};

}  // namespace llmarch::reports
