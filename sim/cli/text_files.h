// Reads small text files whole, and refuses one that has problems.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/diagnostics.h"

namespace llmarch::cli {

// `what` names the kind of file in messages ("a spec"); `limit` is the most bytes that it may have.
// Throws FileError.
std::string read_text(const std::filesystem::path& path, std::int64_t limit, const char* what);

// Throws BadInput with the problems rendered.
[[noreturn]] void refuse_file(const std::string& file, std::string_view text,
                              std::vector<Diagnostic> problems);

}  // namespace llmarch::cli
