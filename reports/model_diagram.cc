#include "reports/model_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/block_diagram.h"
#include "reports/diagram_marks.h"
#include "reports/format.h"
#include "sim/spec/fields.h"
#include "sim/study/structure.h"

namespace llmarch::reports {
namespace {

std::string number(Integer value) {
  return grouped(value.value());
}

std::string number(double value) {
  return value == std::floor(value) ? grouped(static_cast<std::int64_t>(value))
                                    : fmt::format("{:g}", value);
}

void say(DiagramPart& part, std::string text) {
  part.details.push_back({std::move(text)});
}

std::string_view qk_norm_text(QkNorm norm) {
  switch (norm) {
    case QkNorm::per_head: return "QK-norm over each head";
    case QkNorm::whole: return "QK-norm over the whole projection";
    case QkNorm::unweighted_after_rotation: return "QK-norm after RoPE, no weights";
  }
  throw std::logic_error("qk_norm_text: a norm outside the enumeration");
}

std::string rotary_text(const Rotary& rotary) {
  const std::string text = fmt::format("RoPE, θ {}", number(rotary.theta));
  if (!rotary.scaling) return text;
  const double factor =
      std::visit([](const auto& scaling) { return scaling.factor; }, *rotary.scaling);
  return fmt::format("{}, {} × {}", text,
                     Names<RotaryScaling>::alternatives[rotary.scaling->index()], number(factor));
}

std::string reach_text(const GroupedAttention& attention) {
  if (attention.window) return fmt::format("sees, caches the last {}", number(*attention.window));
  if (attention.chunk) {
    return fmt::format("sees, caches its chunk of {}", number(*attention.chunk));
  }
  return "sees, caches every position";
}

std::string_view kind_text(const GroupedAttention& attention) {
  if (attention.kv_heads == attention.query_heads) return "Multi-head attention";
  return attention.kv_heads == 1 ? "Multi-query attention" : "Grouped-query attention";
}

enum class Positions { rotated, learned };

DiagramPart describe(const GroupedAttention& attention, Positions positions) {
  DiagramPart part{.kind = BoxKind::attention, .title = {std::string(kind_text(attention))}};
  say(part, fmt::format("{} query heads of {}", number(attention.query_heads),
                        number(attention.head_dim)));
  say(part, fmt::format("{} key/value heads", number(attention.kv_heads)));
  say(part, reach_text(attention));
  if (attention.rotary) say(part, rotary_text(*attention.rotary));
  if (!attention.rotary && positions == Positions::rotated) say(part, "no positions (NoPE)");
  if (attention.qk_norm) say(part, std::string(qk_norm_text(*attention.qk_norm)));
  if (attention.qkv_bias) say(part, "biases on queries, keys, values");
  if (attention.output_bias) say(part, "bias on the output");
  if (attention.score_soft_cap) {
    say(part, fmt::format("scores capped at {}", number(*attention.score_soft_cap)));
  }
  if (attention.temperature) say(part, "queries grow with position");
  part.aside = CacheAside{
      {{fmt::format("2 × {} × {}", number(attention.kv_heads), number(attention.head_dim))},
       {fmt::format("= {}", number(2 * attention.kv_heads * attention.head_dim))},
       {"elements per position"}}};
  return part;
}

DiagramPart describe(const LatentAttention& attention, Positions) {
  DiagramPart part{.kind = BoxKind::attention, .title = {"Latent attention (MLA)"}};
  say(part, fmt::format("{} heads", number(attention.query_heads)));
  say(part, fmt::format("key: {} + {} rotated", number(attention.nope_head_dim),
                        number(attention.rope_head_dim)));
  say(part, fmt::format("value: {}", number(attention.value_head_dim)));
  if (attention.query_latent_dim) {
    say(part, fmt::format("query latent: {}", number(*attention.query_latent_dim)));
  }
  say(part, fmt::format("key/value latent: {}", number(attention.kv_latent_dim)));
  say(part, rotary_text(attention.rotary));
  part.aside = CacheAside{
      {{fmt::format("{} + {}", number(attention.kv_latent_dim), number(attention.rope_head_dim))},
       {fmt::format("= {}", number(attention.kv_latent_dim + attention.rope_head_dim))},
       {"elements per position"}}};
  return part;
}

std::string activation_text(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GELU";
    case Activation::silu: return "SiLU";
    case Activation::relu: return "ReLU";
    case Activation::tanh: return "tanh";
  }
  throw std::logic_error("activation_text: an activation outside the enumeration");
}

// The name of a gated feed-forward: arXiv 2002.05202.
std::string gated_name(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh:
    case Activation::gelu_erf: return "GeGLU";
    case Activation::silu: return "SwiGLU";
    case Activation::relu: return "ReGLU";
    case Activation::tanh: return "gated tanh";
  }
  throw std::logic_error("gated_name: an activation outside the enumeration");
}

