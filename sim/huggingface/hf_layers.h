// How the layers of a config become the stack of a spec: each layer names one attention and one
// feed-forward, and layers of one kind are defined once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

// The parts of one layer, as places in the lists that they are chosen from; a layer may lack one.
struct LayerParts {
  std::optional<std::size_t> attention = 0;
  std::optional<std::size_t> feed_forward = 0;
  auto operator<=>(const LayerParts&) const = default;
};

// How attention and the feed-forward of a layer are arranged: one after the other, or side by side
// on the output of one norm or on a norm each.
enum class Arrangement { in_sequence, parallel_on_one_norm, parallel_on_own_norms };

// Layers in order. What no layer has is not defined. The spec's norm is to be set before.
void add_layers(ArchSpec& spec, const std::vector<Named<Mixer>>& attention,
                const std::vector<Named<FeedForward>>& feed_forward,
                const std::vector<LayerParts>& layers,
                Arrangement arrangement = Arrangement::in_sequence);

inline constexpr Range kLayers{1, kMostLayers};

// "layer_types", or nothing where a config has none. Every entry is one of `supported`, and there
// is one for each layer; else they are refused, and nothing is returned.
std::vector<std::string> layer_types(Import& import, Integer layers,
                                     const std::vector<std::string>& supported);

// Reports a list that has not one entry for each layer.
void one_for_each_layer(ConfigReader& config, std::string_view key, std::size_t found,
                        Integer layers);

// Refuses a null that the class of the type makes nothing of, where a reader takes one.
void refuse_null(ConfigReader& config, std::string_view key);

// A list of 0 and 1, one for each layer, as the makers' own configs have it; empty where it is
// absent or null.
std::vector<bool> marks_of_layers(ConfigReader& config, std::string_view key, Integer layers);

// `attention` without keys and values of its own: its layers attend to those of the newest layer of
// the kind `owner`. resolve_shared_kv finds that kind in the finished spec, and refuses the config
// where no layer is of it.
GroupedAttention sharing_kv_of(GroupedAttention attention, const std::string& owner);
void resolve_shared_kv(Import& import, ArchSpec& spec);

// Which layers rotate: stated in "no_rope_layers", or all but every `interval`th.
std::vector<bool> rotating_layers(Import& import, Integer layers);

}  // namespace llmarch
