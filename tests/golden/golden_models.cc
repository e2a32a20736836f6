#include "tests/golden/golden_models.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "sim/graph/lower.h"
#include "sim/huggingface/hf_config.h"

namespace llmarch {

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_GOLDEN)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) throw std::runtime_error("no golden vectors in " LLMARCH_GOLDEN);
  return names;
}

std::filesystem::path golden_folder(const std::string& name) {
  return std::filesystem::path(LLMARCH_GOLDEN) / name;
}

ConfigLoad golden_config(const std::string& name) {
  std::ifstream file(golden_folder(name) / "config.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ConfigLoad config = load_hf_config(text, name);
  if (!config.spec) throw std::runtime_error(name + ": " + config.problems.at(0).message);
  return config;
}

GoldenModel::GoldenModel(const std::string& name) : folder(golden_folder(name)) {
  ConfigLoad config = golden_config(name);
  spec = *std::move(config.spec);
  naming = config.naming.value();
  graph = lower(spec);
  expected = load_expected(folder / "expected.safetensors", graph);
}

WeightStore GoldenModel::weights_for(const OpGraph& other) const {
  return load_weights(other, SafetensorsCheckpoint::open(folder), naming, spec.head);
}

std::vector<std::string> departures(const OpGraph& graph, const WeightStore& weights,
                                    const Expected& expected) {
  std::vector<std::string> first;
  for (const VerifiedRun& run : verify(graph, weights, expected, published_tolerance(graph))) {
    const auto departure = run.first_departure();
    first.push_back(departure ? departure->what : "");
  }
  return first;
}

}  // namespace llmarch
