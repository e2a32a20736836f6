#include <gmock/gmock.h>

#include "tests/layering/includes.h"

namespace llmarch {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// A file of every layer, each including one that it may.
Includes sound() {
  return {{"sim/units.h", {}},
          {"sim/spec/arch_spec.h", {"sim/units.h"}},
          {"sim/graph/lower.h", {"sim/spec/arch_spec.h"}},
          {"sim/cost/predict.h", {"sim/graph/lower.h"}},
          {"kernels/reference/executor.h", {"sim/graph/lower.h"}},
          {"kernels/measure/agreement.cc", {"sim/cost/predict.h", "kernels/reference/executor.h"}},
          {"kernels/measure/agreement.h", {"sim/units.h"}},
          {"reports/document/document.h", {}},
          {"reports/say/compare_report.h",
           {"reports/document/document.h", "kernels/measure/agreement.h"}},
          {"sim/cli/main.cc", {"reports/say/compare_report.h", "kernels/reference/executor.h"}}};
}

Includes planted(const std::string& file, const std::string& included) {
  Includes includes = sound();
  includes[file].push_back(included);
  return includes;
}

TEST(TheSources, KeepTheirLayers) {
  EXPECT_THAT(violations(read_includes(LLMARCH_SOURCES)), IsEmpty());
}

TEST(TheSources, WereRead) {
  const Includes includes = read_includes(LLMARCH_SOURCES);
  EXPECT_GT(includes.size(), 50U);
  EXPECT_THAT(includes.at("sim/cost/op_cost.h"), Contains("sim/cost/price.h"));
  EXPECT_THAT(includes.at("kernels/reference/executor.cc"),
              Contains("kernels/reference/executor.h"));
}

TEST(TheSources, AskASystemInOneFolderAlone) {
  const auto found = system_includes(LLMARCH_SOURCES);
  EXPECT_THAT(found, Each(StartsWith("sim/system/")));
  EXPECT_THAT(found, Contains("sim/system/posix/system.cc includes sys/stat.h"));
  EXPECT_THAT(found, Contains("sim/system/windows/system.cc includes windows.h"));
}

TEST(SoundLayers, AreNotReported) {
  EXPECT_THAT(violations(sound()), IsEmpty());
}

TEST(ABook, ThatIncludesTheOtherIsReported) {
  EXPECT_THAT(violations(planted("sim/cost/predict.h", "kernels/reference/executor.h")),
              Contains("sim/cost/predict.h includes kernels/reference/executor.h"));
  EXPECT_THAT(violations(planted("kernels/reference/executor.h", "sim/cost/predict.h")),
              Contains("kernels/reference/executor.h includes sim/cost/predict.h"));
}

TEST(ABook, ThatReachesTheOtherThroughAHeaderIsReported) {
  EXPECT_THAT(violations(planted("sim/graph/lower.h", "kernels/reference/executor.h")),
              Contains("sim/cost/predict.h reaches kernels/reference/executor.h"));
  EXPECT_THAT(violations(planted("sim/spec/arch_spec.h", "sim/cost/predict.h")),
              Contains("kernels/reference/executor.h reaches sim/cost/predict.h"));
}

TEST(ALayer, ThatIncludesOneRightOfItIsReported) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"sim/units.h", "sim/spec/arch_spec.h"},
      {"sim/spec/arch_spec.h", "sim/graph/lower.h"},
      {"sim/graph/lower.h", "sim/cost/predict.h"},
      {"sim/cost/predict.h", "kernels/measure/agreement.h"},
      {"kernels/reference/executor.h", "kernels/measure/agreement.h"},
      {"kernels/measure/agreement.h", "reports/say/compare_report.h"},
      {"kernels/measure/agreement.h", "reports/document/document.h"},
      {"reports/say/compare_report.h", "sim/cli/main.cc"}};
  for (const auto& [file, included] : wrong) {
    EXPECT_THAT(violations(planted(file, included)), Contains(file + " includes " + included));
  }
}

TEST(WhatDraws, KnowsNothingOfModels) {
  EXPECT_THAT(violations(planted("reports/document/document.h", "sim/units.h")),
              ElementsAre("reports/document/document.h includes sim/units.h"));
  EXPECT_THAT(violations(planted("reports/document/document.h", "reports/say/compare_report.h")),
              SizeIs(1));
}

TEST(AFile, InNoLayerIsReported) {
  EXPECT_THAT(violations(planted("sim/units.h", "tests/support/model_specs.h")), SizeIs(2));
  EXPECT_THAT(violations(planted("sim/new/new.h", "sim/units.h")),
              Contains("sim/new/new.h is in no layer"));
}

TEST(AFile, ThatIsNotThereIsReported) {
  EXPECT_THAT(violations(planted("sim/graph/lower.h", "sim/spec/gone.h")),
              ElementsAre("sim/graph/lower.h includes sim/spec/gone.h, not there"));
}

}  // namespace
}  // namespace llmarch
