#include "kernels/reference/kept.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/weight_files/blocks.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch {
namespace {

// A block with an element that is not finite is no numbers. The last block of a row is filled up
// with zeros.
void keep_in_blocks(BlockFormat format, std::size_t elements, std::span<double> row) {
  for (std::size_t first = 0; first < row.size(); first += elements) {
    std::vector<float> block(elements, 0.0F);
    const std::span<double> numbers = row.subspan(first, std::min(elements, row.size() - first));
    std::ranges::transform(numbers, block.begin(), [](double x) { return static_cast<float>(x); });
    if (std::ranges::all_of(block, [](float x) { return std::isfinite(x); })) {
      dequantise(format, quantise(format, block), block);
    } else {
      std::ranges::fill(block, std::numeric_limits<float>::quiet_NaN());
    }
    std::copy_n(block.begin(), numbers.size(), numbers.begin());
  }
}

}  // namespace

void keep_in(const StorageFormat& format, std::span<double> row) {
  if (format == plain(DType::f32) || format == plain(DType::bf16)) return;
  if (format == plain(DType::f16)) {
    for (double& x : row) x = f16_to_float(float_to_f16(static_cast<float>(x)));
  } else if (format == plain(DType::fp8)) {
    for (double& x : row) x = e4m3_to_float(float_to_e4m3(static_cast<float>(x)));
  } else if (const auto blocks = block_format(format.name)) {
    keep_in_blocks(*blocks, block_elements(*blocks), row);
  }
}

}  // namespace llmarch
