// The types in which GGUF stores tensors: how many elements make a block, and how many bytes it
// takes. Source: ggml.h (enum ggml_type) and ggml-common.h (the structs of the blocks).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace llmarch {

struct GgufType {
  std::uint32_t id = 0;  // as the file has it
  std::string_view name;
  std::int64_t elements = 1;  // of a block, along a row
  std::int64_t bytes = 0;     // of a block
};

// Types that were withdrawn (4, 5, 31 to 33, 36 to 38) are not here.
inline constexpr std::array kGgufTypes{
    GgufType{0, "f32", 1, 4},         GgufType{1, "f16", 1, 2},
    GgufType{2, "q4_0", 32, 18},      GgufType{3, "q4_1", 32, 20},
    GgufType{6, "q5_0", 32, 22},      GgufType{7, "q5_1", 32, 24},
    GgufType{8, "q8_0", 32, 34},      GgufType{9, "q8_1", 32, 36},
    GgufType{10, "q2_k", 256, 84},    GgufType{11, "q3_k", 256, 110},
    GgufType{12, "q4_k", 256, 144},   GgufType{13, "q5_k", 256, 176},
    GgufType{14, "q6_k", 256, 210},   GgufType{15, "q8_k", 256, 292},
    GgufType{16, "iq2_xxs", 256, 66}, GgufType{17, "iq2_xs", 256, 74},
    GgufType{18, "iq3_xxs", 256, 98}, GgufType{19, "iq1_s", 256, 50},
    GgufType{20, "iq4_nl", 32, 18},   GgufType{21, "iq3_s", 256, 110},
    GgufType{22, "iq2_s", 256, 82},   GgufType{23, "iq4_xs", 256, 136},
    GgufType{24, "i8", 1, 1},         GgufType{25, "i16", 1, 2},
    GgufType{26, "i32", 1, 4},        GgufType{27, "i64", 1, 8},
    GgufType{28, "f64", 1, 8},        GgufType{29, "iq1_m", 256, 56},
    GgufType{30, "bf16", 1, 2},       GgufType{34, "tq1_0", 256, 54},
    GgufType{35, "tq2_0", 256, 66},   GgufType{39, "mxfp4", 32, 17},
    GgufType{40, "nvfp4", 64, 36},
};

}  // namespace llmarch
