#include "reports/say/block_diagram.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>
#include <vector>

#include "reports/document/format.h"
#include "reports/say/cells.h"
#include "sim/spec/fields.h"

namespace llmarch::reports {
namespace {

using Lines = std::vector<std::string>;

std::string norm_name(const Norm& norm) {
  return norm.kind == NormKind::rms ? "RMSNorm" : "LayerNorm";
}

std::string rotary_text(const Rotary& rotary) {
  std::string text = fmt::format("rotary, theta {:g}", rotary.theta);
  if (rotary.scaling) {
    text += fmt::format(", {}", Names<RotaryScaling>::alternatives[rotary.scaling->index()]);
  }
  return text;
}

std::string qk_norm_text(QkNorm norm) {
  switch (norm) {
    case QkNorm::per_head: return "queries and keys normalised, each head";
    case QkNorm::whole: return "queries and keys normalised, the whole projection";
    case QkNorm::unweighted_after_rotation:
      return "queries and keys normalised after rotation, without weights";
  }
  throw std::logic_error("qk_norm_text: a norm outside the enumeration");
}

Lines describe(const GroupedAttention& attention) {
  const Integer cached = 2 * attention.kv_heads * attention.head_dim;
  Lines lines{
      attention.kv_heads == attention.query_heads ? "multi-head attention"
                                                  : "grouped-query attention",
      fmt::format("{} query heads, {} key/value heads of {}", grouped(attention.query_heads),
                  grouped(attention.kv_heads), grouped(attention.head_dim))};
  if (attention.window) {
    lines.push_back(fmt::format("a window of {} keys", grouped(*attention.window)));
  }
  if (attention.chunk) {
    lines.push_back(fmt::format("within chunks of {} keys", grouped(*attention.chunk)));
  }
  if (attention.qk_norm) lines.emplace_back(qk_norm_text(*attention.qk_norm));
  if (attention.score_soft_cap) {
    lines.push_back(fmt::format("scores capped at {:g}", *attention.score_soft_cap));
  }
  if (attention.temperature) lines.emplace_back("queries grow with their position");
  lines.push_back(attention.rotary ? rotary_text(*attention.rotary) : "no rotary positions");
  if (attention.value_norm) lines.emplace_back("values normalised, without weights");
  lines.push_back(attention.kv_from
                      ? fmt::format("reads the cache of the nearest layer with attention '{}'",
                                    attention.kv_from->name)
                      : fmt::format("caches {} elements a token: keys, values", grouped(cached)));
  return lines;
}

Lines describe(const LatentAttention& attention) {
  const Integer cached = attention.kv_latent_dim + attention.rope_head_dim;
  Lines lines{"latent attention (MLA)",
              fmt::format("{} heads: keys {} + {} rotated, values {}",
                          grouped(attention.query_heads), grouped(attention.nope_head_dim),
                          grouped(attention.rope_head_dim), grouped(attention.value_head_dim))};
  lines.push_back(attention.query_latent_dim ? fmt::format("queries through a latent of {}",
                                                           grouped(*attention.query_latent_dim))
                                             : "queries projected in one step");
  lines.push_back(rotary_text(attention.rotary));
  lines.push_back(fmt::format("caches {} elements a token: latent {}, rotated key {}",
                              grouped(cached), grouped(attention.kv_latent_dim),
                              grouped(attention.rope_head_dim)));
  return lines;
}

Lines describe(const DenseFeedForward& dense) {
  Lines lines{dense.gated ? "gated feed-forward" : "feed-forward",
              fmt::format("width {}, {}", grouped(dense.width), name_of(dense.activation))};
  if (dense.activation_sparsity) {
    lines.push_back(fmt::format("the smallest {:.4g} % of what enters it cut off",
                                100 * *dense.activation_sparsity));
  }
  return lines;
}

Lines describe(const MixtureFeedForward& mixture) {
  Lines lines{"mixture of experts",
              fmt::format("router: {}, {} of {} experts a token", name_of(mixture.router.scoring),
                          grouped(mixture.experts_per_token), grouped(mixture.experts)),
              fmt::format("each of width {}, {}", grouped(mixture.expert_width),
                          name_of(mixture.activation))};
  if (mixture.router.groups) {
    lines.push_back(fmt::format("from {} of {} groups", grouped(mixture.router.groups->chosen),
                                grouped(mixture.router.groups->count)));
  }
  if (mixture.shared_width) {
    lines.push_back(
        fmt::format("shared experts of width {}, for every token", grouped(*mixture.shared_width)));
  }
  return lines;
}

// A branch that leaves the residual stream, passes through the block and its norms, and is added
// back.
Lines branch(const ArchSpec& spec, const Lines& block) {
  const NormPlacement place = spec.norm.placement;
  const Lines norm{norm_name(spec.norm)};
  std::vector<Lines> steps;
  if (place == NormPlacement::before || place == NormPlacement::before_and_after) {
    steps.push_back(norm);
  }
  steps.push_back(block);
  if (place == NormPlacement::after || place == NormPlacement::before_and_after) {
    steps.push_back(norm);
  }
  Lines drawn;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    drawn.push_back((i == 0 ? "├──► " : "│    ") + steps[i].front());
    for (std::size_t line = 1; line < steps[i].size(); ++line) {
      drawn.push_back("│      " + steps[i][line]);
    }
    if (i + 1 < steps.size()) drawn.emplace_back("│      ↓");
  }
  drawn.emplace_back("⊕ ◄──┘");
  if (place == NormPlacement::after_residual) drawn.push_back(norm.front());
  return drawn;
}

std::string layers_text(Integer count) {
  return count == 1 ? "1 layer" : fmt::format("{} layers", count.value());
}

Integer layers_of_kind(const ArchSpec& spec, std::size_t kind) {
  Integer count = 0;
  for (const std::size_t layer : layer_sequence(spec)) count += layer == kind ? 1 : 0;
  return count;
}

void append_remark(const std::string& remark, std::string& text) {
  text += "  │ │\n  │ " + remark + "\n";
}

// What the layer's input goes through before its blocks, and behind them.
void append_before(const ArchSpec& spec, std::string& text) {
  if (!spec.parallel_streams) return;
  append_remark(
      fmt::format("predict {} streams; stream {} goes on", grouped(spec.parallel_streams->count),
                  grouped(spec.parallel_streams->active + 1)),
      text);
}

void append_behind(const ArchSpec& spec, std::string& text) {
  if (spec.parallel_streams) append_remark("correct all streams by what was done", text);
  if (!spec.per_layer_embedding) return;
  append_remark(
      fmt::format("⊕ per-layer embedding of {}, gated{}", grouped(spec.per_layer_embedding->width),
                  spec.parallel_streams ? ", onto the other streams" : ""),
      text);
}

void append_layer(const ArchSpec& spec, std::size_t kind, std::string& text) {
  const Layer& layer = spec.layer.at(kind).value;
  const auto described = [](const auto& variant) {
    return std::visit([](const auto& alternative) { return describe(alternative); }, variant);
  };
  Lines mixer = described(spec.attention.at(layer.attention.index).value);
  if (spec.low_rank_residual) {
    mixer.push_back(fmt::format("beside it a branch of rank {}; the sum over the root of 2",
                                grouped(*spec.low_rank_residual)));
  }
  const Lines feed_forward = described(spec.feed_forward.at(layer.feed_forward.index).value);
  text += fmt::format("  ┌ {}: {}\n", spec.layer.at(kind).name,
                      layers_text(layers_of_kind(spec, kind)));
  append_before(spec, text);
  for (const auto& steps : {branch(spec, mixer), branch(spec, feed_forward)}) {
    text += "  │ │\n";
    for (const std::string& line : steps) text += "  │ " + line + "\n";
  }
  append_behind(spec, text);
  text += "  └ │\n";
}

}  // namespace

