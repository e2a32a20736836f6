// The table of storage formats: how many bits an element has, and which scales, zero points and
// permutations are kept for which blocks. How these make bytes is known by sim/storage_format.h,
// which tensor of a model has which format by scheme.h.
//
// To add a format: a row in storage_formats.cc. A format is added for what is published in it; its
// source says where its bytes are laid down.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sim/storage_format.h"

namespace llmarch {

struct FormatRow {
  StorageFormat format;
  std::string_view meaning;  // what an element is, and what is kept of a block
  std::string_view source;
};

// What ggml's files and caches hold (ggml-common.h). A row is a whole number of blocks.
namespace ggml {
inline constexpr StorageFormat kF32 = plain(DType::f32);
inline constexpr StorageFormat kF16 = plain(DType::f16);
inline constexpr StorageFormat kBf16 = plain(DType::bf16);
inline constexpr StorageFormat kQ4_0{"q4_0", 4, {ScaleGrid{1, 32, 2}}};
inline constexpr StorageFormat kQ4_1{"q4_1", 4, {ScaleGrid{1, 32, 4}}};
inline constexpr StorageFormat kQ5_0{"q5_0", 5, {ScaleGrid{1, 32, 2}}};
inline constexpr StorageFormat kQ5_1{"q5_1", 5, {ScaleGrid{1, 32, 4}}};
inline constexpr StorageFormat kQ8_0{"q8_0", 8, {ScaleGrid{1, 32, 2}}};
inline constexpr StorageFormat kQ2_K{"q2_k", 2, {ScaleGrid{1, 256, 20}}};
inline constexpr StorageFormat kQ3_K{"q3_k", 3, {ScaleGrid{1, 256, 14}}};
inline constexpr StorageFormat kQ4_K{"q4_k", 4, {ScaleGrid{1, 256, 16}}};
inline constexpr StorageFormat kQ5_K{"q5_k", 5, {ScaleGrid{1, 256, 16}}};
inline constexpr StorageFormat kQ6_K{"q6_k", 6, {ScaleGrid{1, 256, 18}}};
inline constexpr StorageFormat kIq1_S{"iq1_s", 1, {ScaleGrid{1, 256, 18}}};
inline constexpr StorageFormat kIq1_M{"iq1_m", 1, {ScaleGrid{1, 256, 24}}};
inline constexpr StorageFormat kIq2_Xxs{"iq2_xxs", 2, {ScaleGrid{1, 256, 2}}};
inline constexpr StorageFormat kIq2_Xs{"iq2_xs", 2, {ScaleGrid{1, 256, 10}}};
inline constexpr StorageFormat kIq2_S{"iq2_s", 2, {ScaleGrid{1, 256, 18}}};
inline constexpr StorageFormat kIq3_Xxs{"iq3_xxs", 3, {ScaleGrid{1, 256, 2}}};
inline constexpr StorageFormat kIq3_S{"iq3_s", 3, {ScaleGrid{1, 256, 14}}};
inline constexpr StorageFormat kIq4_Nl{"iq4_nl", 4, {ScaleGrid{1, 32, 2}}};
inline constexpr StorageFormat kIq4_Xs{"iq4_xs", 4, {ScaleGrid{1, 256, 8}}};
inline constexpr StorageFormat kTq1_0{"tq1_0", 1, {ScaleGrid{1, 256, 22}}};
inline constexpr StorageFormat kTq2_0{"tq2_0", 2, {ScaleGrid{1, 256, 2}}};
inline constexpr StorageFormat kMxfp4{"mxfp4", 4, {ScaleGrid{1, 32, 1}}};
inline constexpr StorageFormat kNvfp4{"nvfp4_gguf", 4, {ScaleGrid{1, 64, 4}}};
}  // namespace ggml

// What the tensors of safetensors files hold. `group` elements of a row share a scale; all of a row
// where it is kWholeExtent.
namespace checkpoint {
inline constexpr StorageFormat kFp8Tensor{
    "fp8-tensor", 8, {ScaleGrid{kWholeExtent, kWholeExtent, 8}}};
inline constexpr StorageFormat kFp8Channel{"fp8-channel", 8, {ScaleGrid{1, kWholeExtent, 2}}};
inline constexpr StorageFormat kFp8Block{"fp8-block", 8, {ScaleGrid{128, 128, 4}}};
inline constexpr StorageFormat kMxfp8{"mxfp8", 8, {ScaleGrid{1, 32, 1}}};
inline constexpr StorageFormat kInt8Channel{"int8-channel", 8, {ScaleGrid{1, kWholeExtent, 2}}};
inline constexpr StorageFormat kBnbInt8{
    "bnb-int8", 8, {ScaleGrid{1, kWholeExtent, 4}, ScaleGrid{kWholeExtent, kWholeExtent, 1}}};
inline constexpr StorageFormat kBnbNf4{
    "bnb-nf4",
    4,
    {ScaleGrid{kAcrossRows, 64, 1}, ScaleGrid{kAcrossRows, std::int64_t{64} * 256, 4},
     ScaleGrid{kWholeExtent, kWholeExtent, std::int64_t{4} * (16 + 256)}}};
inline constexpr StorageFormat kBnb4Single{
    "bnb-4bit-single",
    4,
    {ScaleGrid{kAcrossRows, 64, 4}, ScaleGrid{kWholeExtent, kWholeExtent, std::int64_t{4} * 16}}};
inline constexpr StorageFormat kMxfp4 = ggml::kMxfp4;
inline constexpr StorageFormat kNvfp4{
    "nvfp4", 4, {ScaleGrid{1, 16, 1}, ScaleGrid{kWholeExtent, kWholeExtent, 8}}};

constexpr StorageFormat gptq(Integer bits, Integer group) {
  return {"gptq",
          bits,
          {ScaleGrid{1, group, 2}, ScaleGrid{8, group, bits}, ScaleGrid{kWholeExtent, 1, 4}}};
}
constexpr StorageFormat awq(Integer group) {
  return {"awq", 4, {ScaleGrid{1, group, 2}, ScaleGrid{8, group, 4}}};
}
constexpr StorageFormat mlx(Integer bits, Integer group) {
  return {"mlx", bits, {ScaleGrid{1, group, 4}}};
}
// compressed-tensors, packed, with scales alone.
constexpr StorageFormat packed(Integer bits, Integer group) {
  return {"packed", bits, {ScaleGrid{1, group, 2}, ScaleGrid{kWholeExtent, kWholeExtent, 16}}};
}
// The same with a zero point for each group.
constexpr StorageFormat packed_with_zeros(Integer bits, Integer group) {
  return {"packed with zeros",
          bits,
          {ScaleGrid{1, group, 2}, ScaleGrid{8, group, bits},
           ScaleGrid{kWholeExtent, kWholeExtent, 16}}};
}
}  // namespace checkpoint

std::span<const FormatRow> storage_formats();

// Null where no format has the name.
const StorageFormat* find_storage_format(std::string_view name);

// The bits of an element with its share of the scales, of a tensor of `rows` x `columns`.
double bits_per_element(Integer rows, Integer columns, const StorageFormat& format);

}  // namespace llmarch
