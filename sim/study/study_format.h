// The study format written out for people: an example, how expressions are written, how verdicts
// come about, and tables made from the declarations that the loader visits (study_fields.h).
#pragma once

#include <string>
#include <string_view>

namespace llmarch {

// A complete small study that is valid as it is, to start from.
std::string_view example_study();

// Markdown. arch_specs/studies/README.md is this text.
std::string describe_study_format();

}  // namespace llmarch
