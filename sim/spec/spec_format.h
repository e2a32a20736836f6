// The spec format written out for people, made from the same declarations (fields.h) that the loader
// visits, so that it cannot drift from what is accepted.
#pragma once

#include <string>

namespace llmarch {

// Markdown: one table for each kind of table in a spec file. arch_specs/README.md is this text.
std::string describe_spec_format();

}  // namespace llmarch
