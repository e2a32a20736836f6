#include "sim/study/quantities.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "sim/study/machine_quantities.h"
#include "sim/study/quantity_lines.h"
#include "sim/study/structure_sizes.h"

namespace llmarch {
namespace {

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

template <Component component>
V parameters_of_component(Figures& figures) {
  for (const ComponentParameters& part : figures.model().parameters.components) {
    if (part.component == component) return part.elements.amount();
  }
  return Integer(0);
}

const ArchSpec& spec_of(const Figures& figures) {
  return figures.model().spec;
}

const Parameters& parameters_of(const Figures& figures) {
  return figures.model().parameters;
}

template <Component component>
constexpr Quantity of_component(std::string_view name, std::string_view meaning) {
  Quantity quantity = constant(name, meaning, Unit::parameters, parameters_of_component<component>);
  quantity.component = component;
  return quantity;
}

constexpr std::array kModelQuantities{
    // What the architecture is.
    constant("layers", "layers", Unit::number,
             [](Figures& f) -> V { return layer_count(spec_of(f)); }),
    constant("hidden", "width of the residual stream", Unit::number,
             [](Figures& f) -> V { return spec_of(f).hidden; }),
    constant("vocabulary", "rows of the embedding table", Unit::number,
             [](Figures& f) -> V { return spec_of(f).vocabulary; }),
    constant("context_limit", "the longest context that the makers allow", Unit::tokens,
             [](Figures& f) -> V { return spec_of(f).context_limit; }),
    constant(
        "query_heads", "query heads, the most of any layer", Unit::number,
        [](Figures& f) -> V { return largest_size(spec_of(f), &AttentionSizes::query_heads); }),
    constant("kv_heads", "key/value heads, the most of any layer; 0 for latent attention",
             Unit::number,
             [](Figures& f) -> V { return largest_size(spec_of(f), &AttentionSizes::kv_heads); }),
    constant("head_dim", "width of a query head, the widest of any layer", Unit::number,
             [](Figures& f) -> V { return largest_size(spec_of(f), &AttentionSizes::head_dim); }),
    constant(
        "kv_latent_dim", "width of the cached latent; 0 without latent attention", Unit::number,
        [](Figures& f) -> V { return largest_size(spec_of(f), &AttentionSizes::kv_latent_dim); }),
    constant("window", "the longest window of any layer; 0 without windows", Unit::tokens,
             [](Figures& f) -> V { return largest_size(spec_of(f), &AttentionSizes::window); }),
    constant("window_layers", "layers with a window or chunks", Unit::number,
             [](Figures& f) -> V { return window_layers(spec_of(f)); }),
    constant("mixture_layers", "layers with experts", Unit::number,
             [](Figures& f) -> V { return mixture_layers(spec_of(f)); }),
    constant("feed_forward_width", "width of a dense feed-forward, the widest of any layer",
             Unit::number,
             [](Figures& f) -> V { return largest_size(spec_of(f), &FeedForwardSizes::width); }),
    constant("experts", "routed experts in a layer; 0 without", Unit::number,
             [](Figures& f) -> V { return largest_size(spec_of(f), &FeedForwardSizes::experts); }),
    constant("experts_per_token", "routed experts that a token runs in a layer", Unit::number,
             [](Figures& f) -> V {
               return largest_size(spec_of(f), &FeedForwardSizes::experts_per_token);
             }),
    constant(
        "expert_width", "width of a routed expert", Unit::number,
        [](Figures& f) -> V { return largest_size(spec_of(f), &FeedForwardSizes::expert_width); }),
    constant(
        "shared_expert_width", "width of all shared experts together; 0 without", Unit::number,
        [](Figures& f) -> V { return largest_size(spec_of(f), &FeedForwardSizes::shared_width); }),
    // Parameters.
    constant("parameters", "all parameters; a tied table counts once", Unit::parameters,
             [](Figures& f) -> V { return parameters_of(f).total.amount(); }),
    constant("resident_parameters", "without per-layer embeddings, of which a token reads one row",
             Unit::parameters, [](Figures& f) -> V { return parameters_of(f).resident.amount(); }),
    constant("active_parameters", "A: every matrix that a token touches", Unit::parameters,
             [](Figures& f) -> V { return parameters_of(f).active.all.amount(); }),
    constant(
        "active_without_input_embedding", "B: A less the input embedding", Unit::parameters,
        [](Figures& f) -> V { return parameters_of(f).active.without_input_embedding.amount(); }),
    constant("active_without_embeddings", "C: B less the head", Unit::parameters,
             [](Figures& f) -> V { return parameters_of(f).active.without_embeddings.amount(); }),
    of_component<Component::token_embedding>("embedding_parameters", "of the token embedding"),
    of_component<Component::position_embedding>("position_parameters",
                                                "of a learned position table"),
    of_component<Component::attention>("attention_parameters", "of attention's projections"),
    of_component<Component::state_mixer>("state_mixer_parameters",
                                         "of mixers that keep a fixed state"),
    of_component<Component::feed_forward>("dense_parameters", "of dense feed-forwards"),
    of_component<Component::experts>("expert_parameters", "of routed experts"),
    of_component<Component::shared_experts>("shared_expert_parameters", "of shared experts"),
    of_component<Component::router>("router_parameters", "of routers"),
    of_component<Component::norms>("norm_parameters", "of norms"),
    of_component<Component::head>("head_parameters", "of a separate head; 0 where it is tied"),
    of_component<Component::per_layer_embedding>("per_layer_embedding_parameters",
                                                 "of the table of per-layer embeddings"),
    of_component<Component::per_layer_inputs>("per_layer_input_parameters",
                                              "of the projections of per-layer inputs"),
    of_component<Component::low_rank_residual>("low_rank_residual_parameters",
                                               "of low-rank residual branches (LAuReL)"),
    of_component<Component::parallel_streams>("parallel_stream_parameters",
                                              "of the prediction and correction of streams"),
    // Memory.
    constant("weight_bytes", "all weights in their format", Unit::bytes,
             [](Figures& f) -> V { return weight_bytes(f.stored_graph()).total.amount(); }),
    constant("kv_bytes_per_token",
             "cache that one more position of one sequence adds, every layer growing", Unit::bytes,
             [](Figures& f) -> V { return cache_bytes_per_token(f.stored_graph()).amount(); }),
    constant("growing_bytes_per_token",
             "of kv_bytes_per_token, what still grows beyond every window", Unit::bytes,
             [](Figures& f) -> V { return growing_bytes_per_token(f.stored_graph()).amount(); }),
    at_context("kv_bytes", "cache held at the context, for the whole batch", Unit::bytes,
               [](Figures& f) -> V { return f.cache().amount(); }),
    constant("state_bytes", "of kv_bytes, the fixed states, which do not grow", Unit::bytes,
             [](Figures& f) -> V {
               return (state_bytes_per_sequence(f.stored_graph()) * f.setting().batch).amount();
             }),
    constant("activation_memory", "rows that have to be there at one time in decode, in bf16",
             Unit::bytes, [](Figures& f) -> V { return f.working_set().amount(); }),
    at_context("total_memory", "weights, cache and the rows in use", Unit::bytes,
               [](Figures& f) -> V { return f.total_memory().amount(); }),
    // Decode: one token of each sequence.
    at_context("decode_flops", "FLOPs of a decode step, matrix and other", Unit::flops,
               [](Figures& f) -> V { return flops(f.decode()); }),
    at_context("decode_matrix_flops", "of these, those of matrix products", Unit::flops,
               [](Figures& f) -> V { return f.decode().matrix.amount(); }),
    at_context("decode_other_flops", "of these, the others", Unit::flops,
               [](Figures& f) -> V { return f.decode().other.amount(); }),
    at_context("decode_transcendentals", "exp, tanh, erf and roots of a decode step", Unit::calls,
               [](Figures& f) -> V { return f.decode().transcendentals.amount(); }),
    at_context("attention_flops", "of a decode step: scores, softmax and weighted values",
               Unit::flops, [](Figures& f) -> V { return flops_of(f, {WorkKind::attention}); }),
    at_context("projection_flops", "of a decode step: attention's projections", Unit::flops,
               [](Figures& f) -> V { return flops_of(f, {WorkKind::projections}); }),
    at_context("attention_block_flops", "of a decode step: attention with its projections",
               Unit::flops,
               [](Figures& f) -> V {
                 return flops_of(f, {WorkKind::attention, WorkKind::projections});
               }),
    at_context("state_mixer_flops", "of a decode step: mixers that keep a fixed state", Unit::flops,
               [](Figures& f) -> V { return flops_of(f, {WorkKind::state_mixer}); }),
    at_context("feed_forward_flops", "of a decode step: dense feed-forwards, experts and routers",
               Unit::flops,
               [](Figures& f) -> V {
                 return flops_of(f, {WorkKind::feed_forward, WorkKind::router, WorkKind::experts});
               }),
    at_context("norm_flops", "of a decode step: norms", Unit::flops,
               [](Figures& f) -> V { return flops_of(f, {WorkKind::norms}); }),
    at_context("head_flops", "of a decode step: the head", Unit::flops,
               [](Figures& f) -> V { return flops_of(f, {WorkKind::head}); }),
    at_context("decode_bytes", "weights and cache that a decode step moves", Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.total.amount(); }),
    at_context("bytes", "the same as decode_bytes", Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.total.amount(); }),
    at_context("decode_weight_bytes", "weights that a decode step reads", Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.weights_read.amount(); }),
    at_context("decode_kv_bytes", "cache that a decode step reads", Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.cache_read.amount(); }),
    at_context("decode_kv_written_bytes", "cache that a decode step writes", Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.cache_written.amount(); }),
    at_context("decode_activation_bytes", "rows between operations of a decode step; not in bytes",
               Unit::bytes,
               [](Figures& f) -> V { return f.decode_step().traffic.activations.amount(); }),
    at_context("intensity", "decode's FLOPs per byte", Unit::flops_per_byte,
               [](Figures& f) -> V { return f.decode_step().intensity; }),
    // Prefill: `prompt` tokens of each sequence.
    at_prompt("prefill_flops", "FLOPs of a prefill, matrix and other", Unit::flops,
              [](Figures& f) -> V { return flops(f.prefill()); }),
    at_prompt("prefill_matrix_flops", "of these, those of matrix products", Unit::flops,
              [](Figures& f) -> V { return f.prefill().matrix.amount(); }),
    at_prompt("prefill_other_flops", "of these, the others", Unit::flops,
              [](Figures& f) -> V { return f.prefill().other.amount(); }),
    at_prompt("prefill_transcendentals", "exp, tanh, erf and roots of a prefill", Unit::calls,
              [](Figures& f) -> V { return f.prefill().transcendentals.amount(); }),
    at_prompt("prefill_attention_flops", "of a prefill: scores, softmax and weighted values",
              Unit::flops,
              [](Figures& f) -> V { return prefill_flops_of(f, {WorkKind::attention}); }),
    at_prompt(
        "prefill_feed_forward_flops", "of a prefill: dense feed-forwards, experts and routers",
        Unit::flops,
        [](Figures& f) -> V {
          return prefill_flops_of(f, {WorkKind::feed_forward, WorkKind::router, WorkKind::experts});
        }),
    at_prompt("prefill_bytes", "weights and cache that a prefill moves", Unit::bytes,
              [](Figures& f) -> V { return f.prefill_step().traffic.total.amount(); }),
    at_prompt("prefill_weight_bytes", "weights that a prefill reads", Unit::bytes,
              [](Figures& f) -> V { return f.prefill_step().traffic.weights_read.amount(); }),
    at_prompt("prefill_kv_bytes", "cache that a prefill reads", Unit::bytes,
              [](Figures& f) -> V { return f.prefill_step().traffic.cache_read.amount(); }),
    at_prompt("prefill_kv_written_bytes", "cache that a prefill writes", Unit::bytes,
              [](Figures& f) -> V { return f.prefill_step().traffic.cache_written.amount(); }),
    at_prompt("prefill_activation_bytes", "rows between operations of a prefill; not in bytes",
              Unit::bytes,
              [](Figures& f) -> V { return f.prefill_step().traffic.activations.amount(); }),
    at_prompt("prefill_intensity", "a prefill's FLOPs per byte", Unit::flops_per_byte,
              [](Figures& f) -> V { return f.prefill_step().intensity; }),
    // For each token that a step of decode yields.
    at_context("tokens_per_step",
               "tokens that a step of decode yields, the whole batch together: expected, where "
               "`draft` is set and the model has prediction layers",
               Unit::number, [](Figures& f) -> V { return f.decode_by_drafting().tokens; }),
    at_context("flops_per_token", "FLOPs of such a step for each token that it yields", Unit::flops,
               [](Figures& f) -> V { return f.decode_by_drafting().flops_per_token().amount(); }),
    at_context("bytes_per_token", "weights and cache that it moves for each token that it yields",
               Unit::bytes,
               [](Figures& f) -> V { return f.decode_by_drafting().bytes_per_token().amount(); }),
};

