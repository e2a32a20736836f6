#include "sim/graph/weight_role.h"

#include <array>

#include "sim/enumerators.h"

namespace llmarch {
namespace {

using Role = WeightRole;
using Kind = WeightKind;
using Part = Component;
using Split = SplitAxis;

struct Row {
  Role role;
  std::string_view name;
  Kind kind;
  Part component;
  Split split;
  std::optional<Role> added_to = {};  // of a bias: the weight to whose result it is added
};

constexpr std::array kRoles{
    Row{Role::token_embedding, "token embedding", Kind::table, Part::token_embedding,
        Split::padded_rows},
    Row{Role::embedding_norm, "norm of the embedding", Kind::norm, Part::norms, Split::none},
    Row{Role::embedding_norm_bias, "bias of the embedding's norm", Kind::bias, Part::norms,
        Split::none, Role::embedding_norm},
    Row{Role::embedding_projection, "embedding projection", Kind::matrix, Part::token_embedding,
        Split::none},
    Row{Role::position_embedding, "position embedding", Kind::table, Part::position_embedding,
        Split::none},
    Row{Role::attention_norm, "attention norm", Kind::norm, Part::norms, Split::none},
    Row{Role::attention_norm_bias, "attention norm bias", Kind::bias, Part::norms, Split::none,
        Role::attention_norm},
    Row{Role::post_attention_norm, "norm after attention", Kind::norm, Part::norms, Split::none},
    Row{Role::post_attention_norm_bias, "bias of norm after attention", Kind::bias, Part::norms,
        Split::none, Role::post_attention_norm},
    Row{Role::query, "query projection", Kind::matrix, Part::attention, Split::rows},
    Row{Role::query_bias, "query bias", Kind::bias, Part::attention, Split::rows, Role::query},
    Row{Role::key, "key projection", Kind::matrix, Part::attention, Split::rows},
    Row{Role::key_bias, "key bias", Kind::bias, Part::attention, Split::rows, Role::key},
    Row{Role::value, "value projection", Kind::matrix, Part::attention, Split::rows},
    Row{Role::value_bias, "value bias", Kind::bias, Part::attention, Split::rows, Role::value},
    Row{Role::query_norm, "query norm", Kind::norm, Part::norms, Split::none},
    Row{Role::query_norm_bias, "query norm bias", Kind::bias, Part::norms, Split::none,
        Role::query_norm},
    Row{Role::key_norm, "key norm", Kind::norm, Part::norms, Split::none},
    Row{Role::key_norm_bias, "key norm bias", Kind::bias, Part::norms, Split::none, Role::key_norm},
    Row{Role::attention_sinks, "attention sinks", Kind::bias, Part::attention, Split::rows},
    Row{Role::attention_gate, "attention output gate", Kind::matrix, Part::attention, Split::rows},
    Row{Role::attention_output, "attention output", Kind::matrix, Part::attention, Split::columns},
    Row{Role::attention_output_bias, "attention output bias", Kind::bias, Part::attention,
        Split::none, Role::attention_output},
    Row{Role::query_down, "query compression", Kind::matrix, Part::attention, Split::none},
    Row{Role::query_down_bias, "query compression bias", Kind::bias, Part::attention, Split::none,
        Role::query_down},
    Row{Role::query_latent_norm, "query latent norm", Kind::norm, Part::norms, Split::none},
    Row{Role::query_up, "query expansion", Kind::matrix, Part::attention, Split::rows},
    Row{Role::latent_down, "latent compression", Kind::matrix, Part::attention, Split::none},
    Row{Role::latent_down_bias, "latent compression bias", Kind::bias, Part::attention, Split::none,
        Role::latent_down},
    Row{Role::rope_key, "rotary key projection", Kind::matrix, Part::attention, Split::none},
    Row{Role::rope_key_bias, "rotary key bias", Kind::bias, Part::attention, Split::none,
        Role::rope_key},
    Row{Role::latent_norm, "latent norm", Kind::norm, Part::norms, Split::none},
    Row{Role::key_up, "key expansion", Kind::matrix, Part::attention, Split::rows},
    Row{Role::value_up, "value expansion", Kind::matrix, Part::attention, Split::rows},
    Row{Role::shared_key_value, "projection to shared keys and values", Kind::matrix,
        Part::attention, Split::none},
    Row{Role::shared_key_value_norm, "norm of shared keys and values", Kind::norm, Part::norms,
        Split::none},
    Row{Role::attention_output_latent, "output projection of a group of heads", Kind::matrix,
        Part::attention, Split::rows},
    Row{Role::entry_value, "values of entries", Kind::matrix, Part::attention, Split::none},
    Row{Role::entry_value_before, "values of entries, for the next group", Kind::matrix,
        Part::attention, Split::none},
    Row{Role::entry_gate, "gates of entries", Kind::matrix, Part::attention, Split::none},
    Row{Role::entry_gate_before, "gates of entries, for the next group", Kind::matrix,
        Part::attention, Split::none},
    Row{Role::entry_gate_bias, "bias of gates of entries", Kind::bias, Part::attention,
        Split::none},
    Row{Role::entry_gate_bias_before, "bias of gates of entries, for the next group", Kind::bias,
        Part::attention, Split::none},
    Row{Role::entry_norm, "norm of entries", Kind::norm, Part::attention, Split::none},
    Row{Role::index_entry_value, "values of index entries", Kind::matrix, Part::attention,
        Split::none},
    Row{Role::index_entry_value_before, "values of index entries, for the next group", Kind::matrix,
        Part::attention, Split::none},
    Row{Role::index_entry_gate, "gates of index entries", Kind::matrix, Part::attention,
        Split::none},
    Row{Role::index_entry_gate_before, "gates of index entries, for the next group", Kind::matrix,
        Part::attention, Split::none},
    Row{Role::index_entry_gate_bias, "bias of gates of index entries", Kind::bias, Part::attention,
        Split::none},
    Row{Role::index_entry_gate_bias_before, "bias of gates of index entries, for the next group",
        Kind::bias, Part::attention, Split::none},
    Row{Role::index_entry_norm, "norm of index entries", Kind::norm, Part::attention, Split::none},
    Row{Role::index_query, "index query projection", Kind::matrix, Part::attention, Split::none},
    Row{Role::index_query_norm, "index query norm", Kind::norm, Part::norms, Split::none},
    Row{Role::index_query_norm_bias, "index query norm bias", Kind::bias, Part::norms, Split::none,
        Role::index_query_norm},
    Row{Role::index_key, "index key projection", Kind::matrix, Part::attention, Split::none},
    Row{Role::index_key_norm, "index key norm", Kind::norm, Part::norms, Split::none},
    Row{Role::index_key_norm_bias, "index key norm bias", Kind::bias, Part::norms, Split::none,
        Role::index_key_norm},
    Row{Role::index_weights, "index weights", Kind::matrix, Part::attention, Split::none},
    Row{Role::convolution_input_gate, "convolution input gate", Kind::matrix, Part::state_mixer,
        Split::rows},
    Row{Role::convolution_output_gate, "convolution output gate", Kind::matrix, Part::state_mixer,
        Split::rows},
    Row{Role::convolution_values, "convolution values", Kind::matrix, Part::state_mixer,
        Split::rows},
    Row{Role::convolution_taps, "convolution taps", Kind::taps, Part::state_mixer, Split::rows},
    Row{Role::convolution_output, "convolution output", Kind::matrix, Part::state_mixer,
        Split::columns},
    Row{Role::recurrence_query, "recurrence query", Kind::matrix, Part::state_mixer, Split::rows},
    Row{Role::recurrence_query_taps, "taps of queries", Kind::taps, Part::state_mixer, Split::rows},
    Row{Role::recurrence_query_taps_bias, "bias of taps of queries", Kind::bias, Part::state_mixer,
        Split::rows, Role::recurrence_query_taps},
    Row{Role::recurrence_key, "recurrence key", Kind::matrix, Part::state_mixer, Split::rows},
    Row{Role::recurrence_key_taps, "taps of keys", Kind::taps, Part::state_mixer, Split::rows},
    Row{Role::recurrence_key_taps_bias, "bias of taps of keys", Kind::bias, Part::state_mixer,
        Split::rows, Role::recurrence_key_taps},
    Row{Role::recurrence_value, "recurrence value", Kind::matrix, Part::state_mixer, Split::rows},
    Row{Role::recurrence_value_taps, "taps of values", Kind::taps, Part::state_mixer, Split::rows},
    Row{Role::recurrence_value_taps_bias, "bias of taps of values", Kind::bias, Part::state_mixer,
        Split::rows, Role::recurrence_value_taps},
    Row{Role::recurrence_strength, "recurrence strength", Kind::matrix, Part::state_mixer,
        Split::rows},
    Row{Role::recurrence_decay_down, "recurrence decay, into its latent", Kind::matrix,
        Part::state_mixer, Split::none},
    Row{Role::recurrence_decay, "recurrence decay", Kind::matrix, Part::state_mixer, Split::rows},
    Row{Role::recurrence_decay_bias, "recurrence decay bias", Kind::bias, Part::state_mixer,
        Split::rows, Role::recurrence_decay},
    // A logarithm, in which what is added multiplies the rate.
    Row{Role::recurrence_decay_rate, "recurrence decay rate", Kind::bias, Part::state_mixer,
        Split::rows},
    Row{Role::recurrence_skip, "recurrence skip", Kind::norm, Part::state_mixer, Split::rows},
    Row{Role::recurrence_norm, "recurrence norm", Kind::norm, Part::norms, Split::none},
    Row{Role::recurrence_gate_down, "recurrence output gate, into its latent", Kind::matrix,
        Part::state_mixer, Split::none},
    Row{Role::recurrence_gate, "recurrence output gate", Kind::matrix, Part::state_mixer,
        Split::rows},
    Row{Role::recurrence_output, "recurrence output", Kind::matrix, Part::state_mixer,
        Split::columns},
    Row{Role::selection_step, "projection to steps", Kind::matrix, Part::state_mixer,
        Split::columns},
    Row{Role::selection_step_norm, "norm of steps", Kind::norm, Part::norms, Split::none},
    Row{Role::selection_key, "projection to keys of a scan", Kind::matrix, Part::state_mixer,
        Split::columns},
    Row{Role::selection_key_norm, "norm of keys of a scan", Kind::norm, Part::norms, Split::none},
    Row{Role::selection_query, "projection to queries of a scan", Kind::matrix, Part::state_mixer,
        Split::columns},
    Row{Role::selection_query_norm, "norm of queries of a scan", Kind::norm, Part::norms,
        Split::none},
    // Logarithms of rates, a row for each column: no product of matrices, and so stored as taps.
    Row{Role::selection_rate, "rates of a scan", Kind::taps, Part::state_mixer, Split::rows},
    Row{Role::feed_forward_norm, "feed-forward norm", Kind::norm, Part::norms, Split::none},
    Row{Role::feed_forward_norm_bias, "feed-forward norm bias", Kind::bias, Part::norms,
        Split::none, Role::feed_forward_norm},
    Row{Role::post_feed_forward_norm, "norm after feed-forward", Kind::norm, Part::norms,
        Split::none},
    Row{Role::post_feed_forward_norm_bias, "bias of norm after feed-forward", Kind::bias,
        Part::norms, Split::none, Role::post_feed_forward_norm},
    Row{Role::gate, "gate projection", Kind::matrix, Part::feed_forward, Split::rows},
    Row{Role::gate_bias, "gate bias", Kind::bias, Part::feed_forward, Split::rows, Role::gate},
    Row{Role::up, "up projection", Kind::matrix, Part::feed_forward, Split::rows},
    Row{Role::up_bias, "up bias", Kind::bias, Part::feed_forward, Split::rows, Role::up},
    Row{Role::down, "down projection", Kind::matrix, Part::feed_forward, Split::columns},
    Row{Role::down_bias, "down bias", Kind::bias, Part::feed_forward, Split::none, Role::down},
    Row{Role::activation_positive, "xIELU above 0", Kind::norm, Part::feed_forward, Split::none},
    Row{Role::activation_negative, "xIELU below 0", Kind::norm, Part::feed_forward, Split::none},
    Row{Role::router_input_norm, "norm of the router's input", Kind::norm, Part::norms,
        Split::none},
    Row{Role::router, "router", Kind::matrix, Part::router, Split::none},
    Row{Role::router_bias, "router bias", Kind::bias, Part::router, Split::none, Role::router},
    Row{Role::router_correction_bias, "router correction bias", Kind::bias, Part::router,
        Split::none},
    Row{Role::router_expert_scale, "router's scale of each expert", Kind::norm, Part::router,
        Split::none},
    Row{Role::router_list, "experts of each token", Kind::constant, Part::router, Split::none},
    Row{Role::expert_gate, "expert gate", Kind::matrix, Part::experts, Split::rows},
    Row{Role::expert_gate_bias, "expert gate bias", Kind::bias, Part::experts, Split::rows,
        Role::expert_gate},
    Row{Role::expert_up, "expert up", Kind::matrix, Part::experts, Split::rows},
    Row{Role::expert_up_bias, "expert up bias", Kind::bias, Part::experts, Split::rows,
        Role::expert_up},
    Row{Role::expert_down, "expert down", Kind::matrix, Part::experts, Split::columns},
    Row{Role::expert_down_bias, "expert down bias", Kind::bias, Part::experts, Split::none,
        Role::expert_down},
    Row{Role::expert_latent_down, "projection into the experts' latent", Kind::matrix,
        Part::experts, Split::none},
    Row{Role::expert_latent_norm, "norm of the experts' latent", Kind::norm, Part::norms,
        Split::none},
    Row{Role::expert_latent_up, "projection out of the experts' latent", Kind::matrix,
        Part::experts, Split::none},
    Row{Role::shared_gate, "shared expert gate", Kind::matrix, Part::shared_experts, Split::rows},
    Row{Role::shared_up, "shared expert up", Kind::matrix, Part::shared_experts, Split::rows},
    Row{Role::shared_down, "shared expert down", Kind::matrix, Part::shared_experts,
        Split::columns},
    Row{Role::shared_gate_vector, "shared experts' gate", Kind::matrix, Part::shared_experts,
        Split::none},
    Row{Role::layer_scale, "layer scale", Kind::constant, Part::norms, Split::none},
    Row{Role::final_norm, "final norm", Kind::norm, Part::norms, Split::none},
    Row{Role::final_norm_bias, "final norm bias", Kind::bias, Part::norms, Split::none,
        Role::final_norm},
    Row{Role::output_projection, "output projection", Kind::matrix, Part::head, Split::none},
    Row{Role::head, "head", Kind::matrix, Part::head, Split::padded_rows},
    Row{Role::head_bias, "head bias", Kind::bias, Part::head, Split::padded_rows, Role::head},
    Row{Role::per_layer_embedding, "per-layer embedding", Kind::table, Part::per_layer_embedding,
        Split::padded_rows},
    Row{Role::per_layer_projection, "per-layer projection", Kind::matrix, Part::per_layer_inputs,
        Split::none},
    Row{Role::per_layer_projection_norm, "per-layer projection norm", Kind::norm, Part::norms,
        Split::none},
    Row{Role::per_layer_input_scale, "per-layer input scale", Kind::norm, Part::per_layer_inputs,
        Split::none},
    Row{Role::per_layer_gate, "per-layer gate", Kind::matrix, Part::per_layer_inputs, Split::none},
    Row{Role::per_layer_output, "per-layer output", Kind::matrix, Part::per_layer_inputs,
        Split::none},
    Row{Role::per_layer_norm, "norm after per-layer output", Kind::norm, Part::norms, Split::none},
    Row{Role::residual_down, "low-rank residual, down", Kind::matrix, Part::low_rank_residual,
        Split::none},
    Row{Role::residual_up, "low-rank residual, up", Kind::matrix, Part::low_rank_residual,
        Split::none},
    Row{Role::residual_norm, "low-rank residual norm", Kind::norm, Part::norms, Split::none},
    Row{Role::stream_expansion, "stream expansion", Kind::matrix, Part::parallel_streams,
        Split::none},
    Row{Role::stream_merger, "stream merger", Kind::matrix, Part::parallel_streams, Split::none},
    Row{Role::stream_router_norm, "stream router norm", Kind::norm, Part::norms, Split::none},
    Row{Role::stream_router, "stream router", Kind::matrix, Part::parallel_streams, Split::none},
    Row{Role::stream_prediction, "stream prediction", Kind::matrix, Part::parallel_streams,
        Split::none},
    Row{Role::stream_correction, "stream correction", Kind::matrix, Part::parallel_streams,
        Split::none},
    Row{Role::attention_stream_weights, "stream weights of attention", Kind::matrix,
        Part::parallel_streams, Split::none},
    Row{Role::attention_stream_scale, "scales of stream weights of attention", Kind::norm,
        Part::parallel_streams, Split::none},
    Row{Role::attention_stream_bias, "bias of stream weights of attention", Kind::bias,
        Part::parallel_streams, Split::none},
    Row{Role::feed_forward_stream_weights, "stream weights of feed-forward", Kind::matrix,
        Part::parallel_streams, Split::none},
    Row{Role::feed_forward_stream_scale, "scales of stream weights of feed-forward", Kind::norm,
        Part::parallel_streams, Split::none},
    Row{Role::feed_forward_stream_bias, "bias of stream weights of feed-forward", Kind::bias,
        Part::parallel_streams, Split::none},
    Row{Role::head_stream_weights, "stream weights of head", Kind::matrix, Part::parallel_streams,
        Split::none},
    Row{Role::head_stream_scale, "scales of stream weights of head", Kind::norm,
        Part::parallel_streams, Split::none},
    Row{Role::head_stream_bias, "bias of stream weights of head", Kind::bias,
        Part::parallel_streams, Split::none},
    Row{Role::attention_residual_norm, "norm of residuals of attention", Kind::norm, Part::norms,
        Split::none},
    Row{Role::attention_residual_query, "query of residuals of attention", Kind::norm,
        Part::parallel_streams, Split::none},
    Row{Role::feed_forward_residual_norm, "norm of residuals of feed-forward", Kind::norm,
        Part::norms, Split::none},
    Row{Role::feed_forward_residual_query, "query of residuals of feed-forward", Kind::norm,
        Part::parallel_streams, Split::none},
    Row{Role::head_residual_norm, "norm of residuals of head", Kind::norm, Part::norms,
        Split::none},
    Row{Role::head_residual_query, "query of residuals of head", Kind::norm, Part::parallel_streams,
        Split::none},
    Row{Role::prediction_embedding_norm, "norm of the drafted token", Kind::norm, Part::norms,
        Split::none},
    Row{Role::prediction_hidden_norm, "norm of the hidden state", Kind::norm, Part::norms,
        Split::none},
    Row{Role::prediction_projection, "prediction projection", Kind::matrix, Part::prediction,
        Split::none}};
static_assert(has_a_row_for_each(kRoles, &Row::role), "every weight role has its row, in order");

struct ComponentName {
  Part component;
  std::string_view name;
};
constexpr std::array kComponents{ComponentName{Part::token_embedding, "token embedding"},
                                 ComponentName{Part::position_embedding, "position embedding"},
                                 ComponentName{Part::attention, "attention"},
                                 ComponentName{Part::state_mixer, "state mixer"},
                                 ComponentName{Part::feed_forward, "feed-forward"},
                                 ComponentName{Part::router, "router"},
                                 ComponentName{Part::experts, "experts"},
                                 ComponentName{Part::shared_experts, "shared experts"},
                                 ComponentName{Part::norms, "norms"},
                                 ComponentName{Part::head, "head"},
                                 ComponentName{Part::per_layer_embedding, "per-layer embedding"},
                                 ComponentName{Part::per_layer_inputs, "per-layer inputs"},
                                 ComponentName{Part::low_rank_residual, "low-rank residual"},
                                 ComponentName{Part::parallel_streams, "parallel streams"},
                                 ComponentName{Part::prediction, "prediction"}};
static_assert(has_a_row_for_each(kComponents, &ComponentName::component),
              "every component has its row, in order");

constexpr const Row& row_of(Role role) {
  return kRoles.at(static_cast<std::size_t>(role));
}

}  // namespace

WeightKind kind_of(WeightRole role) {
  return row_of(role).kind;
}

bool is_vector(WeightRole role) {
  const WeightKind kind = kind_of(role);
  return kind == WeightKind::norm || kind == WeightKind::bias || kind == WeightKind::constant;
}

Component component_of(WeightRole role) {
  return row_of(role).component;
}

SplitAxis split_axis_of(WeightRole role) {
  return row_of(role).split;
}

std::optional<WeightRole> added_to(WeightRole bias) {
  return row_of(bias).added_to;
}

std::optional<WeightRole> bias_of(WeightRole role) {
  for (const Row& row : kRoles) {
    if (row.added_to == role) return row.role;
  }
  return std::nullopt;
}

std::string_view name_of(WeightRole role) {
  return row_of(role).name;
}

std::string_view name_of(Component component) {
  return kComponents.at(static_cast<std::size_t>(component)).name;
}

}  // namespace llmarch
