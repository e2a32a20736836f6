// The roofline (Williams, Waterman, Patterson 2009): no step is done before its arithmetic is, nor
// before its bytes have been read. This file knows which of a machine's peaks applies and how the
// two sides make a floor; how much work there is is known by op_cost.h.
//
// FLOPs are all of them, matrix and other, over the peak of matrix products; bytes are weights and
// cache, each read once per operation. An operation's floor is the longer of its two sides; that
// of a step is the sum over its operations, one after the other.
#pragma once

#include <cmath>
#include <string_view>

#include "sim/dtype.h"
#include "sim/figures.h"
#include "sim/hardware/hardware.h"

namespace llmarch {

// What devices do in a second, where products are computed in one format.
struct Rates {
  DType arithmetic;         // whose peak it is
  double flops_per_second;  // infinite where no peak is stated
  double bytes_per_second;

  [[nodiscard]] bool has_peak() const { return std::isfinite(flops_per_second); }
};

// The rates of one device: the peak of products in that format, or where the machine has none that
// of the first after it in: int4, int8, fp8, bf16, f16, f32. After fp4 comes fp8. bf16 and f16
// stand in for each other. Where no peak of these is stated, the lowest that is: wider operands are
// never faster.
Rates rates_of_device(const Hardware& hardware, DType arithmetic);
// What all devices of the machine do together.
Rates rates_of(const Hardware& hardware, DType arithmetic);

enum class Side { arithmetic, memory };

constexpr std::string_view name_of(Side side) {
  return side == Side::arithmetic ? "arithmetic" : "bandwidth";
}

struct Floor {
  double arithmetic_seconds = 0;  // FLOPs / peak
  double memory_seconds = 0;      // bytes / bandwidth
  double seconds = 0;             // the sum over operations of the longer side of each

  // Which side is the longer for the whole. Equal: memory.
  [[nodiscard]] constexpr Side binds() const {
    return arithmetic_seconds > memory_seconds ? Side::arithmetic : Side::memory;
  }
  constexpr Floor& operator+=(const Floor& more) {
    arithmetic_seconds += more.arithmetic_seconds;
    memory_seconds += more.memory_seconds;
    seconds += more.seconds;
    return *this;
  }
};

// The floor of one operation.
Floor floor_of(const Work& work, const Rates& rates);

}  // namespace llmarch