std::string block_diagram(const ArchSpec& spec) {
  std::string text = "    tokens\n    │\n";
  text +=
      fmt::format("    token embedding, {} x {}\n", grouped(spec.vocabulary), grouped(spec.hidden));
  if (spec.scaled_embedding) {
    text += fmt::format("    x root of {}\n", grouped(spec.hidden));
  }
  if (spec.learned_positions) {
    text += fmt::format("    + position embedding, {} x {}\n", grouped(*spec.learned_positions),
                        grouped(spec.hidden));
  }
  if (spec.per_layer_embedding) {
    text += fmt::format("    per-layer embedding beside it, {} x {} layers of {}\n",
                        grouped(spec.per_layer_embedding->vocabulary), grouped(layer_count(spec)),
                        grouped(spec.per_layer_embedding->width));
  }
  if (spec.parallel_streams) {
    text += fmt::format("    {} streams: the embedding and {} projections of it\n",
                        grouped(spec.parallel_streams->count),
                        grouped(spec.parallel_streams->count - 1));
  }
  text += "    │\n";
  std::set<std::size_t> drawn;
  for (const std::size_t kind : layer_sequence(spec)) {
    if (drawn.insert(kind).second) append_layer(spec, kind, text);
  }
  if (spec.parallel_streams) text += "    mean of the streams, each projected\n    │\n";
  text += fmt::format("    {}\n    │\n    head, {} x {}{}\n    │\n    logits\n",
                      norm_name(spec.norm), grouped(spec.vocabulary), grouped(spec.hidden),
                      spec.head == Head::tied ? ", the embedding table" : "");
  if (spec.logit_soft_cap) {
    text.insert(text.rfind("    │\n"), fmt::format("    capped at {:g}\n", *spec.logit_soft_cap));
  }
  return text;
}

}  // namespace llmarch::reports
