#include "kernels/engine/held_formats.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "sim/formats/storage_formats.h"

namespace llmarch::fast {

std::optional<MatrixFormat> matrix_format(const StorageFormat& format) {
  static constexpr std::array<std::pair<StorageFormat, MatrixFormat>, 16> kFormats{
      {{plain(DType::f32), MatrixFormat::f32},
       {plain(DType::bf16), MatrixFormat::bf16},
       {ggml::kQ8_0, MatrixFormat::q8_0},
       {ggml::kQ4_0, MatrixFormat::q4_0},
       {ggml::kQ4_1, MatrixFormat::q4_1},
       {ggml::kQ5_0, MatrixFormat::q5_0},
       {ggml::kQ5_1, MatrixFormat::q5_1},
       {ggml::kQ2_K, MatrixFormat::q2_k},
       {ggml::kQ3_K, MatrixFormat::q3_k},
       {ggml::kQ4_K, MatrixFormat::q4_k},
       {ggml::kQ5_K, MatrixFormat::q5_k},
       {ggml::kQ6_K, MatrixFormat::q6_k},
       {ggml::kIq4_Nl, MatrixFormat::iq4_nl},
       {ggml::kIq4_Xs, MatrixFormat::iq4_xs},
       {ggml::kMxfp4, MatrixFormat::mxfp4},
       {checkpoint::kInt8Channel, MatrixFormat::int8_channel}}};
  for (const auto& [stored, held] : kFormats) {
    if (stored == format) return held;
  }
  return std::nullopt;
}

MatrixFormat matrix_format_of(const Weight& weight) {
  if (const auto format = matrix_format(weight.format)) return *format;
  throw std::invalid_argument(
      fmt::format("there are no kernels for weights in {}", weight.format.name));
}

BlockFormat block_format(MatrixFormat quantised) {
  switch (quantised) {
    case MatrixFormat::q8_0: return BlockFormat::q8_0;
    case MatrixFormat::q4_0: return BlockFormat::q4_0;
    case MatrixFormat::q4_1: return BlockFormat::q4_1;
    case MatrixFormat::q5_0: return BlockFormat::q5_0;
    case MatrixFormat::q5_1: return BlockFormat::q5_1;
    case MatrixFormat::q2_k: return BlockFormat::q2_k;
    case MatrixFormat::q3_k: return BlockFormat::q3_k;
    case MatrixFormat::q4_k: return BlockFormat::q4_k;
    case MatrixFormat::q5_k: return BlockFormat::q5_k;
    case MatrixFormat::q6_k: return BlockFormat::q6_k;
    case MatrixFormat::iq4_nl: return BlockFormat::iq4_nl;
    case MatrixFormat::iq4_xs: return BlockFormat::iq4_xs;
    case MatrixFormat::mxfp4: return BlockFormat::mxfp4;
    case MatrixFormat::int8_channel: return BlockFormat::int8_channel;
    case MatrixFormat::f32:
    case MatrixFormat::bf16: break;
  }
  throw std::logic_error("block_format: a format without blocks");
}

}  // namespace llmarch::fast
