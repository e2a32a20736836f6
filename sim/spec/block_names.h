// The names of mixers and feed-forwards that a kind of layer refers to, and where each stands in
// the file. The loader resolves them; the rules ask whether they resolve and what is never named.
#pragma once

#include <fmt/format.h>

#include <string>

#include "sim/spec/arch_spec.h"

namespace llmarch {

// Calls `attention` or `feed_forward` with each reference of the layer, in order, and the path of
// its field. `path` is the layer's: "layer.local". LayerType is Layer or const Layer.
template <class LayerType, class Attention, class FeedForward>
void visit_block_names(LayerType& layer, const std::string& path, const Attention& attention,
                       const FeedForward& feed_forward) {
  const auto names_in = [&](auto& holder, const std::string& where) {
    if (holder.attention) attention(*holder.attention, where + ".attention");
    if (holder.feed_forward) feed_forward(*holder.feed_forward, where + ".feed_forward");
  };
  names_in(layer, path);
  if (!layer.sublayers) return;
  for (std::size_t i = 0; i < layer.sublayers->size(); ++i) {
    auto& blocks = (*layer.sublayers)[i].blocks;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      names_in(blocks[k], fmt::format("{}.sublayers.{}.blocks.{}", path, i, k));
    }
  }
}

}  // namespace llmarch
