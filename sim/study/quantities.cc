#include "sim/study/quantities.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sim/study/structure_sizes.h"

namespace llmarch {
namespace {

using Figures = PointFigures;
using V = QuantityValue;

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

double over_floor(Integer tokens, const Floor& floor) {
  return tokens.as_double() / floor.seconds;
}

const ArchSpec& spec_of(const Figures& figures) {
  return figures.model().spec;
}

const Parameters& parameters_of(const Figures& figures) {
  return figures.model().parameters;
}

using Of = V (*)(Figures&);

// A quantity that is the same at every length.
constexpr Quantity constant(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::never, Needs::nothing, of};
}

constexpr Quantity at_context(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::with_context, Needs::nothing, of};
}

constexpr Quantity at_prompt(std::string_view name, std::string_view meaning, Unit unit, Of of) {
  return {name, meaning, unit, Varies::with_prompt, Needs::nothing, of};
}

template <Component component>
constexpr Quantity of_component(std::string_view name, std::string_view meaning) {
  Quantity quantity = constant(name, meaning, Unit::parameters, parameters_of_component<component>);
  quantity.component = component;
  return quantity;
}

constexpr Quantity on_machine(Quantity quantity) {
  quantity.needs = Needs::machine;
  return quantity;
}

constexpr Quantity on_ranks(Quantity quantity) {
  quantity.needs = Needs::deployment;
  return quantity;
}

constexpr Quantity timed(Quantity quantity) {
  quantity.needs = Needs::times;
  return quantity;
}

