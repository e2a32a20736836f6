// What each parameter of a model is for: its role, and what follows from the role alone, stated
// once in the table of weight_role.cc. Where a parameter stands in the graph is known by
// op_graph.h, what a checkpoint calls it by kernels/weights/tensor_names.h.
#pragma once

#include <optional>
#include <string_view>

namespace llmarch {

enum class WeightRole {
  token_embedding,
  embedding_norm,
  embedding_norm_bias,
  embedding_projection,
  position_embedding,
  attention_norm,
  attention_norm_bias,
  post_attention_norm,
  post_attention_norm_bias,
  query,
  query_bias,
  key,
  key_bias,
  value,
  value_bias,
  query_norm,
  query_norm_bias,
  key_norm,
  key_norm_bias,
  attention_sinks,
  attention_gate,
  attention_output,
  attention_output_bias,
  query_down,
  query_down_bias,
  query_latent_norm,
  query_up,
  latent_down,
  latent_down_bias,
  rope_key,
  rope_key_bias,
  latent_norm,
  key_up,
  value_up,
  shared_key_value,
  shared_key_value_norm,
  attention_output_latent,
  entry_value,
  entry_value_before,
  entry_gate,
  entry_gate_before,
  entry_gate_bias,
  entry_gate_bias_before,
  entry_norm,
  index_entry_value,
  index_entry_value_before,
  index_entry_gate,
  index_entry_gate_before,
  index_entry_gate_bias,
  index_entry_gate_bias_before,
  index_entry_norm,
  index_query,
  index_query_norm,
  index_query_norm_bias,
  index_key,
  index_key_norm,
  index_key_norm_bias,
  index_weights,
  convolution_input_gate,
  convolution_output_gate,
  convolution_values,
  convolution_taps,
  convolution_output,
  recurrence_query,
  recurrence_query_taps,
  recurrence_query_taps_bias,
  recurrence_key,
  recurrence_key_taps,
  recurrence_key_taps_bias,
  recurrence_value,
  recurrence_value_taps,
  recurrence_value_taps_bias,
  recurrence_strength,
  recurrence_decay_down,
  recurrence_decay,
  recurrence_decay_bias,
  recurrence_decay_rate,
  recurrence_skip,
  recurrence_norm,
  recurrence_gate_down,
  recurrence_gate,
  recurrence_output,
  selection_step,
  selection_step_norm,
  selection_key,
  selection_key_norm,
  selection_query,
  selection_query_norm,
  selection_rate,
  feed_forward_norm,
  feed_forward_norm_bias,
  post_feed_forward_norm,
  post_feed_forward_norm_bias,
  gate,
  gate_bias,
  up,
  up_bias,
  down,
  down_bias,
  activation_positive,
  activation_negative,
  router_input_norm,
  router,
  router_bias,
  router_correction_bias,
  router_expert_scale,
  router_list,
  expert_gate,
  expert_gate_bias,
  expert_up,
  expert_up_bias,
  expert_down,
  expert_down_bias,
  expert_latent_down,
  expert_latent_norm,
  expert_latent_up,
  shared_gate,
  shared_up,
  shared_down,
  shared_gate_vector,
  layer_scale,
  final_norm,
  final_norm_bias,
  output_projection,
  head,
  head_bias,
  per_layer_embedding,
  per_layer_projection,
  per_layer_projection_norm,
  per_layer_input_scale,
  per_layer_gate,
  per_layer_output,
  per_layer_norm,
  residual_down,
  residual_up,
  residual_norm,
  stream_expansion,
  stream_merger,
  stream_router_norm,
  stream_router,
  stream_prediction,
  stream_correction,
  attention_stream_weights,
  attention_stream_scale,
  attention_stream_bias,
  feed_forward_stream_weights,
  feed_forward_stream_scale,
  feed_forward_stream_bias,
  head_stream_weights,
  head_stream_scale,
  head_stream_bias,
  attention_residual_norm,
  attention_residual_query,
  feed_forward_residual_norm,
  feed_forward_residual_query,
  head_residual_norm,
  head_residual_query,
  prediction_embedding_norm,
  prediction_hidden_norm,
  prediction_projection,
};

// Where a parameter is counted in the breakdown of a total.
enum class Component {
  token_embedding,
  position_embedding,
  attention,
  state_mixer,
  feed_forward,
  router,
  experts,
  shared_experts,
  norms,
  head,
  per_layer_embedding,
  per_layer_inputs,
  low_rank_residual,
  parallel_streams,
  prediction,
};

// What a parameter is to the arithmetic.
enum class WeightKind {
  matrix,
  taps,   // a row for each column that a convolution takes by itself
  table,  // read row by row
  norm,   // a vector that multiplies
  bias,   // a vector that is added
  // A number that a checkpoint holds and its library keeps as a buffer: it is no parameter, neither
  // counted in a total nor read as one.
  constant,
};

// The axis along which a weight may be divided among devices that run one layer together (tensor
// parallelism, arXiv 1909.08053): the rows of a matrix, which are its outputs, the rows of a table
// or the elements of a vector; or the columns of a matrix, which are its inputs, so that the
// devices' results are summed. A vocabulary that does not divide is padded with rows of zeros; the
// rows of all other weights belong to heads or to other parts that a device has wholly or not at
// all. With `none` every device holds the whole.
enum class SplitAxis { none, rows, padded_rows, columns };

WeightKind kind_of(WeightRole role);
bool is_vector(WeightRole role);  // a norm, a bias or a constant
SplitAxis split_axis_of(WeightRole role);

// The weight to whose result a bias is added, and the bias that is added to a weight's result; none
// where there is no such weight or bias.
std::optional<WeightRole> added_to(WeightRole bias);
std::optional<WeightRole> bias_of(WeightRole role);

// Every weight belongs to one component, so that components add up to the total.
Component component_of(WeightRole role);
std::string_view name_of(WeightRole role);
std::string_view name_of(Component component);

}  // namespace llmarch
