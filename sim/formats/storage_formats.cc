#include "sim/formats/storage_formats.h"

#include <algorithm>
#include <array>

namespace llmarch {
namespace {

constexpr std::string_view kGgmlSource = "ggml, src/ggml-common.h";
constexpr std::string_view kHub = "transformers, docs/source/en/quantization";

constexpr std::array kFormats{
    FormatRow{plain(DType::f32), "IEEE 754 binary32", "IEEE 754-2019"},
    FormatRow{plain(DType::f16), "IEEE 754 binary16", "IEEE 754-2019"},
    FormatRow{plain(DType::bf16), "the upper half of an f32",
              "Intel, BFLOAT16 numerics definition"},
    FormatRow{plain(DType::fp8), "e4m3 or e5m2, no scales", "OCP 8-bit floating point 1.0"},
    FormatRow{plain(DType::int8), "8 bits, no scales", ""},
    FormatRow{plain(DType::int4), "4 bits, no scales", ""},
    FormatRow{ggml::kQ4_0, "f16 scale by 32", kGgmlSource},
    FormatRow{ggml::kQ4_1, "f16 scale and minimum by 32", kGgmlSource},
    FormatRow{ggml::kQ5_0, "f16 scale by 32", kGgmlSource},
    FormatRow{ggml::kQ5_1, "f16 scale and minimum by 32", kGgmlSource},
    FormatRow{ggml::kQ8_0, "f16 scale by 32", kGgmlSource},
    FormatRow{ggml::kQ2_K, "4-bit scale and minimum by 16, f16 of both by 256", kGgmlSource},
    FormatRow{ggml::kQ3_K, "6-bit scale by 16, f16 of them by 256", kGgmlSource},
    FormatRow{ggml::kQ4_K, "6-bit scale and minimum by 32, f16 of both by 256", kGgmlSource},
    FormatRow{ggml::kQ5_K, "6-bit scale and minimum by 32, f16 of both by 256", kGgmlSource},
    FormatRow{ggml::kQ6_K, "8-bit scale by 16, f16 of them by 256", kGgmlSource},
    FormatRow{ggml::kIq1_S, "codebook of 8 elements, 3-bit scale by 32, f16 by 256", kGgmlSource},
    FormatRow{ggml::kIq1_M, "codebook of 8 elements, 3-bit scale by 16, f16 by 256", kGgmlSource},
    FormatRow{ggml::kIq2_Xxs, "codebook of 8 elements with signs and scales, f16 by 256",
              kGgmlSource},
    FormatRow{ggml::kIq2_Xs, "codebook of 8 elements, 4-bit scale by 16, f16 by 256", kGgmlSource},
    FormatRow{ggml::kIq2_S, "codebook of 8 elements, signs apart, 4-bit scale by 16, f16 by 256",
              kGgmlSource},
    FormatRow{ggml::kIq3_Xxs, "codebook of 4 elements with signs and scales, f16 by 256",
              kGgmlSource},
    FormatRow{ggml::kIq3_S, "codebook of 4 elements, signs apart, 4-bit scale by 32, f16 by 256",
              kGgmlSource},
    FormatRow{ggml::kIq4_Nl, "place in a table of 16, f16 scale by 32", kGgmlSource},
    FormatRow{ggml::kIq4_Xs, "place in a table of 16, 6-bit scale by 32, f16 by 256", kGgmlSource},
    FormatRow{ggml::kTq1_0, "five ternary digits in a byte, f16 scale by 256", kGgmlSource},
    FormatRow{ggml::kTq2_0, "ternary digit in two bits, f16 scale by 256", kGgmlSource},
    FormatRow{ggml::kMxfp4, "e2m1, e8m0 scale by 32", "OCP Microscaling Formats 1.0"},
    FormatRow{ggml::kNvfp4, "e2m1, e4m3 scale by 16, stored by 64", kGgmlSource},
    FormatRow{checkpoint::kFp8Tensor, "e4m3, f32 scales of the tensor and of its input",
              "NVIDIA ModelOpt"},
    FormatRow{checkpoint::kFp8Channel, "e4m3, bf16 scale by output",
              "compressed-tensors, float-quantized"},
    FormatRow{checkpoint::kFp8Block, "e4m3, f32 scale by 128 x 128",
              "DeepSeek-V3, README_WEIGHTS.md"},
    FormatRow{checkpoint::kMxfp8, "e4m3, e8m0 scale by 32", "OCP Microscaling Formats 1.0"},
    FormatRow{checkpoint::kInt8Channel, "bf16 scale by output",
              "compressed-tensors, int-quantized"},
    FormatRow{checkpoint::kBnbInt8, "f32 scale by output (SCB), one byte of the tensor", kHub},
    FormatRow{checkpoint::kBnbNf4,
              "8-bit scale by 64, f32 of them by 256 scales, two tables of the tensor", kHub},
    FormatRow{checkpoint::kBnb4Single, "f32 scale by 64, a table of the tensor", kHub},
    FormatRow{checkpoint::kNvfp4,
              "e2m1, e4m3 scale by 16, f32 scales of the tensor and of its input",
              "NVIDIA ModelOpt"},
    FormatRow{checkpoint::gptq(4, 128), "f16 scale and 4-bit zero by 128, int32 for each input",
              "AutoGPTQ"},
    FormatRow{checkpoint::awq(128), "f16 scale and 4-bit zero by 128", "AutoAWQ"},
    FormatRow{checkpoint::mlx(4, 64), "16-bit scale and bias by 64", "mlx, mlx.core.quantize"},
    FormatRow{checkpoint::packed(4, 128), "bf16 scale by 128, the shape of the tensor",
              "compressed-tensors, pack-quantized"},
    FormatRow{checkpoint::packed_with_zeros(4, 128),
              "bf16 scale and 4-bit zero by 128, the shape of the tensor",
              "compressed-tensors, pack-quantized"}};

}  // namespace

std::span<const FormatRow> storage_formats() {
  return kFormats;
}

const StorageFormat* find_storage_format(std::string_view name) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(),
                   [&](const FormatRow& row) { return row.format.name == name; });
  return found == kFormats.end() ? nullptr : &found->format;
}

double bits_per_element(Integer rows, Integer columns, const StorageFormat& format) {
  return 8 * bytes_of(rows, columns, format).amount().as_double() / (rows * columns).as_double();
}

}  // namespace llmarch
