// Models by the name that they have on the Hugging Face Hub, "Qwen/Qwen3-0.6B", in the cache that
// Hugging Face's tools keep on this machine. Nothing is fetched: this file knows where the cache
// is, and the command that fills it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace llmarch::cli {

// Whether it has the form of such a name: an owner and a repository, neither a path nor a file.
bool is_hub_name(const std::string& name);

// The config.json of the newest snapshot of the repository's main branch; where the cache does not
// say which that is, of the only snapshot there is. None where it has none. The cache is
// HF_HUB_CACHE, else hub in HF_HOME, else huggingface/hub in XDG_CACHE_HOME or in .cache.
std::optional<std::filesystem::path> cached_config(const std::string& hub_name);

// "hf download Qwen/Qwen3-0.6B config.json"
std::string fetching_command(const std::string& hub_name);

}  // namespace llmarch::cli
