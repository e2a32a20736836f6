// verify with the fast kernels. This file knows what may be expected of numbers kept in float or in
// bf16; what is compared is known by kernels/verify/verify.h.
#pragma once

#include "kernels/engine/engine.h"
#include "kernels/verify/verify.h"

namespace llmarch::fast {

// Float: the reference also rounds to float at each operation, so the two may depart from each
// other by 1e-4, or by 1e-5 of the largest compared value. Where a model magnifies rounding,
// kernels in double depart from the reference's results by up to 9e-4, which is the reference's own
// rounding; that of the fast kernels comes on top, so 2e-3 are allowed.
//
// bf16 has eight significant bits: each weight, each cached element and each row that enters a
// product is off by up to 1 in 512. Over the layers of the published vectors this adds up to 1-5 %
// on average, and in single elements to 11 % of the largest compared value; 20 % are allowed. For
// at most a quarter of the tokens, experts with nearly equal scores may be chosen differently. So
// that one such choice does not make all that follows incomparable, rows go on to the experts that
// the reference chose.
Tolerance tolerance_of(const OpGraph& graph, Stored weights);
// The same for an engine that holds weights in the graph's formats. With quantised weights, each
// row that enters a product is off by up to 1 in 254 of the largest element of its group, and as
// much is allowed as with bf16.
Tolerance tolerance_of_formats(const OpGraph& graph);

// `engine` has all weights of a checkpoint, batch 1, and room for the sequence.
std::vector<VerifiedRun> verify(Engine& engine, const Expected& expected,
                                const Tolerance& tolerance,
                                RecurrenceForm prefill_form = RecurrenceForm::by_step);

}  // namespace llmarch::fast
