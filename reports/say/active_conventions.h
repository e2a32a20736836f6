// The names of the conventions for active parameters, in rows and notes. Makers count active
// parameters differently and rarely say how, so all three conventions are shown
// (sim/study/compare.h).
#pragma once

#include <string>
#include <string_view>

#include "sim/enumerators.h"
#include "sim/study/compare.h"

namespace llmarch::reports {

inline constexpr auto kConventions = enumerators<ActiveConvention>();

std::string_view convention_letter(ActiveConvention convention);  // "A"
std::string_view convention_phrase(ActiveConvention convention);  // "every matrix touched"
// The quantity of sim/study/quantities.h that it is.
std::string_view quantity_of(ActiveConvention convention);
std::string convention_label(ActiveConvention convention);  // "A: every matrix touched"

}  // namespace llmarch::reports
