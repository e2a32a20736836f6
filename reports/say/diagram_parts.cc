#include "reports/say/diagram_parts.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string_view>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "sim/spec/fields.h"

namespace llmarch::reports {
namespace {

std::string figure(double value) {
  return value == std::floor(value) ? grouped(static_cast<std::int64_t>(value))
                                    : fmt::format("{:g}", value);
}

std::string_view qk_norm_line(QkNorm norm) {
  switch (norm) {
    case QkNorm::per_head: return "QK-norm over each head";
    case QkNorm::whole: return "QK-norm over the whole projection";
    case QkNorm::unweighted_after_rotation: return "QK-norm after RoPE, no weights";
  }
  throw std::logic_error("qk_norm_line: a norm outside the enumeration");
}

std::string rotary_line(const Rotary& rotary) {
  std::string text = fmt::format("RoPE, θ {}", figure(rotary.theta));
  if (!rotary.scaling) return text;
  const double factor =
      std::visit([](const auto& scaling) { return scaling.factor; }, *rotary.scaling);
  return fmt::format("{}, {} × {}", text,
                     Names<RotaryScaling>::alternatives[rotary.scaling->index()], figure(factor));
}

std::string reach_text(const GroupedAttention& attention) {
  const std::string_view verb = attention.kv_from ? "sees" : "sees, caches";
  if (attention.window) return fmt::format("{} the last {}", verb, grouped(*attention.window));
  if (attention.chunk) return fmt::format("{} its chunk of {}", verb, grouped(*attention.chunk));
  return fmt::format("{} every position", verb);
}

std::string_view kind_text(const GroupedAttention& attention) {
  if (attention.kv_heads == attention.query_heads) return "Multi-head attention";
  return attention.kv_heads == 1 ? "Multi-query attention" : "Grouped-query attention";
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

}  // namespace

void say(DiagramPart& part, std::string text) {
  part.details.push_back({std::move(text)});
}

DiagramPart describe(const GroupedAttention& attention, Positions positions) {
  DiagramPart part{.kind = BoxKind::attention, .title = {std::string(kind_text(attention))}};
  say(part, fmt::format("{} query heads of {}", grouped(attention.query_heads),
                        grouped(attention.head_dim)));
  say(part, fmt::format("{} key/value heads", grouped(attention.kv_heads)));
  say(part, reach_text(attention));
  if (attention.rotary) say(part, rotary_line(*attention.rotary));
  if (!attention.rotary && positions == Positions::rotated) say(part, "no positions (NoPE)");
  if (attention.qk_norm) say(part, std::string(qk_norm_line(*attention.qk_norm)));
  if (attention.value_norm) say(part, "V-norm over each head");
  if (attention.qkv_bias) say(part, "biases on queries, keys, values");
  if (attention.output_bias) say(part, "bias on the output");
  if (attention.score_soft_cap) {
    say(part, fmt::format("scores capped at {}", figure(*attention.score_soft_cap)));
  }
  if (attention.temperature) say(part, "queries grow with position");
  if (attention.kv_from) {
    say(part, fmt::format("keys, values of '{}' before it", attention.kv_from->name));
    return part;
  }
  part.aside = CacheAside{
      {{fmt::format("2 × {} × {}", grouped(attention.kv_heads), grouped(attention.head_dim))},
       {fmt::format("= {}", grouped(2 * attention.kv_heads * attention.head_dim))},
       {"elements per position"}}};
  return part;
}

DiagramPart describe(const LatentAttention& attention, Positions) {
  DiagramPart part{.kind = BoxKind::attention, .title = {"Latent attention (MLA)"}};
  say(part, fmt::format("{} heads", grouped(attention.query_heads)));
  say(part, fmt::format("key: {} + {} rotated", grouped(attention.nope_head_dim),
                        grouped(attention.rope_head_dim)));
  say(part, fmt::format("value: {}", grouped(attention.value_head_dim)));
  if (attention.query_latent_dim) {
    say(part, fmt::format("query latent: {}", grouped(*attention.query_latent_dim)));
  }
  say(part, fmt::format("key/value latent: {}", grouped(attention.kv_latent_dim)));
  say(part, rotary_line(attention.rotary));
  part.aside = CacheAside{
      {{fmt::format("{} + {}", grouped(attention.kv_latent_dim), grouped(attention.rope_head_dim))},
       {fmt::format("= {}", grouped(attention.kv_latent_dim + attention.rope_head_dim))},
       {"elements per position"}}};
  return part;
}

DiagramPart describe(const DenseFeedForward& dense, Positions) {
  const std::string inside =
      dense.gated ? gated_name(dense.activation) : activation_text(dense.activation);
  DiagramPart part{.kind = BoxKind::feed_forward,
                   .title = {fmt::format("Feed-forward, {}", inside)}};
  say(part, fmt::format("hidden width {}", grouped(dense.width)));
  if (dense.bias) say(part, "with biases");
  if (dense.activation_sparsity) {
    say(part, fmt::format("about {:g} % of the gate is 0", 100 * *dense.activation_sparsity));
  }
  part.aside = PathsAside{dense.gated ? PathsAside::Paths::gated : PathsAside::Paths::one,
                          activation_text(dense.activation)};
  return part;
}

DiagramPart describe(const MixtureFeedForward& mixture, Positions) {
  DiagramPart part{.kind = BoxKind::experts, .title = {"Mixture of experts"}};
  say(part,
      fmt::format("{} experts, {}", grouped(mixture.experts), gated_name(mixture.activation)));
  say(part, fmt::format("{} chosen for a token", grouped(mixture.experts_per_token)));
  say(part, fmt::format("hidden width {}", grouped(mixture.expert_width)));
  if (mixture.shared_width) {
    say(part, fmt::format("shared expert: width {}", grouped(*mixture.shared_width)));
  }
  if (mixture.shared_gate) say(part, "shared expert is gated");
  say(part, fmt::format("router: {}", name_of(mixture.router.scoring)));
  if (mixture.router.groups) {
    say(part, fmt::format("chosen from {} of {} groups", grouped(mixture.router.groups->chosen),
                          grouped(mixture.router.groups->count)));
  }
  part.aside =
      ExpertsAside{mixture.shared_width ? ExpertsAside::Shared::yes : ExpertsAside::Shared::no,
                   mixture.experts.value(), mixture.experts_per_token.value()};
  return part;
}

}  // namespace llmarch::reports
