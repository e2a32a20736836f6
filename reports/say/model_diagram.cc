#include "reports/say/model_diagram.h"

#include <fmt/format.h>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "reports/say/diagram_marks.h"
#include "reports/say/diagram_parts.h"
#include "reports/say/layer_diagram.h"

namespace llmarch::reports {
namespace {

// The tables that the input block looks up.
DiagramBox embedding_box(const ArchSpec& spec) {
  DiagramPart part{.kind = BoxKind::table, .title = {"Token embedding"}};
  say(part, fmt::format("{} tokens × {}", grouped(spec.vocabulary), grouped(spec.hidden)));
  if (spec.scaled_embedding) say(part, fmt::format("scaled by √{}", grouped(spec.hidden)));
  if (spec.embedding_multiplier) {
    say(part, fmt::format("multiplied by {:g}", *spec.embedding_multiplier));
  }
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
  if (spec.head_bias) say(part, "with a bias");
  if (spec.logit_multiplier) say(part, fmt::format("multiplied by {:g}", *spec.logit_multiplier));
  if (spec.logit_soft_cap) say(part, fmt::format("capped at {:g}", *spec.logit_soft_cap));
  return {{std::move(part)}};
}

// How the sublayers of a layer read and change a residual stream of several vectors.
std::optional<DiagramBox> around_sublayers(const ArchSpec& spec) {
  if (spec.hyper_connections) {
    return addition_box("Hyper-connections (mHC)",
                        {fmt::format("each sublayer reads a sum of {} streams",
                                     grouped(spec.hyper_connections->count)),
                         "and mixes all of them with its output"});
  }
  if (spec.residual_block) {
    return addition_box("Attention residuals",
                        {fmt::format("put aside every {} layers", grouped(*spec.residual_block)),
                         "each sublayer reads a mean of them"});
  }
  return std::nullopt;
}

// All layers in one frame, with the operations around their sublayers.
DiagramFrame layers_frame(const ArchSpec& spec) {
  const Integer count = layer_count(spec);
  std::string repeat = count == 1 ? "1 layer" : fmt::format("× {} layers", grouped(count));
  if (spec.residual_multiplier) {
    repeat += fmt::format(", branches × {:g}", *spec.residual_multiplier);
  }
  DiagramFrame frame{.repeat = {repeat}};
  if (spec.parallel_streams) {
    frame.items.emplace_back(addition_box(
        "Streams predicted",
        {fmt::format("{} from all {}, by a router", grouped(spec.parallel_streams->count),
                     grouped(spec.parallel_streams->count)),
         fmt::format("stream {} goes on", grouped(spec.parallel_streams->active + 1))}));
  }
  if (auto box = around_sublayers(spec)) frame.items.emplace_back(*std::move(box));
  for (FrameItem& item : sublayer_items(spec)) frame.items.push_back(std::move(item));
  if (spec.parallel_streams) {
    frame.items.emplace_back(
        addition_box("Streams corrected", {"by what the layer found in its own"}));
  }
  if (spec.per_layer_embedding) frame.items.emplace_back(layer_embedding_box(spec));
  return frame;
}

// What a residual stream of several vectors is made of before the layers, and into what after them.
std::optional<DiagramBox> before_layers(const ArchSpec& spec) {
  if (spec.parallel_streams) {
    const std::string maps = grouped(spec.parallel_streams->count - 1);
    return addition_box(fmt::format("{} streams", grouped(spec.parallel_streams->count)),
                        {fmt::format("the embedding, {} maps of it", maps)});
  }
  if (spec.hyper_connections) {
    return addition_box(fmt::format("{} streams", grouped(spec.hyper_connections->count)),
                        {"the embedding in each"});
  }
  return std::nullopt;
}

std::optional<DiagramBox> after_layers(const ArchSpec& spec) {
  if (spec.parallel_streams) {
    return addition_box(fmt::format("Mean of {} streams", grouped(spec.parallel_streams->count)),
                        {});
  }
  if (spec.hyper_connections) {
    return addition_box(fmt::format("Sum of {} streams", grouped(spec.hyper_connections->count)),
                        {"with weights made of them"});
  }
  if (spec.residual_block) {
    return addition_box("Attention over residuals", {"the stream and what was put aside"});
  }
  return std::nullopt;
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
  if (auto box = before_layers(spec)) panel.items.emplace_back(*std::move(box));
  panel.items.emplace_back(layers_frame(spec));
  if (auto box = after_layers(spec)) panel.items.emplace_back(*std::move(box));
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
  diagram.caption = "Blocks of " + names;
  if (models.size() > 1) mark_differences(diagram);
  return diagram;
}

}  // namespace llmarch::reports