DiagramPart describe(const DenseFeedForward& dense, Positions) {
  const std::string inside =
      dense.gated ? gated_name(dense.activation) : activation_text(dense.activation);
  DiagramPart part{.kind = BoxKind::feed_forward,
                   .title = {fmt::format("Feed-forward, {}", inside)}};
  say(part, fmt::format("hidden width {}", number(dense.width)));
  if (dense.bias) say(part, "with biases");
  part.aside = PathsAside{dense.gated ? PathsAside::Paths::gated : PathsAside::Paths::one,
                          activation_text(dense.activation)};
  return part;
}

DiagramPart describe(const MixtureFeedForward& mixture, Positions) {
  DiagramPart part{.kind = BoxKind::experts, .title = {"Mixture of experts"}};
  say(part, fmt::format("{} experts, {}", number(mixture.experts), gated_name(mixture.activation)));
  say(part, fmt::format("{} chosen for a token", number(mixture.experts_per_token)));
  say(part, fmt::format("hidden width {}", number(mixture.expert_width)));
  if (mixture.shared_width) {
    say(part, fmt::format("shared expert: width {}", number(*mixture.shared_width)));
  }
  if (mixture.shared_gate) say(part, "shared expert is gated");
  say(part, fmt::format("router: {}", name_of(mixture.router.scoring)));
  if (mixture.router.groups) {
    say(part, fmt::format("chosen from {} of {} groups", number(mixture.router.groups->chosen),
                          number(mixture.router.groups->count)));
  }
  part.aside =
      ExpertsAside{mixture.shared_width ? ExpertsAside::Shared::yes : ExpertsAside::Shared::no,
                   mixture.experts.value(), mixture.experts_per_token.value()};
  return part;
}

bool has(const DiagramPart& part, const DiagramText& text) {
  return std::ranges::any_of(part.details,
                             [&](const DiagramText& detail) { return detail.text == text.text; });
}

// What all of them say, as a part of its own above what each says by itself. Only kinds with one
// title are told apart so; others stand as they are.
std::vector<DiagramPart> factored(std::vector<DiagramPart> parts) {
  const auto one_title = [&](const DiagramPart& part) {
    return part.title.text == parts.front().title.text;
  };
  if (parts.size() < 2 || !std::ranges::all_of(parts, one_title)) return parts;
  DiagramPart common = parts.front();
  common.where = {};
  common.details.clear();
  for (const DiagramText& detail : parts.front().details) {
    const auto says_it = [&](const DiagramPart& part) { return has(part, detail); };
    if (std::ranges::all_of(parts, says_it)) common.details.push_back(detail);
  }
  for (DiagramPart& part : parts) {
    std::erase_if(part.details, [&](const DiagramText& text) { return has(common, text); });
    part.title = {};
    part.aside = NoAside{};
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
  const Positions positions = spec.learned_positions ? Positions::learned : Positions::rotated;
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
    parts.push_back(std::visit([&](const auto& value) { return describe(value, positions); },
                               kinds.at(kind).value));
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

DiagramBox embedding_box(const ArchSpec& spec) {
  DiagramPart part{.kind = BoxKind::table, .title = {"Token embedding"}};
  say(part, fmt::format("{} tokens × {}", number(spec.vocabulary), number(spec.hidden)));
  if (spec.scaled_embedding) say(part, fmt::format("scaled by √{}", number(spec.hidden)));
  if (spec.learned_positions) {
    say(part,
        fmt::format("+ positions: {} × {}", number(*spec.learned_positions), number(spec.hidden)));
  }
  return {{std::move(part)}};
}

DiagramBox head_box(const ArchSpec& spec) {
  DiagramPart part{.kind = BoxKind::table, .title = {"Output head"}};
  say(part, fmt::format("{} → {} tokens", number(spec.hidden), number(spec.vocabulary)));
  if (spec.head == Head::tied) say(part, "tied: the embedding's table");
  if (spec.logit_soft_cap) say(part, fmt::format("capped at {}", number(*spec.logit_soft_cap)));
  return {{std::move(part)}};
}

DiagramFrame layers_frame(const ArchSpec& spec) {
  const Integer count = layer_count(spec);
  DiagramFrame frame{
      .repeat = {count == 1 ? "1 layer" : fmt::format("× {} layers", number(count))}};
  add_branch(
      spec.norm,
      alternatives(spec, spec.attention, [](const Layer& layer) { return layer.attention.index; }),
      frame.items);
  add_branch(spec.norm,
             alternatives(spec, spec.feed_forward,
                          [](const Layer& layer) { return layer.feed_forward.index; }),
             frame.items);
  return frame;
}

DiagramPanel panel_of(const Model& model) {
  const ArchSpec& spec = model.spec;
  DiagramPanel panel{.title = spec.title};
  const Elements active = model.parameters.active.all;
  std::string parameters = decimal_count(model.parameters.total.value()) + " parameters";
  if (active != model.parameters.total) {
    parameters += fmt::format(", {} active (A)", decimal_count(active.value()));
  }
  panel.subtitle = {{parameters},
                    {fmt::format("width {}, context up to {}", number(spec.hidden),
                                 context_tokens(spec.context_limit.value()))}};
  panel.items.emplace_back(embedding_box(spec));
  panel.items.emplace_back(layers_frame(spec));
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
  if (models.size() == 1) diagram.text = block_diagram(models.front()->spec);
  return diagram;
}

}  // namespace llmarch::reports
