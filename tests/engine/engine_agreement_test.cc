// On architectures drawn at random: the engine and the reference kernels give the same numbers, and
// the engine's book is the predicted one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/graph/lower.h"
#include "tests/agreement/random_spec.h"
#include "tests/engine/engine_agreement.h"

namespace llmarch::fast {
namespace {

// The numbers of a few cases cannot be compared (engine_agreement.h); they must stay few.
void expect_agreement(const rc::Gen<Workload>& workloads) {
  int cases = 0;
  int compared = 0;
  const bool holds = rc::check([&] {
    const OpGraph graph = lower(*any_spec());
    const std::size_t streams = *rc::gen::element<std::size_t>(1, 2, 4);
    const auto agreement = check_engine(graph, *workloads, {best_isa(), 2, streams});
    if (!agreement.problem.empty()) RC_FAIL(agreement.problem);
    ++cases;
    compared += agreement.numbers == Numbers::compared ? 1 : 0;
  });
  EXPECT_TRUE(holds);
  EXPECT_GE(10 * compared, 9 * cases);
}

TEST(TheEngineOnRandomSpecs, AgreesInPrefill) {
  expect_agreement(any_prefill());
}
TEST(TheEngineOnRandomSpecs, AgreesInDecode) {
  expect_agreement(any_decode());
}
TEST(TheEngineOnRandomSpecs, AgreesAfterAPast) {
  expect_agreement(any_chunk());
}

}  // namespace
}  // namespace llmarch::fast
