#include "sim/study/quantities.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sim/study/compare.h"

namespace llmarch {
namespace {

using Figures = PointFigures;

Step step(Figures& figures, const Work& work) {
  const Point& settings = figures.settings();
  return step_of(work, {figures.context(), settings.batch, settings.weights, settings.kv});
}

Step decode_step(Figures& figures) {
  return step(figures, figures.decode());
}

Step prefill_step(Figures& figures) {
  return step(figures, figures.prefill());
}

Integer flops(const Work& work) {
  return (work.matrix + work.other).amount();
}

Integer flops_of(Figures& figures, std::initializer_list<WorkKind> kinds) {
  Integer sum;
  for (const WorkKind kind : kinds) sum += flops(figures.decode(kind));
  return sum;
}

Integer prefill_flops_of(Figures& figures, std::initializer_list<WorkKind> kinds) {
  Integer sum;
  for (const WorkKind kind : kinds) sum += flops(figures.prefill(kind));
  return sum;
}

Integer component(const Figures& figures, Component component) {
  for (const ComponentParameters& part : figures.model().parameters.components) {
    if (part.component == component) return part.elements.amount();
  }
  return 0;
}

// The largest that `size` gives for any kind of attention or feed-forward; 0 where none has one.
template <class Alternative, class Value, class Size>
Integer largest(const std::vector<Named<Value>>& kinds, const Size& size) {
  Integer most = 0;
  for (const auto& [name, kind] : kinds) {
    const auto* alternative = std::get_if<Alternative>(&kind);
    if (alternative != nullptr) most = std::max(most, Integer(size(*alternative)));
  }
  return most;
}

template <class Property>
Integer count_layers(const ArchSpec& spec, const Property& property) {
  Integer count;
  for (const std::size_t kind : layer_sequence(spec)) {
    if (property(spec.layer.at(kind).value)) count += 1;
  }
  return count;
}

Integer query_heads(const ArchSpec& spec) {
  const auto heads = [](const auto& kind) { return kind.query_heads; };
  return std::max(largest<GroupedAttention>(spec.attention, heads),
                  largest<LatentAttention>(spec.attention, heads));
}

Integer head_dim(const ArchSpec& spec) {
  return std::max(
      largest<GroupedAttention>(spec.attention, [](const auto& kind) { return kind.head_dim; }),
      largest<LatentAttention>(spec.attention, [](const auto& kind) {
        return kind.nope_head_dim + kind.rope_head_dim;
      }));
}

Integer window_layers(const ArchSpec& spec) {
  return count_layers(spec, [&](const Layer& layer) {
    const auto* grouped =
        std::get_if<GroupedAttention>(&spec.attention.at(layer.attention.index).value);
    return grouped != nullptr && (grouped->window || grouped->chunk);
  });
}

Integer mixture_layers(const ArchSpec& spec) {
  return count_layers(spec, [&](const Layer& layer) {
    return std::holds_alternative<MixtureFeedForward>(
        spec.feed_forward.at(layer.feed_forward.index).value);
  });
}

double over_floor(Integer tokens, const Floor& floor) {
  return tokens.as_double() / floor.seconds;
}

constexpr auto kNever = Varies::never;
constexpr auto kContext = Varies::with_context;
constexpr auto kPrompt = Varies::with_prompt;

const ArchSpec& spec_of(const Figures& figures) {
  return figures.model().spec;
}

const Parameters& parameters_of(const Figures& figures) {
  return figures.model().parameters;
}

using V = QuantityValue;

const std::array kQuantities{
    // What the architecture is.
    Quantity{"layers", "layers", Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V { return layer_count(spec_of(f)); }},
    Quantity{"hidden", "width of the residual stream", Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V { return spec_of(f).hidden; }},
    Quantity{"vocabulary", "rows of the embedding table", Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V { return spec_of(f).vocabulary; }},
    Quantity{"context_limit", "the longest context that the makers allow", Unit::tokens, kNever,
             Needs::nothing, [](Figures& f) -> V { return spec_of(f).context_limit; }},
    Quantity{"query_heads", "query heads, the most of any layer", Unit::number, kNever,
             Needs::nothing, [](Figures& f) -> V { return query_heads(spec_of(f)); }},
    Quantity{"kv_heads", "key/value heads, the most of any layer; 0 for latent attention",
             Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<GroupedAttention>(spec_of(f).attention,
                                                [](const auto& kind) { return kind.kv_heads; });
             }},
    Quantity{"head_dim", "width of a query head, the widest of any layer", Unit::number, kNever,
             Needs::nothing, [](Figures& f) -> V { return head_dim(spec_of(f)); }},
    Quantity{"kv_latent_dim", "width of the cached latent; 0 without latent attention",
             Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<LatentAttention>(spec_of(f).attention,
                                               [](const auto& kind) { return kind.kv_latent_dim; });
             }},
    Quantity{"window", "the longest window of any layer; 0 without windows", Unit::tokens, kNever,
             Needs::nothing,
             [](Figures& f) -> V {
               return largest<GroupedAttention>(spec_of(f).attention, [](const auto& kind) {
                 return kind.window.value_or(0);
               });
             }},
    Quantity{"window_layers", "layers with a window or chunks", Unit::number, kNever,
             Needs::nothing, [](Figures& f) -> V { return window_layers(spec_of(f)); }},
    Quantity{"mixture_layers", "layers with experts", Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V { return mixture_layers(spec_of(f)); }},
    Quantity{"feed_forward_width", "width of a dense feed-forward, the widest of any layer",
             Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<DenseFeedForward>(spec_of(f).feed_forward,
                                                [](const auto& kind) { return kind.width; });
             }},
    Quantity{"experts", "routed experts in a layer; 0 without", Unit::number, kNever,
             Needs::nothing,
             [](Figures& f) -> V {
               return largest<MixtureFeedForward>(spec_of(f).feed_forward,
                                                  [](const auto& kind) { return kind.experts; });
             }},
    Quantity{"experts_per_token", "routed experts that a token runs in a layer", Unit::number,
             kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<MixtureFeedForward>(
                   spec_of(f).feed_forward, [](const auto& kind) { return kind.experts_per_token; });
             }},
    Quantity{"expert_width", "width of a routed expert", Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<MixtureFeedForward>(
                   spec_of(f).feed_forward, [](const auto& kind) { return kind.expert_width; });
             }},
    Quantity{"shared_expert_width", "width of all shared experts together; 0 without",
             Unit::number, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return largest<MixtureFeedForward>(spec_of(f).feed_forward, [](const auto& kind) {
                 return kind.shared_width.value_or(0);
               });
             }},
    // Parameters.
    Quantity{"parameters", "all parameters; a tied table counts once", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return parameters_of(f).total.amount(); }},
    Quantity{"resident_parameters",
             "without per-layer embeddings, of which a token reads one row", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return parameters_of(f).resident.amount(); }},
    Quantity{"active_parameters", "A: every matrix that a token touches", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return parameters_of(f).active.all.amount(); }},
    Quantity{"active_without_input_embedding", "B: A less the input embedding", Unit::parameters,
             kNever, Needs::nothing,
             [](Figures& f) -> V {
               return parameters_of(f).active.without_input_embedding.amount();
             }},
    Quantity{"active_without_embeddings", "C: B less the head", Unit::parameters, kNever,
             Needs::nothing,
             [](Figures& f) -> V { return parameters_of(f).active.without_embeddings.amount(); }},
    Quantity{"embedding_parameters", "of the token embedding", Unit::parameters, kNever,
             Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::token_embedding); }},
    Quantity{"position_parameters", "of a learned position table", Unit::parameters, kNever,
             Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::position_embedding); }},
    Quantity{"attention_parameters", "of attention's projections", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return component(f, Component::attention); }},
    Quantity{"dense_parameters", "of dense feed-forwards", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return component(f, Component::feed_forward); }},
    Quantity{"expert_parameters", "of routed experts", Unit::parameters, kNever, Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::experts); }},
    Quantity{"shared_expert_parameters", "of shared experts", Unit::parameters, kNever,
             Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::shared_experts); }},
    Quantity{"router_parameters", "of routers", Unit::parameters, kNever, Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::router); }},
    Quantity{"norm_parameters", "of norms", Unit::parameters, kNever, Needs::nothing,
             [](Figures& f) -> V { return component(f, Component::norms); }},
    Quantity{"head_parameters", "of a separate head; 0 where it is tied", Unit::parameters, kNever,
             Needs::nothing, [](Figures& f) -> V { return component(f, Component::head); }},
    // Memory.
    Quantity{"weight_bytes", "all weights in their format", Unit::bytes, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return bytes_of(parameters_of(f).total, f.settings().weights).amount();
             }},
    Quantity{"kv_bytes_per_token", "cache that one more position of one sequence adds, every layer "
             "growing", Unit::bytes, kNever, Needs::nothing,
             [](Figures& f) -> V {
               return bytes_of(cache_elements_per_token(f.model().graph), f.settings().kv).amount();
             }},
    Quantity{"kv_bytes", "cache held at the context, for the whole batch", Unit::bytes, kContext,
             Needs::nothing,
             [](Figures& f) -> V { return f.cache().amount(); }},
    Quantity{"activation_memory", "rows that have to be there at one time in decode, in bf16",
             Unit::bytes, kNever, Needs::nothing,
             [](Figures& f) -> V { return f.working_set().amount(); }},
    Quantity{"total_memory", "weights, cache and the rows in use", Unit::bytes, kContext,
             Needs::nothing, [](Figures& f) -> V { return f.total_memory().amount(); }},
    // Decode: one token of each sequence.
    Quantity{"decode_flops", "FLOPs of a decode step, matrix and other", Unit::flops, kContext,
             Needs::nothing, [](Figures& f) -> V { return flops(f.decode()); }},
    Quantity{"decode_matrix_flops", "of these, those of matrix products", Unit::flops, kContext,
             Needs::nothing, [](Figures& f) -> V { return f.decode().matrix.amount(); }},
    Quantity{"decode_other_flops", "of these, the others", Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V { return f.decode().other.amount(); }},
    Quantity{"decode_transcendentals", "exp, tanh, erf and roots of a decode step", Unit::calls,
             kContext, Needs::nothing,
             [](Figures& f) -> V { return f.decode().transcendentals.amount(); }},
    Quantity{"attention_flops", "of a decode step: scores, softmax and weighted values",
             Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V { return flops_of(f, {WorkKind::attention}); }},
    Quantity{"projection_flops", "of a decode step: attention's projections", Unit::flops,
             kContext, Needs::nothing,
             [](Figures& f) -> V { return flops_of(f, {WorkKind::projections}); }},
    Quantity{"attention_block_flops", "of a decode step: attention with its projections",
             Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V {
               return flops_of(f, {WorkKind::attention, WorkKind::projections});
             }},
    Quantity{"feed_forward_flops", "of a decode step: dense feed-forwards, experts and routers",
             Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V {
               return flops_of(f, {WorkKind::feed_forward, WorkKind::router, WorkKind::experts});
             }},
    Quantity{"norm_flops", "of a decode step: norms", Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V { return flops_of(f, {WorkKind::norms}); }},
    Quantity{"head_flops", "of a decode step: the head", Unit::flops, kContext, Needs::nothing,
             [](Figures& f) -> V { return flops_of(f, {WorkKind::head}); }},
    Quantity{"decode_bytes", "weights and cache that a decode step moves", Unit::bytes, kContext,
             Needs::nothing,
             [](Figures& f) -> V { return decode_step(f).traffic.total.amount(); }},
    Quantity{"bytes", "the same as decode_bytes", Unit::bytes, kContext, Needs::nothing,
             [](Figures& f) -> V { return decode_step(f).traffic.total.amount(); }},
    Quantity{"decode_weight_bytes", "weights that a decode step reads", Unit::bytes, kContext,
             Needs::nothing,
             [](Figures& f) -> V { return decode_step(f).traffic.weights_read.amount(); }},
    Quantity{"decode_kv_bytes", "cache that a decode step reads", Unit::bytes, kContext,
             Needs::nothing,
             [](Figures& f) -> V { return decode_step(f).traffic.cache_read.amount(); }},
    Quantity{"decode_activation_bytes", "rows between operations of a decode step; not in bytes",
             Unit::bytes, kContext, Needs::nothing,
             [](Figures& f) -> V { return decode_step(f).traffic.activations.amount(); }},
    Quantity{"intensity", "decode's FLOPs per byte", Unit::flops_per_byte, kContext,
             Needs::nothing, [](Figures& f) -> V { return decode_step(f).intensity; }},
    // Prefill: `prompt` tokens of each sequence.
    Quantity{"prefill_flops", "FLOPs of a prefill, matrix and other", Unit::flops, kPrompt,
             Needs::nothing, [](Figures& f) -> V { return flops(f.prefill()); }},
    Quantity{"prefill_matrix_flops", "of these, those of matrix products", Unit::flops, kPrompt,
             Needs::nothing, [](Figures& f) -> V { return f.prefill().matrix.amount(); }},
    Quantity{"prefill_other_flops", "of these, the others", Unit::flops, kPrompt, Needs::nothing,
             [](Figures& f) -> V { return f.prefill().other.amount(); }},
    Quantity{"prefill_transcendentals", "exp, tanh, erf and roots of a prefill", Unit::calls,
             kPrompt, Needs::nothing,
             [](Figures& f) -> V { return f.prefill().transcendentals.amount(); }},
    Quantity{"prefill_attention_flops", "of a prefill: scores, softmax and weighted values",
             Unit::flops, kPrompt, Needs::nothing,
             [](Figures& f) -> V { return prefill_flops_of(f, {WorkKind::attention}); }},
    Quantity{"prefill_feed_forward_flops",
             "of a prefill: dense feed-forwards, experts and routers", Unit::flops, kPrompt,
             Needs::nothing,
             [](Figures& f) -> V {
               return prefill_flops_of(
                   f, {WorkKind::feed_forward, WorkKind::router, WorkKind::experts});
             }},
    Quantity{"prefill_bytes", "weights and cache that a prefill moves", Unit::bytes, kPrompt,
             Needs::nothing,
             [](Figures& f) -> V { return prefill_step(f).traffic.total.amount(); }},
    Quantity{"prefill_weight_bytes", "weights that a prefill reads", Unit::bytes, kPrompt,
             Needs::nothing,
             [](Figures& f) -> V { return prefill_step(f).traffic.weights_read.amount(); }},
    Quantity{"prefill_activation_bytes", "rows between operations of a prefill; not in bytes",
             Unit::bytes, kPrompt, Needs::nothing,
             [](Figures& f) -> V { return prefill_step(f).traffic.activations.amount(); }},
    Quantity{"prefill_intensity", "a prefill's FLOPs per byte", Unit::flops_per_byte, kPrompt,
             Needs::nothing, [](Figures& f) -> V { return prefill_step(f).intensity; }},
    // On hardware.
    Quantity{"floor_time", "the least that a decode step takes on the hardware", Unit::seconds,
             kContext, Needs::hardware, [](Figures& f) -> V { return f.decode_floor().seconds; }},
    Quantity{"arithmetic_time", "decode's FLOPs over the peak", Unit::seconds, kContext,
             Needs::hardware,
             [](Figures& f) -> V { return f.decode_floor().arithmetic_seconds; }},
    Quantity{"memory_time", "decode's bytes over the bandwidth", Unit::seconds, kContext,
             Needs::hardware, [](Figures& f) -> V { return f.decode_floor().memory_seconds; }},
    Quantity{"tokens_per_second", "the most that decode gives, the whole batch together",
             Unit::tokens_per_second, kContext, Needs::hardware,
             [](Figures& f) -> V { return over_floor(f.settings().batch, f.decode_floor()); }},
    Quantity{"prefill_floor_time", "the least that a prefill takes on the hardware", Unit::seconds,
             kPrompt, Needs::hardware,
             [](Figures& f) -> V { return f.prefill_floor().seconds; }},
    Quantity{"prefill_tokens_per_second", "the most that a prefill gives, the whole batch together",
             Unit::tokens_per_second, kPrompt, Needs::hardware,
             [](Figures& f) -> V {
               return over_floor(f.settings().batch * f.prompt(), f.prefill_floor());
             }},
};

}  // namespace

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::number: return "";
    case Unit::parameters: return "parameters";
    case Unit::tokens: return "tokens";
    case Unit::bytes: return "bytes";
    case Unit::flops: return "FLOPs";
    case Unit::calls: return "calls";
    case Unit::flops_per_byte: return "FLOPs per byte";
    case Unit::seconds: return "seconds";
    case Unit::tokens_per_second: return "tokens per second";
  }
  throw std::logic_error("name_of: a unit outside the enumeration");
}

std::span<const Quantity> quantities() {
  return kQuantities;
}

const Quantity* find_quantity(std::string_view name) {
  const auto* found = std::find_if(kQuantities.begin(), kQuantities.end(),
                                   [&](const Quantity& quantity) { return quantity.name == name; });
  return found == kQuantities.end() ? nullptr : found;
}

QuantityValue evaluate(const Quantity& quantity, const Model& model, const Point& point) {
  const ModelCurves curves(model, point);
  return evaluate(quantity, curves, point.context, point.prompt);
}

QuantityValue evaluate(const Quantity& quantity, const ModelCurves& curves, Integer context,
                       Integer prompt) {
  PointFigures figures(curves, context, prompt);
  return quantity.of(figures);
}

double as_double(const QuantityValue& value) {
  const auto* whole = std::get_if<Integer>(&value);
  return whole != nullptr ? whole->as_double() : std::get<double>(value);
}

}  // namespace llmarch
