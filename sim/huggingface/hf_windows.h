// The window of a plain decoder, and which of its layers have it.
#pragma once

#include <optional>
#include <vector>

#include "sim/huggingface/hf_decoder.h"

namespace llmarch {

// None where it is null or not in use.
std::optional<Integer> read_window(Import& import, const WindowClass& of);

// Whether each layer has the window.
std::vector<bool> windowed_layers(Import& import, const WindowClass& of, Integer layers,
                                  std::optional<Integer> window);

}  // namespace llmarch
