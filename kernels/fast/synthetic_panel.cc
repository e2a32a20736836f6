#include <algorithm>
#include <cmath>

#include "kernels/fast/panel_parts.h"
#include "kernels/fast/quantised_panel.h"
#include "kernels/fast/random_fill.h"
#include "kernels/weight_files/float_formats.h"

namespace llmarch::fast {
namespace {

// The scales with which quants drawn evenly make elements between -limit and limit.
void draw_scales(MatrixFormat format, float limit, std::byte* block) {
  const auto fill = [&](std::size_t at, float scale) {
    for (std::size_t o = 0; o < kOutputs; ++o) store(block + at, o, float_to_f16(scale));
  };
  switch (format) {
    case MatrixFormat::q8_0: return fill(32 * kOutputs, limit / 128);
    case MatrixFormat::q4_0: return fill(kAfterHalves, limit / 8);
    case MatrixFormat::q4_1:
      fill(kAfterHalves, limit / 7.5F);
      return fill(kAfterHalves + 2 * kOutputs, -limit);
    case MatrixFormat::q5_0: return fill(kAfterFifths, limit / 16);
    case MatrixFormat::q5_1:
      fill(kAfterFifths, limit / 15.5F);
      return fill(kAfterFifths + 2 * kOutputs, -limit);
    case MatrixFormat::iq4_nl: return fill(kAfterHalves, limit / 127);
    case MatrixFormat::iq4_xs:  // every scale is 31
      std::fill_n(block + kAfterPairs, 6 * kOutputs, std::byte{0xff});
      return fill(kAfterPairs + 6 * kOutputs, limit / (31 * 127));
    case MatrixFormat::q2_k:  // every scale and minimum is 15
      std::fill_n(block + kAfterQuarters, 16 * kOutputs, std::byte{0xff});
      fill(kAfterQuarters + 16 * kOutputs, limit / (15 * 1.5F));
      return fill(kAfterQuarters + 18 * kOutputs, limit / 15);
    case MatrixFormat::q3_k:  // every scale is 31
      std::fill_n(block + kQ3KScales, 12 * kOutputs, std::byte{0xff});
      return fill(kQ3KScales + 12 * kOutputs, limit / (31 * 4));
    case MatrixFormat::mxfp4: {
      const auto exponent = static_cast<std::uint8_t>(128 + std::ilogb(limit / 12));
      std::fill_n(block + kAfterHalves, kOutputs, std::byte{exponent});
      return;
    }
    case MatrixFormat::q4_k:  // every scale and minimum is 63: elements are 63 (d q - dmin)
      std::fill_n(block + kAfterPairs, 12 * kOutputs, std::byte{0xff});
      fill(kAfterPairs + 12 * kOutputs, limit / (63 * 7.5F));
      return fill(kAfterPairs + 14 * kOutputs, limit / 63);
    case MatrixFormat::q5_k:
      std::fill_n(block + kQ5KScales, 12 * kOutputs, std::byte{0xff});
      fill(kQ5KScales + 12 * kOutputs, limit / (63 * 15.5F));
      return fill(kQ5KScales + 14 * kOutputs, limit / 63);
    case MatrixFormat::q6_k:
      std::fill_n(block + kQ6KQuants, 16 * kOutputs, std::byte{127});
      return fill(kQ6KQuants + 16 * kOutputs, limit / (127 * 32));
    case MatrixFormat::int8_channel: return;
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("draw_scales: a format without blocks");
}

}  // namespace

void fill_panel(MatrixFormat format, std::size_t inputs, std::uint64_t seed, float limit,
                std::byte* panel) {
  const std::size_t blocks = blocks_of_row(format, inputs);
  const std::size_t bytes = blocks * panel_block_bytes(format);
  fill_with_bits(panel, bytes, seed);
  for (std::size_t i = 0; i < blocks; ++i) {
    draw_scales(format, limit, panel + i * panel_block_bytes(format));
  }
  if (format != MatrixFormat::int8_channel) return;
  for (std::size_t o = 0; o < kOutputs; ++o) store(panel + bytes, o, to_bf16(limit / 128));
}

}  // namespace llmarch::fast
