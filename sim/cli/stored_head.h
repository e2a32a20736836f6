// Whether a checkpoint holds the head that its config names. Embedding models often do not.
#pragma once

#include <filesystem>

namespace llmarch::cli {

enum class StoredHead { unknown, present, absent };

// By the names in the folder's index, or in the header of its only file; unknown where there is
// neither, or where they cannot be read.
StoredHead stored_head(const std::filesystem::path& folder);

}  // namespace llmarch::cli
