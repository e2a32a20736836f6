// Whether a type is one of those that are listed: for functions that do the same with some of the
// alternatives of a variant. A catch-all would take a new alternative without being asked.
#pragma once

#include <concepts>

namespace llmarch {

template <class Type, class... Types>
concept OneOf = (std::same_as<Type, Types> || ...);

}  // namespace llmarch
