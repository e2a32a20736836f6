// On architectures drawn at random: the engine and the reference kernels give the same numbers, and
// the engine's book is the predicted one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/graph/lower.h"
#include "tests/agreement/random_spec.h"
#include "tests/engine/engine_agreement.h"

namespace llmarch::fast {
namespace {

void check(const ArchSpec& spec, const Workload& workload) {
  const std::size_t streams = *rc::gen::element<std::size_t>(1, 2, 4);
  const auto agreement = check_engine(spec, lower(spec), workload, {best_isa(), 2, streams});
  if (!agreement.problem.empty()) RC_FAIL(agreement.problem);
  RC_PRE(agreement.numbers == Numbers::compared);
}

RC_GTEST_PROP(TheEngineOnRandomSpecs, AgreesInPrefill, ()) {
  check(*any_spec(), *any_prefill());
}
RC_GTEST_PROP(TheEngineOnRandomSpecs, AgreesInDecode, ()) {
  check(*any_spec(), *any_decode());
}
RC_GTEST_PROP(TheEngineOnRandomSpecs, AgreesBehindAPast, ()) {
  check(*any_spec(), *any_chunk());
}

}  // namespace
}  // namespace llmarch::fast
