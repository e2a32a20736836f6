#include "sim/huggingface/hf_unbuilt_types.h"

#include <algorithm>
#include <array>

namespace llmarch {
namespace {

struct Unbuilt {
  std::string_view type, reason;
};

constexpr std::string_view kCrossAttention =
    "layers that attend to a picture's vectors, and are passed over where there is none";
constexpr std::string_view kLoops = "its layers are run several times over with the same weights";
constexpr std::string_view kEngram = "tables that are read by hashed runs of several tokens";
constexpr std::string_view kDiffusion = "it fills in tokens in any order, and has no decoding step";
constexpr std::string_view kInnerNorms = "norms before the output projection of each block";
constexpr std::string_view kEncoder = "its tokens attend to the output of an encoder";

// The blocks are those of transformers' classes of these names, or of the makers' own code.
constexpr std::array kUnbuilt{
    Unbuilt{"mllama", kCrossAttention},
    Unbuilt{"mllama_text_model", kCrossAttention},
    Unbuilt{"idefics", kCrossAttention},
    Unbuilt{"nanbeige", kLoops},
    Unbuilt{"iquestloopcoder", kLoops},
    Unbuilt{"ouro", kLoops},
    Unbuilt{"nanochat", "it rotates queries and keys backwards"},
    Unbuilt{"longcat_flash_ngram", kEngram},
    Unbuilt{"qwen3_8_flash_next", kEngram},
    Unbuilt{"qwen3_8_flash_next_text", kEngram},
    Unbuilt{"deepseek_v41", "an encoder before the decoder, and tables read by hashed tokens"},
    Unbuilt{"deepseek_v41_text", "an encoder before the decoder, and tables read by hashed tokens"},
    Unbuilt{"hy_v4", "hyper-connections without a mixing matrix, and sinks of latent attention"},
    Unbuilt{"glm5_next", "linear attention beside latent attention that chooses its keys"},
    Unbuilt{"glm5_next_text", "linear attention beside latent attention that chooses its keys"},
    Unbuilt{"zaya", "attention within a compressed space, with convolutions of queries and keys"},
    Unbuilt{"inkling_mm_model", "convolutions within attention, and biases by relative position"},
    Unbuilt{"inkling_text", "convolutions within attention, and biases by relative position"},
    Unbuilt{"motif", "differential attention, which subtracts one softmax from another"},
    Unbuilt{"Motif", "differential attention, which subtracts one softmax from another"},
    Unbuilt{"diffllama", "differential attention, which subtracts one softmax from another"},
    Unbuilt{"xlstm", "recurrences with gates that grow exponentially, and their normalisers"},
    Unbuilt{"rwkv", "a recurrence over shifted tokens"},
    Unbuilt{"rwkv7", "a recurrence over shifted tokens"},
    Unbuilt{"recurrent_gemma", "gated linear recurrent units"},
    Unbuilt{"zamba", "blocks of attention that several layers share"},
    Unbuilt{"zamba2", "blocks of attention that several layers share"},
    Unbuilt{"hymba", "attention and Mamba on one projection, with learned tokens before a prompt"},
    Unbuilt{"jetmoe", "a mixture of attention heads"},
    Unbuilt{"bitnet", kInnerNorms},
    Unbuilt{"yuan", "attention after a convolution over two tokens"},
    Unbuilt{"phi3small", "block-sparse attention whose blocks depend on the head"},
    Unbuilt{"openelm", "its layers differ in their heads and widths, which follow from factors"},
    Unbuilt{"llada", kDiffusion},
    Unbuilt{"Dream", kDiffusion},
    Unbuilt{"t5", kEncoder},
    Unbuilt{"t5gemma", kEncoder},
    Unbuilt{"bart", kEncoder},
    Unbuilt{"whisper", kEncoder}};

}  // namespace

std::string_view reason_against(std::string_view type) {
  const auto* const found = std::ranges::find(kUnbuilt, type, &Unbuilt::type);
  return found == kUnbuilt.end() ? std::string_view() : found->reason;
}

}  // namespace llmarch
