// The window of a plain decoder, and which of its layers have it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

// Which layers have a window. The key is "sliding_window" throughout.
enum class Windows {
  none,
  refused,                 // use_sliding_window and layer_types may only say that there is none
  every_layer,             // where one is stated
  from_a_layer_on,         // Qwen: use_sliding_window, and layers from max_window_layers on, or
                           // layer_types
  when_used,               // use_sliding_window: then every layer
  always_from_a_layer_on,  // the same without use_sliding_window
  by_period,               // all but every so-many-th, or by layer_types
};

struct WindowClass {
  Windows layers = Windows::none;
  std::optional<std::int64_t> absent = {};  // what the class fills for sliding_window
  // by_period: layer i, from 0, is global where i + phase is a multiple of the period.
  std::int64_t period = 0;
  std::string_view period_key = {};  // the field that states another period
  std::int64_t phase = 1;
  std::int64_t first = 28;  // from_a_layer_on: what an absent max_window_layers means
};

// None where it is null or not in use.
std::optional<Integer> read_window(Import& import, const WindowClass& of);

// Whether each layer has the window.
std::vector<bool> windowed_layers(Import& import, const WindowClass& of, Integer layers,
                                  std::optional<Integer> window);

}  // namespace llmarch
