// The slopes of ALiBi, the same for every kernel.
#pragma once

#include <cstddef>

namespace llmarch {

// By how much the scores of query head `head` of `heads` fall with each position of distance:
// 2^(-8 (head + 1) / heads) where the number of heads is a power of two. Otherwise the largest
// power of two below it has those slopes, and the heads after them every second slope of twice as
// many heads (arXiv 2108.12409 and its authors' code, as transformers' BLOOM and Falcon have it).
double alibi_slope(std::size_t head, std::size_t heads);

}  // namespace llmarch
