#include "sim/graph/placement.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "sim/spec/split.h"

namespace llmarch {
namespace {

constexpr std::string_view kPlacements =
    "write experts=host, experts=0..17=host, layers=30..=host or layers=30..=host,by=device";

PlacementReading no_placement(std::string problem) {
  return {std::nullopt, std::move(problem), std::string(kPlacements)};
}

// A layer's number; none where the text is none.
std::optional<Integer> layer_in(std::string_view text) {
  std::int64_t layer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  if (error != std::errc() || end != text.data() + text.size() || layer < 0) return std::nullopt;
  return layer;
}

// "30..", "..17", "30..47", "30". False where the text is none of these.
bool read_layers(std::string_view text, Placement& placement) {
  const std::size_t dots = text.find("..");
  const std::string_view first = text.substr(0, dots);
  const std::string_view last =
      dots == std::string_view::npos ? first : text.substr(dots + 2, std::string_view::npos);
  if (first.empty() && last.empty()) return false;
  const auto from = first.empty() ? std::optional(Integer(0)) : layer_in(first);
  placement.last = layer_in(last);
  if (!from || (!last.empty() && !placement.last)) return false;
  placement.first = *from;
  return placement.has_layer(placement.first);
}

// The operations on experts that lie in a host's memory.
const RunExperts* experts_of(const Node& node) {
  return std::get_if<RunExperts>(&node.op);
}

// Which blocks, by their number, have layers that the placement is about.
std::vector<bool> placed_blocks(const OpGraph& graph, const Placement& placement) {
  std::vector<bool> placed(graph.blocks.size(), false);
  for (std::size_t layer = 0; layer < graph.layers.size(); ++layer) {
    if (placement.has_layer(static_cast<std::int64_t>(layer))) placed[graph.layers[layer]] = true;
  }
  return placed;
}

// Leaves those nodes of a block of which `stays` holds; forms are ranges of what is left.
template <class Stays>
void keep_nodes(Block& block, const Stays& stays) {
  std::vector<std::size_t> before{0};  // each node, how many are left
  for (const Node& node : block.nodes) before.push_back(before.back() + (stays(node) ? 1 : 0));
  for (FormNodes& form : block.forms) {
    form.first = before[form.first];
    form.last = before[form.last];
  }
  std::erase_if(block.nodes, [&](const Node& node) { return !stays(node); });
}

}  // namespace

std::string text_of(const Placement& placement) {
  std::string text = std::string(name_of(placement.part));
  if (placement.first > 0 || placement.last) {
    text += "=" + std::to_string(placement.first.value()) + "..";
    if (placement.last) text += std::to_string(placement.last->value());
  }
  text += "=host";
  if (placement.computed == PlacedBy::host) return text;
  return text + ",by=" + std::string(name_of(placement.computed));
}

PlacementReading read_placement(std::string_view text) {
  const std::string whole(text);
  const std::vector<std::string> items = split(text, ',');
  const std::vector<std::string> words = split(items.front(), '=');
  Placement placement;
  const auto part = value_of_name<PlacedPart>(words.front());
  if (!part || words.back() != "host" || words.size() > 3 || items.size() > 2) {
    return no_placement("'" + whole + "' places nothing in a host's memory");
  }
  placement.part = *part;
  if (words.size() == 3 && !read_layers(words[1], placement)) {
    return no_placement("'" + words[1] + "' are no layers, which count from 0");
  }
  if (items.size() == 1) return {placement, {}, {}};
  const std::vector<std::string> by = split(items[1], '=');
  const auto computed = value_of_name<PlacedBy>(by.back());
  if (by.front() != "by" || by.size() != 2 || !computed) {
    return no_placement("'" + items[1] + "' does not say who computes: by=host or by=device");
  }
  placement.computed = *computed;
  return {placement, {}, {}};
}

OpGraph part_in(OpGraph graph, const Placement& placement, Memory memory) {
  const bool of_host = memory == Memory::host;
  const std::vector<bool> placed = placed_blocks(graph, placement);
  std::vector<bool> weights(graph.weights.size(), false);  // those in the host's memory
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    const bool whole = placed[b] && placement.part == PlacedPart::layers;
    for (const Node& node : graph.blocks[b].nodes) {
      if (!placed[b] || whole || experts_of(node) == nullptr) continue;
      experts_of(node)->visit_weights([&](WeightId id) { weights[id] = true; });
    }
    keep_nodes(graph.blocks[b], [&](const Node& node) {
      return (whole || (placed[b] && experts_of(node) != nullptr)) == of_host;
    });
  }
  const bool layers = placement.part == PlacedPart::layers;
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const bool in_host = weights[w] || (layers && placed[graph.weights[w].block]);
    if (in_host != of_host) graph.weights[w].copies = 0;
  }
  for (Cache& cache : graph.caches) {
    if ((layers && placed[cache.block]) != of_host) cache.columns = 0;
  }
  return graph;
}

std::optional<std::string> fault_of(const Placement& placement, const OpGraph& graph) {
  const Integer layers = std::ssize(graph.layers);
  if (placement.first >= layers || placement.last.value_or(0) >= layers) {
    return "it has " + std::to_string(layers.value()) + " layers, 0 to " +
           std::to_string(layers.value() - 1);
  }
  const OpGraph part = part_in(graph, placement, Memory::host);
  const bool none =
      std::ranges::all_of(part.blocks, [](const Block& block) { return block.nodes.empty(); });
  if (!none) return std::nullopt;
  return placement.first > 0 || placement.last ? "none of these layers has routed experts"
                                               : "it has no routed experts";
}

}  // namespace llmarch
