// The golden vectors, found and not listed: a new folder is tested without further changes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/verify/verify.h"
#include "kernels/weights/checkpoint.h"

namespace llmarch {

// In alphabetical order.
std::vector<std::string> golden_names();

// The name of the test of a folder.
inline std::string folder_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

std::filesystem::path golden_folder(const std::string& name);

// The architecture that a folder's config.json describes, and how its tensors are named.
ConfigLoad golden_config(const std::string& name);

struct GoldenModel {
  explicit GoldenModel(const std::string& name);

  [[nodiscard]] double tolerance() const { return published_tolerance(graph); }
  // The checkpoint's tensors for another graph of the same shapes.
  [[nodiscard]] WeightStore weights_for(const OpGraph& other) const;

  ArchSpec spec;
  CheckpointNaming naming;
  OpGraph graph;
  std::filesystem::path folder;
  Expected expected;
};

// The first departure in each of the two ways of running the model: "" where there is none.
std::vector<std::string> departures(const OpGraph& graph, const WeightStore& weights,
                                    const Expected& expected);

}  // namespace llmarch
