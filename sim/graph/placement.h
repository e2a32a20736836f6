// Placement: which part of a model lies in the memory of a host instead of a device's, and who
// computes with it. This file knows how a placement is written and which operations, weights and
// caches of a graph belong to each memory; what a step takes there is known by sim/study.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/graph/op_graph.h"
#include "sim/spec/names.h"

namespace llmarch {

// Experts: the routed experts' own matrices and biases. Routers, shared experts and projections
// around a latent stay on the device, as the patterns of llama.cpp for `exps` tensors leave them
// there. Layers: all that a layer has, its caches too; the embedding and the head stay.
enum class PlacedPart { experts, layers };
template <>
struct Names<PlacedPart> {
  static constexpr auto values =
      each_named<PlacedPart>({{"experts", PlacedPart::experts}, {"layers", PlacedPart::layers}});
};

// The host computes with what lies in its memory, and only rows cross the link; or the device does,
// and weights and caches cross it.
enum class PlacedBy { host, device };
template <>
struct Names<PlacedBy> {
  static constexpr auto values =
      each_named<PlacedBy>({{"host", PlacedBy::host}, {"device", PlacedBy::device}});
};

struct Placement {
  PlacedPart part = PlacedPart::experts;
  Integer first = 0;                   // of the layers concerned, which are counted from 0
  std::optional<Integer> last = {};    // of them too; absent: the model's last
  PlacedBy computed = PlacedBy::host;  // by whom

  [[nodiscard]] bool has_layer(Integer layer) const {
    return layer >= first && (!last || layer <= *last);
  }
  friend bool operator==(const Placement&, const Placement&) = default;
};

// "experts=host", "experts=0..17=host", "layers=30..=host", "layers=30..=host,by=device".
std::string text_of(const Placement& placement);

// A placement, or why the text is none and what to write instead.
struct PlacementReading {
  std::optional<Placement> value;
  std::string problem = {}, remedy = {};
};
PlacementReading read_placement(std::string_view text);

template <>
struct Names<Placement> {
  static constexpr std::string_view described =
      "what lies in the host's memory, as `experts=host` or `layers=30..=host`";
  static PlacementReading read(std::string_view text) { return read_placement(text); }
};

enum class Memory { device, host };

// `graph` with only the operations, weights and caches that lie in that memory. The layers of each
// block must lie alike: see with_layers_stored_alike. Blocks, and the places of weights and caches
// in their lists, stay; what lies elsewhere has no copies, or no columns.
OpGraph part_in(OpGraph graph, const Placement& placement, Memory memory);

// Why the model has nothing that is placed so; none where it has.
std::optional<std::string> fault_of(const Placement& placement, const OpGraph& graph);

}  // namespace llmarch
