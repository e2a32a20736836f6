// Small text files: reading one whole, and refusing one for its problems.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sim/spec/diagnostics.h"

namespace llmarch::cli {

// `what` is "a spec" in messages, which has at most `limit` bytes. Throws FileError.
std::string read_text(const std::filesystem::path& path, std::int64_t limit, const char* what);

// Throws BadInput with the problems rendered.
[[noreturn]] void refuse_file(const std::string& file, std::string_view text,
                              std::vector<Diagnostic> problems);

}  // namespace llmarch::cli
