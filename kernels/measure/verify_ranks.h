// verify over several ranks: the results of a deployment held to the reference's, and what its
// ranks sent to what is predicted, to the element.
#pragma once

#include <vector>

#include "kernels/ranks/threads.h"
#include "kernels/verify/verify.h"

namespace llmarch {

// Ranks are threads of this process. Throws CannotShard and RankFailure.
std::vector<VerifiedRun> verify_ranks(const RankedModel& model, const Expected& expected,
                                      double tolerance,
                                      RecurrenceForm prefill_form = RecurrenceForm::by_step);

// The same where every rank is a process: this one is `own`, and every process returns the results
// of all. Throws what `links` throws besides.
std::vector<VerifiedRun> verify_as_rank(const RankedModel& model, std::size_t own, Links& links,
                                        const Expected& expected, double tolerance,
                                        RecurrenceForm prefill_form = RecurrenceForm::by_step);

}  // namespace llmarch
