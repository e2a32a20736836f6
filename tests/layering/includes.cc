#include "tests/layering/includes.h"

#include <fstream>
#include <optional>
#include <set>
#include <string_view>

namespace llmarch {
namespace {

namespace fs = std::filesystem;

enum class Layer { units, spec, graph, cost, kernels, study, drawing, reports, cli };

bool is_drawing(std::string_view file) {
  static const std::set<std::string_view> kDrawing{
      "chart_axis", "chart_layout",   "csv",      "diagram",      "diagram_aside", "diagram_layout",
      "document",   "drawing",        "emphasis", "font_metrics", "format",        "html",
      "json",       "markdown",       "markup",   "pictures",     "svg",           "table_layout",
      "terminal",   "terminal_chart", "text"};
  const std::size_t slash = file.rfind('/');
  const std::size_t dot = file.rfind('.');
  return kDrawing.contains(file.substr(slash + 1, dot - slash - 1));
}

std::optional<Layer> layer_of(std::string_view file) {
  if (file == "sim/units.h" || file == "sim/dtype.h" || file == "sim/figures.h") {
    return Layer::units;
  }
  if (file.starts_with("sim/spec/")) return Layer::spec;
  if (file.starts_with("sim/graph/")) return Layer::graph;
  if (file.starts_with("sim/cost/")) return Layer::cost;
  if (file.starts_with("kernels/")) return Layer::kernels;
  if (file.starts_with("sim/study/")) return Layer::study;
  if (file.starts_with("reports/")) return is_drawing(file) ? Layer::drawing : Layer::reports;
  if (file.starts_with("sim/cli/")) return Layer::cli;
  return std::nullopt;
}

bool may_include(Layer from, Layer to) {
  if (from == to) return true;
  if (from == Layer::drawing) return false;
  if (from == Layer::kernels && to == Layer::cost) return false;
  if (to == Layer::drawing) return from == Layer::reports || from == Layer::cli;
  return to < from;
}

void check_direct(const std::string& from, const std::string& to, std::vector<std::string>& found) {
  const auto including = layer_of(from);
  const auto included = layer_of(to);
  if (!including || !included) {
    found.push_back(from + " includes " + to + ", and one of them is in no layer");
  } else if (!may_include(*including, *included)) {
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
  const auto layer = layer_of(file);
  if (layer != Layer::cost && layer != Layer::kernels) return;
  std::set<std::string> seen;
  follow(includes, file, seen);
  for (const std::string& other : seen) {
    const auto reached = layer_of(other);
    const bool crossed = reached == Layer::cost || reached == Layer::kernels;
    if (crossed && reached != layer) found.push_back(file + " reaches " + other);
  }
}

// The quoted includes: those of the project.
std::vector<std::string> included_by(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> included;
  for (std::string line; std::getline(stream, line);) {
    const std::string_view opening = "#include \"";
    if (!line.starts_with(opening)) continue;
    const std::size_t end = line.find('"', opening.size());
    included.push_back(line.substr(opening.size(), end - opening.size()));
  }
  return included;
}

bool is_source(const fs::path& file) {
  return file.extension() == ".h" || file.extension() == ".cc";
}

}  // namespace

Includes read_includes(const fs::path& sources) {
  Includes includes;
  for (const auto* folder : {"sim", "kernels", "reports"}) {
    for (const auto& entry : fs::recursive_directory_iterator(sources / folder)) {
      const fs::path& file = entry.path();
      if (!is_source(file) || file.stem().string().ends_with("_bench")) continue;
      includes[fs::relative(file, sources).generic_string()] = included_by(file);
    }
  }
  return includes;
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
