// What a cache gives back of what was stored in it: the numbers that the stored codes mean. The
// fast kernels are judged by it.
//
// f32 and bf16 keep a number as it is. A graph has caches in bf16 until a format is laid over it,
// and published results are of caches that were not rounded.
#pragma once

#include <span>
#include <vector>

#include "kernels/reference/counted.h"
#include "kernels/reference/rounded.h"
#include "sim/storage_format.h"

namespace llmarch {

// A format whose codes are not known here keeps numbers as they are too: the fast kernels refuse
// it.
void keep_in(const StorageFormat& format, std::span<double> row);

// The row as it is read again. Storing is no arithmetic.
template <class Scalar>
std::vector<Scalar> kept_in(const StorageFormat& format, std::span<const Scalar> row) {
  std::vector<double> numbers;
  numbers.reserve(row.size());
  for (const Scalar x : row) numbers.push_back(plain(x));
  keep_in(format, numbers);
  return {numbers.begin(), numbers.end()};
}

}  // namespace llmarch
