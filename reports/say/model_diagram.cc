#include "reports/say/model_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "reports/say/diagram_marks.h"
#include "reports/say/diagram_parts.h"
#include "sim/describe/layers.h"
#include "sim/spec/names.h"

namespace llmarch::reports {
namespace {

bool has(const DiagramPart& part, const DiagramText& text) {
  return std::ranges::any_of(part.details,
                             [&](const DiagramText& detail) { return detail.text == text.text; });
}

// The facts that all alternatives share become a part of their own, above what only some have. This
// is done where all have one title; others are drawn as they are.
std::vector<DiagramPart> factored(std::vector<DiagramPart> parts) {
  const auto one_title = [&](const DiagramPart& part) {
    return part.title.text == parts.front().title.text;
  };
  if (parts.size() < 2 || !std::ranges::all_of(parts, one_title)) return parts;
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

// "58 of 61 layers: 4-61"
std::string where_text(const std::vector<bool>& members) {
  std::string text = which_layers(members);
  return text.insert(std::min(text.find(':'), text.size()), " layers");
}

DiagramPart part_of_sublayer(const ArchSpec& spec, const SublayerBlock& block) {
  DiagramPart part =
      part_of(block.attention
                  ? describe(spec, spec.attention.at(block.attention->index).value)
                  : describe(spec, spec.feed_forward.at(block.feed_forward.value().index).value));
  if (block.norm) say(part, fmt::format("norm {}", name_of(block.norm->placement)));
  if (block.delay) say(part, fmt::format("added {} sublayers later", grouped(*block.delay)));
  return part;
}

// The blocks of a sublayer by their indices.
using BlockIndices = std::vector<std::pair<std::optional<std::size_t>, std::optional<std::size_t>>>;

BlockIndices indices_of(const Sublayer& sublayer) {
  const auto index = [](const std::optional<Reference>& name) {
    return name ? std::optional(name->index) : std::nullopt;
  };
  BlockIndices indices;
  for (const SublayerBlock& block : sublayer.blocks) {
    indices.emplace_back(index(block.attention), index(block.feed_forward));
  }
  return indices;
}

// Sublayers that stand at one place in their layers and have the same norm around them.
struct SublayerGroup {
  std::optional<Norm> norm;
  std::vector<std::pair<Sublayer, std::vector<bool>>> alternatives;  // and which layers have each
};

std::vector<bool>& members_of(std::vector<SublayerGroup>& groups, const ArchSpec& spec,
                              const Sublayer& sublayer, std::size_t layers) {
  const std::optional<Norm> norm = norm_around(spec, sublayer);
  const bool attends = sublayer.blocks.front().attention.has_value();
  auto group = std::ranges::find_if(groups, [&](const SublayerGroup& each) {
    const Sublayer& first = each.alternatives.front().first;
    return each.norm == norm && first.blocks.front().attention.has_value() == attends &&
           first.blocks.size() == sublayer.blocks.size();
  });
  if (group == groups.end()) group = groups.insert(groups.end(), {norm, {}});
  const auto found = std::ranges::find_if(group->alternatives, [&](const auto& each) {
    return indices_of(each.first) == indices_of(sublayer);
  });
  if (found != group->alternatives.end()) return found->second;
  return group->alternatives.emplace_back(sublayer, std::vector<bool>(layers)).second;
}

// What the layers have as their sublayer number `place`.
std::vector<SublayerGroup> groups_at(const ArchSpec& spec, std::size_t place) {
  std::vector<SublayerGroup> groups;
  const std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::vector<Sublayer> sublayers = sublayers_of(spec.layer.at(layers[i]).value);
    if (place >= sublayers.size()) continue;
    members_of(groups, spec, sublayers[place], layers.size())[i] = true;
  }
  return groups;
}

// The alternatives of one place in a layer, each with the layers that have it.
DiagramBox alternatives(const ArchSpec& spec, const SublayerGroup& group) {
  std::vector<DiagramPart> parts;
  for (const auto& [sublayer, members] : group.alternatives) {
    const bool everywhere = std::ranges::count(members, false) == 0;
    for (const SublayerBlock& block : sublayer.blocks) {
      parts.push_back(part_of_sublayer(spec, block));
      std::string where = everywhere ? "" : where_text(members);
      if (sublayer.blocks.size() > 1) where += where.empty() ? "side by side" : ", side by side";
      parts.back().where = {where};
    }
  }
  return {factored(std::move(parts))};
}

DiagramBox norm_box(const Norm& norm) {
  return {
      {{.kind = BoxKind::norm, .title = {norm.kind == NormKind::rms ? "RMSNorm" : "LayerNorm"}}}};
}

// A block with its norms, as items of a layer.
void add_branch(const std::optional<Norm>& around, DiagramBox block,
                std::vector<FrameItem>& items) {
  const Norm norm = around.value_or(Norm{});
  DiagramBranch branch;
  if (stands_before(around)) branch.steps.push_back(norm_box(norm));
  branch.steps.push_back(std::move(block));
  if (stands_after(around)) branch.steps.push_back(norm_box(norm));
  items.emplace_back(std::move(branch));
  if (stands_after_residual(around)) items.emplace_back(norm_box(norm));
}

// The tables that the input block looks up.
DiagramBox embedding_box(const ArchSpec& spec) {
  DiagramPart part{.kind = BoxKind::table, .title = {"Token embedding"}};
  say(part, fmt::format("{} tokens × {}", grouped(spec.vocabulary), grouped(spec.hidden)));
  if (spec.scaled_embedding) say(part, fmt::format("scaled by √{}", grouped(spec.hidden)));
  if (spec.learned_positions) {
    say(part, fmt::format("+ positions: {} × {}", grouped(*spec.learned_positions),
                          grouped(spec.hidden)));
  }
  if (spec.per_layer_embedding) {
    say(part,
        fmt::format("and per layer: {} × ({} × {})", grouped(spec.per_layer_embedding->vocabulary),
                    grouped(layer_count(spec)), grouped(spec.per_layer_embedding->width)));
  }
  return {{std::move(part)}};
}

// An operation on the residual stream itself.
DiagramBox addition_box(std::string title, std::vector<std::string> details) {
  DiagramPart part{.kind = BoxKind::addition, .title = {std::move(title)}};
  for (std::string& detail : details) say(part, std::move(detail));
  return {{std::move(part)}};
}

// LAuReL: a branch that is added to the residual stream after attention.
DiagramBox low_rank_box(const ArchSpec& spec) {
  return addition_box("Low-rank residual", {fmt::format("+ attention's input, its rank-{} map",
                                                        grouped(*spec.low_rank_residual)),
                                            "then ÷ √2"});
}

DiagramBox layer_embedding_box(const ArchSpec& spec) {
  std::vector<std::string> details{
      fmt::format("width {}, gated, normed", grouped(spec.per_layer_embedding->width))};
  if (spec.parallel_streams) details.emplace_back("added to all streams but the first");
  return addition_box("Per-layer embedding", std::move(details));
}

DiagramBox head_box(const ArchSpec& spec) {
  DiagramPart part{.kind = BoxKind::table, .title = {"Output head"}};
  if (spec.head_labels) {
    say(part, fmt::format("{} → {} labels", grouped(spec.hidden), grouped(*spec.head_labels)));
  } else {
    say(part, fmt::format("{} → {} tokens", grouped(spec.hidden), grouped(spec.vocabulary)));
  }
  if (spec.head == Head::tied) say(part, "tied: the embedding's table");
  if (spec.logit_soft_cap) say(part, fmt::format("capped at {:g}", *spec.logit_soft_cap));
  return {{std::move(part)}};
}

void add_sublayers(const ArchSpec& spec, std::vector<FrameItem>& items) {
  for (std::size_t place = 0;; ++place) {
    const std::vector<SublayerGroup> groups = groups_at(spec, place);
    if (groups.empty()) return;
    for (const SublayerGroup& group : groups) {
      add_branch(group.norm, alternatives(spec, group), items);
      const bool attends = group.alternatives.front().first.blocks.front().attention.has_value();
      if (spec.low_rank_residual && attends) items.emplace_back(low_rank_box(spec));
    }
  }
}

// All layers in one frame: what every layer has stands there once, and alternatives name their
// layers.
DiagramFrame layers_frame(const ArchSpec& spec) {
  const Integer count = layer_count(spec);
  DiagramFrame frame{
      .repeat = {count == 1 ? "1 layer" : fmt::format("× {} layers", grouped(count))}};
  if (spec.parallel_streams) {
    frame.items.emplace_back(addition_box(
        "Streams predicted",
        {fmt::format("{} from all {}, by a router", grouped(spec.parallel_streams->count),
                     grouped(spec.parallel_streams->count)),
         fmt::format("stream {} goes on", grouped(spec.parallel_streams->active + 1))}));
  }
  add_sublayers(spec, frame.items);
  if (spec.parallel_streams) {
    frame.items.emplace_back(
        addition_box("Streams corrected", {"by what the layer found in its own"}));
  }
  if (spec.per_layer_embedding) frame.items.emplace_back(layer_embedding_box(spec));
  return frame;
}

// From the tokens to the logits.
DiagramPanel panel_of(const Model& model) {
  const ArchSpec& spec = model.spec;
  DiagramPanel panel{.title = spec.title};
  const Elements active = model.parameters.active.all;
  std::string parameters = decimal_count(model.parameters.total.value()) + " parameters";
  if (active != model.parameters.total) {
    parameters += fmt::format(", {} active (A)", decimal_count(active.value()));
  }
  panel.subtitle = {{parameters},
                    {fmt::format("width {}, context up to {}", grouped(spec.hidden),
                                 context_tokens(spec.context_limit.value()))}};
  panel.items.emplace_back(embedding_box(spec));
  if (spec.parallel_streams) {
    const std::string maps = grouped(spec.parallel_streams->count - 1);
    panel.items.emplace_back(
        addition_box(fmt::format("{} streams", grouped(spec.parallel_streams->count)),
                     {fmt::format("the embedding, {} maps of it", maps)}));
  }
  panel.items.emplace_back(layers_frame(spec));
  if (spec.parallel_streams) {
    panel.items.emplace_back(
        addition_box(fmt::format("Mean of {} streams", grouped(spec.parallel_streams->count)), {}));
  }
  panel.items.emplace_back(norm_box(spec.norm));
  if (spec.head != Head::none) panel.items.emplace_back(head_box(spec));
  return panel;
}

}  // namespace

Diagram model_diagram(const std::vector<const Model*>& models) {
  Diagram diagram{.name = "blocks"};
  std::string names;
  for (const Model* model : models) {
    names += (names.empty() ? "" : " | ") + model->spec.name;
    diagram.panels.push_back(panel_of(*model));
  }
  diagram.caption = "Blocks of " + names + (models.size() > 1 ? "; what differs is marked" : "");
  if (models.size() > 1) mark_differences(diagram);
  return diagram;
}

}  // namespace llmarch::reports
