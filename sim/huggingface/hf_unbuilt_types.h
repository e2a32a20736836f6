// Model types that are known and not built, each with what stands against it: a block that this
// program does not have, or code that was not published.
#pragma once

#include <string_view>

namespace llmarch {

// Empty where nothing is known of the type.
std::string_view reason_against(std::string_view type);

}  // namespace llmarch