std::vector<Quantity> all_quantities() {
  std::vector<Quantity> all(kModelQuantities.begin(), kModelQuantities.end());
  std::ranges::copy(machine_quantities(), std::back_inserter(all));
  return all;
}

// Null when no quantity has that.
template <class Value>
const Quantity* quantity_with(Value Quantity::*member, const Value& value) {
  const auto found = std::ranges::find(quantities(), value, member);
  return found == quantities().end() ? nullptr : &*found;
}

}  // namespace

Needs lacking(Needs needs, const PartialSetting& setting) {
  if (needs == Needs::nothing) return Needs::nothing;
  if (!setting.machine || *setting.machine == nullptr) return Needs::machine;
  if (needs == Needs::times && !(*setting.machine)->has_estimates()) return Needs::times;
  if (needs == Needs::placement && !setting.place) return Needs::placement;
  return needs == Needs::deployment && !setting.parallel ? Needs::deployment : Needs::nothing;
}

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
  static const std::vector<Quantity> all = all_quantities();
  return all;
}

const Quantity* find_quantity(std::string_view name) {
  return quantity_with(&Quantity::name, name);
}

std::string_view quantity_of(Component component) {
  const Quantity* found = quantity_with(&Quantity::component, std::optional(component));
  return found == nullptr ? std::string_view() : found->name;
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
