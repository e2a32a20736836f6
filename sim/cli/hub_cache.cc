#include "sim/cli/hub_cache.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace llmarch::cli {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> folder_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

// None where not even a home is known.
std::optional<fs::path> hub_folder() {
  if (auto hub = folder_in("HF_HUB_CACHE")) return hub;
  if (const auto home = folder_in("HF_HOME")) return *home / "hub";
  if (const auto cache = folder_in("XDG_CACHE_HOME")) return *cache / "huggingface" / "hub";
  auto home = folder_in("HOME");
  if (!home) home = folder_in("USERPROFILE");  // on Windows
  return home ? std::optional(*home / ".cache" / "huggingface" / "hub") : std::nullopt;
}

bool is_part(std::string_view part) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !part.empty() && part.front() != '.' && std::all_of(part.begin(), part.end(), allowed);
}

std::optional<std::string> main_commit(const fs::path& repository) {
  std::ifstream file(repository / "refs" / "main");
  std::string commit;
  if (!(file >> commit) || !is_part(commit)) return std::nullopt;
  return commit;
}

std::vector<fs::path> configs_of_snapshots(const fs::path& repository) {
  std::vector<fs::path> configs;
  std::error_code error;
  for (auto entry = fs::directory_iterator(repository / "snapshots", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (fs::exists(entry->path() / "config.json", error)) {
      configs.push_back(entry->path() / "config.json");
    }
  }
  return configs;
}

}  // namespace

bool is_hub_name(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos || name.ends_with(".json") || name.ends_with(".toml")) {
    return false;
  }
  const std::string_view text = name;
  return is_part(text.substr(0, slash)) && is_part(text.substr(slash + 1));
}

std::optional<fs::path> cached_config(const std::string& hub_name) {
  const auto hub = hub_folder();
  if (!hub || !is_hub_name(hub_name)) return std::nullopt;
  const std::size_t slash = hub_name.find('/');
  const fs::path repository =
      *hub / ("models--" + hub_name.substr(0, slash) + "--" + hub_name.substr(slash + 1));
  std::error_code error;
  if (const auto commit = main_commit(repository)) {
    const fs::path config = repository / "snapshots" / *commit / "config.json";
    if (fs::exists(config, error)) return config;
  }
  const std::vector<fs::path> configs = configs_of_snapshots(repository);
  return configs.size() == 1 ? std::optional(configs.front()) : std::nullopt;
}

std::string fetching_command(const std::string& hub_name) {
  return "hf download " + hub_name + " config.json";
}

}  // namespace llmarch::cli
