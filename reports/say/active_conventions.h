// The names of the conventions for active parameters, in rows and notes. Makers count active
// parameters differently and rarely say how, so all three conventions are shown
// (sim/study/compare.h).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "sim/study/compare.h"

namespace llmarch::reports {

inline constexpr std::array kConventions{ActiveConvention::all,
                                         ActiveConvention::without_input_embedding,
                                         ActiveConvention::without_embeddings};

std::string_view convention_letter(ActiveConvention convention);  // "A"
std::string_view convention_phrase(ActiveConvention convention);  // "every matrix touched"
std::string convention_label(ActiveConvention convention);        // "A: every matrix touched"

}  // namespace llmarch::reports
