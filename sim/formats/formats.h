// Lays formats over a graph: which tensor of a model is stored how. Lowering leaves every tensor in
// bf16; a scheme is laid over the graph after that, so that one lowering serves every way of
// storing a model.
#pragma once

#include <optional>

#include "sim/formats/scheme.h"
#include "sim/graph/placement.h"
#include "sim/spec/arch_spec.h"

namespace llmarch {

struct StorageSchemes {
  Scheme weights;
  CacheScheme caches;
};

// `graph` stored so. The layers of a block must be stored alike: see with_layers_stored_alike.
OpGraph with_formats(OpGraph graph, const StorageSchemes& schemes);

// The graph of `spec`, with a block for each way in which the layers of a kind are stored, so that
// the layers of a block are stored alike. `graph` is what the spec is lowered to, and is returned
// where that holds already. Layers that lie in different memories are apart too, where a placement
// is given.
OpGraph with_layers_stored_alike(const ArchSpec& spec, const OpGraph& graph, const Scheme& weights,
                                 const std::optional<Placement>& placement = std::nullopt);

// The graph of a prediction layer of the model whose graph is `stored`. Each of its tensors has the
// format of the same tensor in the model's last layer, or of its embedding or head; a tensor that
// the model does not have is stored as `other`.
OpGraph stored_as_the_last_layer(OpGraph prediction, const OpGraph& stored,
                                 const CacheScheme& caches, const StorageFormat& other);

}  // namespace llmarch
