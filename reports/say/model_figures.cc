#include "reports/say/model_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "reports/document/format.h"
#include "reports/say/block_texts.h"
#include "reports/say/cells.h"
#include "reports/say/mask_figure.h"
#include "reports/say/setting_words.h"
#include "sim/describe/block_facts.h"
#include "sim/describe/layers.h"
#include "sim/study/quantities.h"
#include "sim/study_spec/study_fields.h"

namespace llmarch::reports {
namespace {

using Models = std::vector<const Model*>;

// A panel for each attention of which `draw` makes one; attentions of a model that look alike share
// a panel. It names them where the model has others.
template <class Draw>
std::vector<FigurePanel> panels_of(const Models& models, const Draw& draw) {
  std::vector<FigurePanel> panels;
  for (const Model* model : models) {
    std::vector<std::pair<FigurePanel, std::string>> own;
    for (const auto& [name, mixer] : model->spec.attention) {
      std::optional<FigurePanel> panel = draw(model->spec, describe(model->spec, mixer));
      if (!panel) continue;
      const auto same = std::ranges::find_if(
          own, [&](const auto& other) { return other.first.details == panel->details; });
      if (same == own.end()) {
        own.emplace_back(*std::move(panel), name);
      } else {
        same->second += ", " + name;
      }
    }
    for (auto& [panel, names] : own) {
      panel.title = model->spec.title + (model->spec.attention.size() > 1 ? ": " + names : "");
      panels.push_back(std::move(panel));
    }
  }
  return panels;
}

std::optional<FigurePanel> heads_panel(const ArchSpec& /*spec*/, const BlockFacts& block) {
  const auto* sharing = std::get_if<HeadSharing>(&block.inside);
  if (sharing == nullptr) return std::nullopt;
  FigurePanel panel;
  panel.details = {fmt::format("{}: {} query heads, {} key/value head{}", capitalised(block.name),
                               grouped(sharing->query_heads), grouped(sharing->kv_heads),
                               sharing->kv_heads == 1 ? "" : "s")};
  panel.body = HeadsFigure{sharing->query_heads.value(), sharing->kv_heads.value()};
  return panel;
}

std::string product(Integer heads, Integer width) {
  return fmt::format("{} × {}", grouped(heads), grouped(width));
}

std::optional<FigurePanel> latent_panel(const ArchSpec& spec, const BlockFacts& block) {
  const auto* paths = std::get_if<LatentPaths>(&block.inside);
  if (paths == nullptr) return std::nullopt;
  const auto& [heads, query_latent, kv_latent, nope, rope, value] = *paths;
  LatentFigure latent{
      .input = "input: " + grouped(spec.hidden),
      .query_latent = query_latent == 0 ? "" : "query latent\n" + grouped(query_latent),
      .queries =
          fmt::format("queries\n{} × ({} + {})", grouped(heads), grouped(nope), grouped(rope)),
      .kv_latent = "key/value latent\n" + grouped(kv_latent) + ", cached",
      .keys = "keys\n" + product(heads, nope),
      .values = "values\n" + product(heads, value),
      .shared_key = "key of all heads\n" + grouped(rope) + ", cached",
      .attention = fmt::format("attention of {} heads", grouped(heads)),
      .output = fmt::format("output: {} → {}", product(heads, value), grouped(spec.hidden))};
  FigurePanel panel;
  panel.details = {fmt::format("cached: {} = {} elements for each position",
                               text_of(block.kept->product), grouped(block.kept->elements))};
  panel.body = std::move(latent);
  return panel;
}

std::optional<FigurePanel> mask_panel(const ArchSpec& /*spec*/, const BlockFacts& block) {
  if (!block.reach) return std::nullopt;
  return FigurePanel{.title = {}, .details = words_of(*block.reach), .body = mask_of(*block.reach)};
}

// What a kind of layer is: its blocks in order, and which keys they reach.
std::string words_of_kind(const ArchSpec& spec, const Named<Layer>& kind,
                          const std::vector<bool>& layers) {
  std::string text;
  for (const Sublayer& sublayer : sublayers_of(kind.value)) {
    for (const SublayerBlock& block : sublayer.blocks) {
      const BlockFacts facts = describe(spec, block);
      text += (text.empty() ? "" : "; ") + facts.name;
      if (facts.reach) text += ", " + words_of(*facts.reach).front();
    }
  }
  return fmt::format("{}: {} ({})", kind.name, text, which_layers(layers));
}

FigurePanel layers_panel(const ArchSpec& spec) {
  LayersFigure figure{.layers = layer_sequence(spec), .kinds = {}};
  for (std::size_t kind = 0; kind < spec.layer.size(); ++kind) {
    std::vector<bool> members;
    for (const std::size_t layer : figure.layers) members.push_back(layer == kind);
    figure.kinds.push_back(words_of_kind(spec, spec.layer[kind], members));
  }
  return {.title = spec.title, .details = {}, .body = std::move(figure)};
}

// The least and the most of the bars, as a sentence.
std::string extremes(const std::vector<Bar>& bars, const std::string& what) {
  const auto [low, high] = std::ranges::minmax_element(bars, {}, &Bar::value);
  if (bars.size() == 1) return fmt::format("{} {} {}.", low->label, what, low->text);
  return fmt::format("{} {} {}, and {} {}.", low->label, what, low->text, high->label, high->text);
}

Figure cache_figure(const Models& models, const Setting& setting) {
  const Quantity& cache = *find_quantity("kv_bytes");
  BarsFigure figure;
  for (const Model* model : models) {
    const double bytes =
        as_double(evaluate(cache, ModelCurves(*model, setting), setting.context, setting.context));
    figure.bars.push_back(
        {model->spec.title, bytes, 0, binary_bytes(static_cast<std::int64_t>(bytes))});
  }
  const double most = std::ranges::max(figure.bars, {}, &Bar::value).value;
  const std::string caption = extremes(figure.bars, "holds");
  for (Bar& bar : figure.bars) {
    if (bar.value < most) bar.text += fmt::format(", {} less", percent(1 - bar.value / most));
  }
  std::string about = std::string(cache.meaning) + "; " + words_of(stated(setting));
  return {.name = "cache",
          .caption = caption,
          .panels = {{.title = {}, .details = {about}, .body = std::move(figure)}}};
}

Figure parameters_figure(const Models& models) {
  BarsFigure figure;
  const Bar* sparsest = nullptr;
  figure.bars.reserve(models.size());
  for (const Model* model : models) {
    const Integer total = model->parameters.total.value();
    const Integer active = model->parameters.active.all.value();
    const std::string text = active == total
                                 ? decimal_count(total.value())
                                 : fmt::format("{} of {} ({})", decimal_count(active.value()),
                                               decimal_count(total.value()),
                                               percent(active.as_double() / total.as_double()));
    figure.bars.push_back({model->spec.title, total.as_double(), active.as_double(), text});
    const Bar& bar = figure.bars.back();
    if (sparsest == nullptr || bar.part * sparsest->value < sparsest->part * bar.value) {
      sparsest = &bar;
    }
  }
  const std::string caption =
      sparsest->part == sparsest->value
          ? fmt::format("A token touches every parameter of {}.", sparsest->label)
          : fmt::format("A token touches {} of the parameters of {}.",
                        percent(sparsest->part / sparsest->value), sparsest->label);
  return {
      .name = "parameters",
      .caption = caption,
      .panels = {{.title = {},
                  .details = {"dark: what a token touches, the embedding table counted whole (A)"},
                  .body = std::move(figure)}}};
}

}  // namespace

Figure model_figure(FigureKind kind, const Models& models, const Setting& setting) {
  Figure figure{.name = std::string(name_of(kind)), .caption = {}, .panels = {}};
  switch (kind) {
    case FigureKind::heads:
      figure.caption = "Each key/value head serves a group of query heads.";
      figure.panels = panels_of(models, heads_panel);
      return figure;
    case FigureKind::latent:
      figure.caption = "Keys and values of all heads are made of one latent, which is cached.";
      figure.panels = panels_of(models, latent_panel);
      return figure;
    case FigureKind::masks:
      figure.caption = "A query attends to the keys that are dark.";
      figure.panels = panels_of(models, mask_panel);
      return figure;
    case FigureKind::layers:
      figure.caption = "Layers stand in this order, the first on the left.";
      for (const Model* model : models) figure.panels.push_back(layers_panel(model->spec));
      return figure;
    case FigureKind::cache: return cache_figure(models, setting);
    case FigureKind::parameters: return parameters_figure(models);
  }
  throw std::logic_error("model_figure: a kind outside the enumeration");
}

std::string_view what_it_shows(FigureKind kind) {
  switch (kind) {
    case FigureKind::heads: return "attention with key/value heads";
    case FigureKind::latent: return "latent attention";
    case FigureKind::masks: return "attention to keys";
    case FigureKind::layers: return "layers";
    case FigureKind::cache: return "a cache";
    case FigureKind::parameters: return "parameters";
  }
  throw std::logic_error("what_it_shows: a kind outside the enumeration");
}

Document figures_document(const std::vector<FigureKind>& kinds, const Models& models,
                          const Setting& setting) {
  Document document;
  for (const Model* model : models) {
    document.title += (document.title.empty() ? "" : " | ") + model->spec.name;
  }
  for (const FigureKind kind : kinds) {
    document.blocks.emplace_back(model_figure(kind, models, setting));
  }
  return document;
}

}  // namespace llmarch::reports
