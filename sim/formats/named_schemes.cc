#include "sim/formats/named_schemes.h"

#include <array>

namespace llmarch {
namespace {

constexpr StorageFormat kBf16 = plain(DType::bf16);
constexpr StorageFormat kF32 = plain(DType::f32);

// The projections of a checkpoint are quantised; embedding, head, routers and norms keep 16 bits.
constexpr KindFormats projections(const StorageFormat& format) {
  return {format, format, format, kBf16, kBf16, kBf16, kF32, kBf16};
}
// The routed experts of a model that has some, as gpt-oss is published; else its projections.
constexpr KindFormats experts_first(const StorageFormat& format) {
  return {format, kBf16, format, kBf16, kBf16, kBf16, kF32, kBf16};
}
// MLX quantises tables and the head too, and its routers to 8 bits.
constexpr KindFormats mlx_formats(Integer bits, Integer group) {
  const StorageFormat format = checkpoint::mlx(bits, group);
  return {format, format, format, format, format, checkpoint::mlx(8, group), kF32, kBf16};
}

const std::array kNamed{
    NamedScheme{
        "fp8-block",
        {"fp8-128x128", "deepseek-fp8"},
        DType::fp8,
        projections(checkpoint::kFp8Block),
        "projections in e4m3 with an f32 scale for 128 x 128, as DeepSeek-V3 and Qwen3-FP8"},
    NamedScheme{"fp8-channel",
                {"fp8-dynamic"},
                DType::fp8,
                projections(checkpoint::kFp8Channel),
                "projections in e4m3 with a scale for each output, activations by token"},
    NamedScheme{"fp8-tensor",
                {"fp8-static"},
                DType::fp8,
                projections(checkpoint::kFp8Tensor),
                "projections in e4m3 with a scale for the tensor and one for its input"},
    NamedScheme{"mxfp8",
                {},
                DType::fp8,
                projections(checkpoint::kMxfp8),
                "projections in e4m3 with an e8m0 scale by 32"},
    NamedScheme{"w8a8-fp8",
                {},
                DType::fp8,
                projections(checkpoint::kFp8Channel),
                "the same as fp8-channel"},
    NamedScheme{"w8a8-int8",
                {"int8-channel", "smoothquant"},
                DType::int8,
                projections(checkpoint::kInt8Channel),
                "projections and their inputs in 8-bit integers, a scale for each output"},
    NamedScheme{"w8a16-int8",
                {},
                DType::bf16,
                projections(checkpoint::kInt8Channel),
                "the same weights, multiplied in 16 bits"},
    NamedScheme{"w4a16",
                {"int4-g128"},
                DType::bf16,
                projections(checkpoint::packed(4, 128)),
                "projections in 4 bits with a scale by 128, as compressed-tensors packs them"},
    NamedScheme{"bnb-int8",
                {"llm.int8", "load_in_8bit"},
                DType::int8,
                projections(checkpoint::kBnbInt8),
                "LLM.int8() of bitsandbytes: projections with a scale for each output"},
    NamedScheme{"bnb-nf4",
                {"nf4", "qlora", "load_in_4bit"},
                DType::bf16,
                projections(checkpoint::kBnbNf4),
                "bitsandbytes: projections in nf4 by 64, scales quantised by 256"},
    NamedScheme{"nvfp4",
                {"fp4", "w4a4-nvfp4"},
                DType::fp4,
                projections(checkpoint::kNvfp4),
                "ModelOpt: projections and their inputs in e2m1 with an e4m3 scale by 16"},
    NamedScheme{"nvfp4-w4a16",
                {},
                DType::bf16,
                projections(checkpoint::kNvfp4),
                "the same weights, multiplied in 16 bits"},
    NamedScheme{
        "mxfp4",
        {"fp4", "gpt-oss"},
        DType::bf16,
        experts_first(checkpoint::kMxfp4),
        "routed experts in e2m1 with an e8m0 scale by 32, all else in bf16, as gpt-oss; of a "
        "model without experts the projections"},
    NamedScheme{"mxfp4-all",
                {"fp4"},
                DType::bf16,
                projections(checkpoint::kMxfp4),
                "all projections in mxfp4, multiplied in 16 bits"},
    NamedScheme{"mxfp4-w4a4",
                {"fp4"},
                DType::fp4,
                projections(checkpoint::kMxfp4),
                "all projections in mxfp4, multiplied with inputs in the same format"},
    NamedScheme{
        "mxfp4_moe",
        {},
        DType::bf16,
        {ggml::kQ8_0, ggml::kQ8_0, ggml::kMxfp4, ggml::kQ8_0, ggml::kQ8_0, kF32, kF32, kF32},
        "GGUF: routed experts in mxfp4, other matrices in q8_0"}};

constexpr std::array kGrouped{
    GroupedScheme{"awq", 128, [](Integer group) { return projections(checkpoint::awq(group)); },
                  "AutoAWQ: projections in 4 bits with scale and zero point"},
    GroupedScheme{"gptq", 128,
                  [](Integer group) { return projections(checkpoint::gptq(4, group)); },
                  "GPTQ: projections in 4 bits with scale, zero point and the order of inputs"},
    GroupedScheme{"gptq-8bit", 128,
                  [](Integer group) { return projections(checkpoint::gptq(8, group)); },
                  "the same in 8 bits"},
    GroupedScheme{"mlx-3bit", 64, [](Integer group) { return mlx_formats(3, group); },
                  "MLX: every matrix and table in 3 bits with scale and bias"},
    GroupedScheme{"mlx-4bit", 64, [](Integer group) { return mlx_formats(4, group); },
                  "the same in 4 bits"},
    GroupedScheme{"mlx-5bit", 64, [](Integer group) { return mlx_formats(5, group); },
                  "the same in 5 bits"},
    GroupedScheme{"mlx-6bit", 64, [](Integer group) { return mlx_formats(6, group); },
                  "the same in 6 bits"},
    GroupedScheme{"mlx-8bit", 64, [](Integer group) { return mlx_formats(8, group); },
                  "the same in 8 bits"}};

}  // namespace

std::span<const NamedScheme> named_schemes() {
  return kNamed;
}

std::span<const GroupedScheme> grouped_schemes() {
  return kGrouped;
}

}  // namespace llmarch
