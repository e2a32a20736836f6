#include "reports/say/layer_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reports/say/cells.h"
#include "reports/say/diagram_parts.h"
#include "sim/describe/block_facts.h"
#include "sim/describe/layers.h"

namespace llmarch::reports {
namespace {

struct Alternative {
  Sublayer sublayer;
  std::vector<bool> layers;  // those that have it
};

// The sublayers that layers have at one place, with one norm around it; each layer has one of the
// alternatives.
struct SublayerGroup {
  std::optional<Norm> norm;
  std::vector<Alternative> alternatives;
};

bool same_name(const std::optional<Reference>& one, const std::optional<Reference>& other) {
  return one.has_value() == other.has_value() && (!one || one->index == other->index);
}

bool same_blocks(const Sublayer& one, const Sublayer& other) {
  return std::ranges::equal(
      one.blocks, other.blocks, [](const SublayerBlock& a, const SublayerBlock& b) {
        return same_name(a.attention, b.attention) && same_name(a.feed_forward, b.feed_forward) &&
               a.norm == b.norm && a.delay == b.delay;
      });
}

bool attends(const Sublayer& sublayer) {
  return std::ranges::any_of(
      sublayer.blocks, [](const SublayerBlock& block) { return block.attention.has_value(); });
}

// Collects the sublayers of all layers at one place.
class PlaceCollector {
 public:
  PlaceCollector(const ArchSpec& spec, std::size_t layers) : spec_(spec), layers_(layers) {}

  void add(const Sublayer& sublayer, std::size_t layer) {
    std::vector<Alternative>& alternatives = group_of(sublayer).alternatives;
    auto found = std::ranges::find_if(alternatives, [&](const Alternative& each) {
      return same_blocks(each.sublayer, sublayer);
    });
    if (found == alternatives.end()) {
      found = alternatives.insert(found, {sublayer, std::vector<bool>(layers_)});
    }
    found->layers[layer] = true;
  }

  [[nodiscard]] const std::vector<SublayerGroup>& groups() const { return groups_; }

 private:
  // Where layers have different numbers of sublayers, attention is not drawn as an alternative to a
  // feed-forward: it would look as if no layer had both.
  SublayerGroup& group_of(const Sublayer& sublayer) {
    const std::optional<Norm> norm = norm_around(spec_, sublayer);
    const auto found = std::ranges::find_if(groups_, [&](const SublayerGroup& each) {
      return each.norm == norm &&
             (aligned_ || attends(each.alternatives.front().sublayer) == attends(sublayer));
    });
    return found != groups_.end() ? *found : groups_.emplace_back(SublayerGroup{norm, {}});
  }

  static bool as_many_sublayers_in_all(const ArchSpec& spec) {
    const auto count = [](const auto& layer) { return sublayers_of(layer.value).size(); };
    return std::ranges::all_of(
        spec.layer, [&](const auto& layer) { return count(layer) == count(spec.layer.front()); });
  }

  const ArchSpec& spec_;
  std::size_t layers_;
  bool aligned_ = as_many_sublayers_in_all(spec_);
  std::vector<SublayerGroup> groups_;
};

// "58 of 61 layers: 4-61"; empty for all.
std::string where_text(const std::vector<bool>& layers) {
  if (std::ranges::count(layers, false) == 0) return "";
  std::string text = which_layers(layers);
  return text.insert(std::min(text.find(':'), text.size()), " layers");
}

bool has(const DiagramPart& part, const DiagramText& text) {
  return std::ranges::any_of(part.details,
                             [&](const DiagramText& detail) { return detail.text == text.text; });
}

// Moves the facts that all alternatives share into a part of their own, above those that only some
// have. Done only where all have the same title and no blocks are side by side.
std::vector<DiagramPart> factored(std::vector<DiagramPart> parts) {
  const auto alike = [&](const DiagramPart& part) {
    return part.title.text == parts.front().title.text && part.join == Join::alternative;
  };
  if (parts.size() < 2 || !std::ranges::all_of(parts, alike)) return parts;
  DiagramPart common = parts.front();
  common.where = {};
  common.details.clear();
  const bool one_aside = std::ranges::all_of(
      parts, [&](const DiagramPart& part) { return part.aside == common.aside; });
  if (!one_aside) common.aside = NoAside{};
  for (const DiagramText& detail : parts.front().details) {
    const auto says_it = [&](const DiagramPart& part) { return has(part, detail); };
    if (std::ranges::all_of(parts, says_it)) common.details.push_back(detail);
  }
  for (DiagramPart& part : parts) {
    std::erase_if(part.details, [&](const DiagramText& text) { return has(common, text); });
    part.title = {};
    if (one_aside) part.aside = NoAside{};
  }
  parts.insert(parts.begin(), std::move(common));
  return parts;
}

// The layers that have an alternative are named at its first block.
DiagramBox box_of(const ArchSpec& spec, const SublayerGroup& group) {
  std::vector<DiagramPart> parts;
  for (const auto& [sublayer, layers] : group.alternatives) {
    bool first = true;
    for (const SublayerBlock& block : sublayer.blocks) {
      parts.push_back(part_of(describe(spec, block)));
      if (first) {
        parts.back().where = {where_text(layers)};
      } else {
        parts.back().join = Join::sum;
      }
      first = false;
    }
  }
  return {factored(std::move(parts))};
}

// Adds the blocks with the norms around them.
void add_branch(const std::optional<Norm>& around, DiagramBox blocks,
                std::vector<FrameItem>& items) {
  const Norm norm = around.value_or(Norm{});
  DiagramBranch branch;
  if (stands_before(around)) branch.steps.push_back(norm_box(norm));
  branch.steps.push_back(std::move(blocks));
  if (stands_after(around)) branch.steps.push_back(norm_box(norm));
  items.emplace_back(std::move(branch));
  if (stands_after_residual(around)) items.emplace_back(norm_box(norm));
}

// LAuReL: a branch that is added to the residual stream after attention.
DiagramBox low_rank_box(Integer rank) {
  return addition_box(
      "Low-rank residual",
      {fmt::format("+ attention's input, its rank-{} map", grouped(rank)), "then ÷ √2"});
}

}  // namespace

std::vector<FrameItem> sublayer_items(const ArchSpec& spec) {
  const std::vector<std::size_t> kinds = layer_sequence(spec);
  std::vector<std::vector<Sublayer>> sublayers;
  for (const auto& [name, layer] : spec.layer) sublayers.push_back(sublayers_of(layer));
  std::size_t most = 0;
  for (const auto& of_kind : sublayers) most = std::max(most, of_kind.size());
  std::vector<FrameItem> items;
  for (std::size_t place = 0; place < most; ++place) {
    PlaceCollector here(spec, kinds.size());
    for (std::size_t layer = 0; layer < kinds.size(); ++layer) {
      const std::vector<Sublayer>& own = sublayers.at(kinds[layer]);
      if (place < own.size()) here.add(own[place], layer);
    }
    for (const SublayerGroup& group : here.groups()) {
      add_branch(group.norm, box_of(spec, group), items);
      if (spec.low_rank_residual && attends(group.alternatives.front().sublayer)) {
        items.emplace_back(low_rank_box(*spec.low_rank_residual));
      }
    }
  }
  return items;
}

}  // namespace llmarch::reports
