// verify with the fast kernels. This file knows what may be expected of numbers that are kept in
// float and in bf16; what is compared is known by kernels/verify/verify.h.
#pragma once

#include "kernels/engine/engine.h"
#include "kernels/verify/verify.h"

namespace llmarch::fast {

// Float: the reference's own numbers are rounded to float at each operation, as ours are, and the
// two depart from one another with what they hold: 1e-4, or 1e-5 of the largest of what is
// compared.
//
// bf16 has eight bits: each weight, each cached element and each row that enters a product is off
// by up to 1 in 512. Over the layers of the published vectors that adds up to 1-5 % on average, and
// in single elements to 11 % of the largest of what is compared; 20 % are allowed. Scores of
// experts that are nearly equal may fall otherwise, for a quarter of the tokens at most; so that
// one such choice does not make the rest another model's, rows go on to the experts that the
// reference chose.
Tolerance tolerance_of(Stored weights);

// `engine` has the weights of a checkpoint, all of them, batch 1, and room for the sequence.
std::vector<VerifiedRun> verify(Engine& engine, const Expected& expected,
                                const Tolerance& tolerance);

}  // namespace llmarch::fast
