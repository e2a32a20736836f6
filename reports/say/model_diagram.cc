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

// The alternatives of one place in a layer, each with the layers that have it. `choice` gives the
// index of a layer's alternative.
template <class Variant, class Choice>
DiagramBox alternatives(const ArchSpec& spec, const std::vector<Named<Variant>>& kinds,
                        const Choice& choice) {
  std::vector<std::size_t> order;
  std::map<std::size_t, std::vector<bool>> members;
  const std::vector<std::size_t> layers = layer_sequence(spec);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::size_t kind = choice(spec.layer.at(layers[i]).value);
    if (!members.contains(kind)) order.push_back(kind);
    members[kind].resize(layers.size());
    members[kind][i] = true;
  }
  std::vector<DiagramPart> parts;
  for (const std::size_t kind : order) {
    parts.push_back(part_of(describe(spec, kinds.at(kind).value)));
    if (order.size() > 1) parts.back().where = {where_text(members[kind])};
  }
  return {factored(std::move(parts))};
}

DiagramBox norm_box(const Norm& norm) {
  return {
      {{.kind = BoxKind::norm, .title = {norm.kind == NormKind::rms ? "RMSNorm" : "LayerNorm"}}}};
}

// A block with its norms, as items of a layer.
void add_branch(const Norm& norm, DiagramBox block, std::vector<FrameItem>& items) {
  const NormPlacement place = norm.placement;
  DiagramBranch branch;
  const bool both = place == NormPlacement::before_and_after;
  if (both || place == NormPlacement::before) branch.steps.push_back(norm_box(norm));
  branch.steps.push_back(std::move(block));
  if (both || place == NormPlacement::after) branch.steps.push_back(norm_box(norm));
  items.emplace_back(std::move(branch));
  if (place == NormPlacement::after_residual) items.emplace_back(norm_box(norm));
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
  say(part, fmt::format("{} → {} tokens", grouped(spec.hidden), grouped(spec.vocabulary)));
  if (spec.head == Head::tied) say(part, "tied: the embedding's table");
  if (spec.logit_soft_cap) say(part, fmt::format("capped at {:g}", *spec.logit_soft_cap));
  return {{std::move(part)}};
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
  add_branch(
      spec.norm,
      alternatives(spec, spec.attention, [](const Layer& layer) { return layer.attention.index; }),
      frame.items);
  if (spec.low_rank_residual) frame.items.emplace_back(low_rank_box(spec));
  add_branch(spec.norm,
             alternatives(spec, spec.feed_forward,
                          [](const Layer& layer) { return layer.feed_forward.index; }),
             frame.items);
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
  panel.items.emplace_back(head_box(spec));
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
