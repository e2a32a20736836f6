// The page that describes hardware files, made from the declarations that the loader reads by.
#pragma once

#include <string>

namespace llmarch {

// As Markdown.
std::string describe_hardware_format();

}  // namespace llmarch
