// The parts of a config.json that several model types share: rotary positions, heads,
// feed-forwards, and how layers become a stack. hf_config.cc says which type has which.
#pragma once

#include <string>
#include <vector>

#include "sim/huggingface/config_load.h"
#include "sim/huggingface/hf_reader.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

// The reason of a fill that the library's own configuration class gives.
inline constexpr const char* kTypeDefault = "this model type's default";

struct Import {
  ConfigReader& config;
  ConfigLoad& load;
};

Head head_of(Import& import, bool tied_by_default);
// Vocabulary, width, context, norm and head as most decoders call them.
void read_common(Import& import, ArchSpec& spec, bool tied_by_default);
Integer layer_number(Import& import, std::string_view key);
Activation activation(Import& import, std::string_view key);
Activation activation_or(Import& import, std::string_view key, Activation filled);
// theta is stated, or the library's own.
Rotary rotary(Import& import, RotaryLayout layout);
Rotary rotary_or(Import& import, RotaryLayout layout, double theta);

// Where "rope_parameters" holds an object for each type of layer, that of `type`; none where it
// does not.
std::optional<Rotary> rotary_of_layer_type(Import& import, RotaryLayout layout,
                                           const std::string& type);

// Query and key/value heads as most decoders call them: their numbers; with biases and rotary
// positions too.
GroupedAttention heads_of(Import& import);
GroupedAttention grouped_attention(Import& import);
// head_dim, or hidden / heads where the library fills it so.
Integer head_width(Import& import, Integer hidden, Integer heads);
DenseFeedForward gated_feed_forward(Import& import, Activation activation);

// A window that is switched off leaves fields behind; one that is switched on is refused.
void refuse_qwen_windows(ConfigReader& config, Integer layers);

// `value` itself, refused when it passes what a size may be; `formula` says what it was made from.
Integer bounded(Import& import, Integer value, std::string_view formula);

// A kind of layer by its own name and those of its two parts.
struct LayerKind {
  std::string name;
  std::string attention;
  Mixer mixer;
  std::string feed_forward;
  FeedForward feed_forward_value;
};

// Layers of several kinds: `sequence` names the kind of each, as an index. A kind that does not
// occur is not defined.
void add_kinds(ArchSpec& spec, const std::vector<LayerKind>& kinds,
               const std::vector<std::size_t>& sequence);

// The same kind of layer throughout.
void add_uniform_layers(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                        const DenseFeedForward& dense, Integer layers);
// `sparse` says of each layer whether it is a mixture. A kind that does not occur is not defined.
void add_layers(ArchSpec& spec, const Mixer& mixer, const std::string& mixer_name,
                const DenseFeedForward& dense, const MixtureFeedForward& mixture,
                const std::vector<bool>& sparse);

}  // namespace llmarch
