#include "tests/layering/includes.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>

namespace llmarch {
namespace {

namespace fs = std::filesystem;

// The folders in order; each is a layer that may include those before it.
constexpr auto kLayers = std::to_array<std::string_view>({"sim",
                                                          "sim/system",
                                                          "sim/system/posix",
                                                          "sim/system/windows",
                                                          "sim/spec",
                                                          "sim/graph",
                                                          "sim/formats",
                                                          "sim/toml",
                                                          "sim/hardware",
                                                          "sim/setting",
                                                          "sim/study_spec",
                                                          "sim/huggingface",
                                                          "sim/describe",
                                                          "sim/cost",
                                                          "sim/study",
                                                          "kernels/weight_files",
                                                          "sim/gguf",
                                                          "kernels/weights",
                                                          "kernels/reference",
                                                          "kernels/ranks",
                                                          "kernels/mpi",
                                                          "kernels/mpi/absent",
                                                          "kernels/mpi/present",
                                                          "kernels/fast/simd",
                                                          "kernels/fast",
                                                          "kernels/engine",
                                                          "kernels/probe",
                                                          "kernels/verify",
                                                          "kernels/measure",
                                                          "reports/document",
                                                          "reports/pictures",
                                                          "reports/render",
                                                          "reports/say",
                                                          "reports/runs",
                                                          "sim/cli",
                                                          "sim/cli/dry",
                                                          "sim/cli/wasm",
                                                          "sim/cli/run"});

std::string_view folder_of(std::string_view file) {
  return file.substr(0, file.rfind('/'));
}

std::optional<std::size_t> layer_of(std::string_view file) {
  const auto* const found = std::find(kLayers.begin(), kLayers.end(), folder_of(file));
  if (found == kLayers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kLayers.begin());
}

// The folders that draw documents and know no models.
bool draws(std::string_view folder) {
  return folder == "reports/document" || folder == "reports/pictures" || folder == "reports/render";
}

// The folders of the two books, predicted and counted. Only kernels/measure may use both.
bool predicts(std::string_view folder) {
  return folder == "sim/cost" || folder == "sim/study";
}
bool counts(std::string_view folder) {
  return folder.starts_with("kernels/") && folder != "kernels/measure";
}

bool may_include(const std::string& file, const std::string& other) {
  const std::string_view from = folder_of(file);
  const std::string_view to = folder_of(other);
  // The fast kernels, and their loops for one instruction set, are one layer in two folders.
  if (from == "kernels/fast/simd" && to == "kernels/fast") return true;
  if (draws(from) && !draws(to)) return other == "sim/decimal.h";
  if (counts(from) && predicts(to)) return false;
  return layer_of(other) <= layer_of(file);
}

void check_direct(const std::string& from, const std::string& to, std::vector<std::string>& found) {
  if (!layer_of(from) || !layer_of(to)) {
    found.push_back(from + " includes " + to + ", and one of them is in no layer");
  } else if (!may_include(from, to)) {
    found.push_back(from + " includes " + to);
  }
}

// Everything that `file` includes, itself and through others.
void follow(const Includes& includes, const std::string& file, std::set<std::string>& seen) {
  const auto entry = includes.find(file);
  if (entry == includes.end()) return;
  for (const std::string& included : entry->second) {
    if (seen.insert(included).second) follow(includes, included, seen);
  }
}

void check_books(const Includes& includes, const std::string& file,
                 std::vector<std::string>& found) {
  const std::string_view folder = folder_of(file);
  std::set<std::string> seen;
  follow(includes, file, seen);
  for (const std::string& other : seen) {
    const std::string_view reached = folder_of(other);
    const bool crossed =
        (predicts(folder) && counts(reached)) || (counts(folder) && predicts(reached));
    if (crossed) found.push_back(file + " reaches " + other);
  }
}

// What stands between the two signs in the lines that include something: "x.h" or <x.h>.
std::vector<std::string> included_by(const fs::path& file, char opening, char closing) {
  std::ifstream stream(file);
  std::vector<std::string> included;
  const std::string start = std::string("#include ") + opening;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(start)) continue;
    const std::size_t end = line.find(closing, start.size());
    included.push_back(line.substr(start.size(), end - start.size()));
  }
  return included;
}

// A header that only some systems have, and neither the standard nor a library.
bool is_of_a_system(std::string_view header) {
  if (!header.ends_with(".h")) return false;
  const bool library = header == "emscripten.h" || header == "immintrin.h" || header == "mpi.h";
  return header.starts_with("sys/") || (header.find('/') == header.npos && !library);
}

// Benchmarks are next to what they time and may use what tests use, so they are in no layer.
bool is_source(const fs::path& file) {
  const bool benchmark =
      file.stem().string().ends_with("_bench") || file.parent_path().filename() == "bench";
  return !benchmark && (file.extension() == ".h" || file.extension() == ".cc");
}

Includes includes_between(const fs::path& sources, char opening, char closing) {
  Includes includes;
  for (const auto* folder : {"sim", "kernels", "reports"}) {
    for (const auto& entry : fs::recursive_directory_iterator(sources / folder)) {
      const fs::path& file = entry.path();
      if (!is_source(file)) continue;
      includes[fs::relative(file, sources).generic_string()] = included_by(file, opening, closing);
    }
  }
  return includes;
}

}  // namespace

Includes read_includes(const fs::path& sources) {
  return includes_between(sources, '"', '"');
}

std::vector<std::string> system_includes(const fs::path& sources) {
  std::vector<std::string> found;
  for (const auto& [file, included] : includes_between(sources, '<', '>')) {
    for (const std::string& header : included) {
      if (is_of_a_system(header)) found.push_back(file + " includes " + header);
    }
  }
  return found;
}

std::vector<std::string> violations(const Includes& includes) {
  std::vector<std::string> found;
  for (const auto& [file, included] : includes) {
    if (!layer_of(file)) found.push_back(file + " is in no layer");
    for (const std::string& other : included) {
      check_direct(file, other, found);
      if (!includes.contains(other)) found.push_back(file + " includes " + other + ", not there");
    }
    check_books(includes, file, found);
  }
  return found;
}

}  // namespace llmarch