const std::array kQuantities{
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
    // On hardware.
    on_machine(at_context("floor_time", "the least that a decode step takes on the hardware",
                          Unit::seconds, [](Figures& f) -> V { return f.decode_floor().seconds; })),
    on_machine(at_context(
        "uniform_floor_time",
        "floor_time if a step's experts are chosen uniformly: an expectation, no bound",
        Unit::seconds, [](Figures& f) -> V { return f.uniform_decode_floor().seconds; })),
    on_machine(at_context("arithmetic_time", "decode's FLOPs over the peak", Unit::seconds,
                          [](Figures& f) -> V { return f.decode_floor().arithmetic_seconds; })),
    on_machine(at_context("memory_time", "decode's bytes over the bandwidth", Unit::seconds,
                          [](Figures& f) -> V { return f.decode_floor().memory_seconds; })),
    on_machine(at_context(
        "tokens_per_second", "the most that decode gives without drafts, the whole batch together",
        Unit::tokens_per_second,
        [](Figures& f) -> V { return over_floor(f.setting().batch, f.decode_floor()); })),
    on_machine(at_context(
        "drafted_tokens_per_second",
        "the most that decode gives with drafts, in expectation; the same where it does not draft",
        Unit::tokens_per_second,
        [](Figures& f) -> V {
          const DraftedStep& step = f.decode_by_drafting();
          return step.tokens / step.floor.value().seconds;
        })),
    on_machine(at_prompt("prefill_floor_time", "the least that a prefill takes on the hardware",
                         Unit::seconds, [](Figures& f) -> V { return f.prefill_floor().seconds; })),
    on_machine(at_prompt(
        "prefill_uniform_floor_time",
        "prefill_floor_time if a step's experts are chosen uniformly: an expectation, no bound",
        Unit::seconds, [](Figures& f) -> V { return f.uniform_prefill_floor().seconds; })),
    on_machine(at_prompt("prefill_tokens_per_second",
                         "the most that a prefill gives, the whole batch together",
                         Unit::tokens_per_second,
                         [](Figures& f) -> V {
                           return over_floor(f.setting().batch * f.prompt(), f.prefill_floor());
                         })),
    // On the ranks of a deployment: of the one that holds most, or of a step of all of them.
    on_ranks(constant("rank_weight_bytes", "weights of the fullest rank", Unit::bytes,
                      [](Figures& f) -> V { return f.ranks().fullest().memory.weights.amount(); })),
    on_ranks(constant(
        "rank_kv_bytes_per_token", "cache that one more position of a sequence adds to a rank",
        Unit::bytes, [](Figures& f) -> V { return f.ranks().fullest().cache_per_token.amount(); })),
    on_ranks(at_context("rank_kv_bytes", "cache of the fullest rank, at its largest on the way",
                        Unit::bytes,
                        [](Figures& f) -> V { return f.ranks().fullest().memory.cache.amount(); })),
    on_ranks(
        at_context("rank_memory", "weights, cache and rows in use of the fullest rank", Unit::bytes,
                   [](Figures& f) -> V { return f.ranks().fullest().memory.total().amount(); })),
    on_ranks(
        at_context("decode_sent_bytes", "what a rank sends in a decode step", Unit::bytes,
                   [](Figures& f) -> V { return f.ranks().fullest().decode.sent().amount(); })),
    on_ranks(at_context("rank_floor_time", "the least that a decode step takes on the ranks",
                        Unit::seconds, [](Figures& f) -> V { return f.ranks().decode_seconds(); })),
    on_ranks(at_context("rank_tokens_per_second",
                        "the most that decode gives on the ranks, the whole batch together",
                        Unit::tokens_per_second,
                        [](Figures& f) -> V {
                          return f.setting().batch.as_double() / f.ranks().decode_seconds();
                        })),
    on_ranks(
        at_prompt("prefill_sent_bytes", "what a rank sends in a prefill", Unit::bytes,
                  [](Figures& f) -> V { return f.ranks().fullest().prefill.sent().amount(); })),
    on_ranks(at_prompt("rank_prefill_floor_time", "the least that a prefill takes on the ranks",
                       Unit::seconds, [](Figures& f) -> V { return f.ranks().prefill_seconds(); })),
    // By what such operations were measured to take.
    timed(at_context("estimated_time", "what a decode step is estimated to take", Unit::seconds,
                     [](Figures& f) -> V { return f.decode_estimate().median; })),
    timed(at_context("estimated_time_p10", "the tenth part of its spread", Unit::seconds,
                     [](Figures& f) -> V { return f.decode_estimate().p10; })),
    timed(at_context("estimated_time_p90", "nine tenths of its spread", Unit::seconds,
                     [](Figures& f) -> V { return f.decode_estimate().p90; })),
    timed(at_context(
        "unmeasured_time", "of these the floors of operations of which nothing was measured",
        Unit::seconds, [](Figures& f) -> V { return f.decode_estimate().unmeasured; })),
    timed(at_prompt("prefill_estimated_time", "what a prefill is estimated to take", Unit::seconds,
                    [](Figures& f) -> V { return f.prefill_estimate().median; })),
    timed(at_prompt("prefill_estimated_time_p10", "the tenth part of its spread", Unit::seconds,
                    [](Figures& f) -> V { return f.prefill_estimate().p10; })),
    timed(at_prompt("prefill_estimated_time_p90", "nine tenths of its spread", Unit::seconds,
                    [](Figures& f) -> V { return f.prefill_estimate().p90; })),
};

}  // namespace

Needs lacking(Needs needs, const PartialSetting& setting) {
  if (needs == Needs::nothing) return Needs::nothing;
  if (!setting.machine || *setting.machine == nullptr) return Needs::machine;
  const Hardware& machine = **setting.machine;
  const bool is_timed = machine.times != nullptr && machine.all_devices() == 1;
  if (needs == Needs::times && !is_timed) return Needs::times;
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
  return kQuantities;
}

const Quantity* find_quantity(std::string_view name) {
  const auto* found = std::find_if(kQuantities.begin(), kQuantities.end(),
                                   [&](const Quantity& quantity) { return quantity.name == name; });
  return found == kQuantities.end() ? nullptr : found;
}

std::string_view quantity_of(Component component) {
  const auto* found =
      std::find_if(kQuantities.begin(), kQuantities.end(),
                   [&](const Quantity& quantity) { return quantity.component == component; });
  return found == kQuantities.end() ? std::string_view() : found->name;
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
