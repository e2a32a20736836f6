// The spec format written out for people: an example, the rules in words, and tables made from the
// same declarations (fields.h) that the loader visits, so that they cannot drift from what is
// accepted.
#pragma once

#include <string>
#include <string_view>

namespace llmarch {

// A complete small spec, valid as it stands, to begin from.
std::string_view example_spec();

// Markdown, with one table for each kind of table in a spec file. arch_specs/README.md is this
// text.
std::string describe_spec_format();

}  // namespace llmarch
