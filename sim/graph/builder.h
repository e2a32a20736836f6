// GraphBuilder: the only place where shapes are inferred. Each method appends one operation to the
// current block and returns the value that it makes; lower.cc is written with them.
#pragma once

#include <string>

#include "sim/graph/op_graph.h"

namespace llmarch {

// A bias to go with a projection, or none: the roles come in pairs, so no flag says which.
using BiasRole = std::optional<WeightRole>;

class GraphBuilder {
 public:
  void begin_block(std::string name, BlockKind kind);
  // The hidden state that enters the current block.
  ValueId block_input(Integer columns);
  void end_block(ValueId output);

  // The part of the input block's `layer_inputs` that is the current layer's.
  ValueId layer_input(Integer columns);
  // In the input block: a row of these has as many parts as there are layers.
  void hand_to_layers(ValueId parts);

  ValueId embed(Integer vocabulary, Integer columns);
  // A table beside the tokens' own, for the same tokens.
  ValueId embed_also(WeightRole role, Integer vocabulary, Integer columns);
  ValueId add_positions(ValueId in, Integer positions);
  ValueId normalize(ValueId in, const Norm& norm, WeightRole weight, WeightRole bias);
  // RMS norm of each of `groups` vectors in a row, with a weight of a vector's width.
  ValueId normalize_groups(ValueId in, double epsilon, WeightRole weight, Integer groups);
  // The same without a weight.
  ValueId normalize_unweighted(std::string name, ValueId in, double epsilon, Integer groups);
  ValueId scale(std::string name, ValueId in, double factor);
  ValueId scale_by_position(ValueId in, const Temperature& temperature);
  ValueId gate_rows(std::string name, ValueId gate, ValueId in);
  ValueId soft_cap(std::string name, ValueId in, double cap);
  ValueId project(ValueId in, Integer columns, WeightRole weight, BiasRole bias = std::nullopt);
  // The head that is the embedding table of the input block.
  ValueId project_tied(ValueId in);
  ValueId rotate(std::string name, ValueId in, const Rotary& rotary, Integer heads, Integer offset,
                 Integer dim);
  CacheId store(std::string name, ValueId in, const Reach& reach);
  ValueId attend(const GroupedAttention& attention, double scale, const Reach& reach, ValueId query,
                 CacheId keys, CacheId values);
  ValueId attend_absorbed(const LatentShape& shape, double scale, ValueId query, CacheId latents,
                          CacheId rope_keys, WeightId key_up, WeightId value_up);
  ValueId attend_expanded(const LatentShape& shape, double scale, ValueId query, CacheId latents,
                          CacheId rope_keys, WeightId key_up, WeightId value_up, ValueId out);
  ValueId activate(std::string name, ValueId in, Activation activation);
  ValueId gate(std::string name, ValueId gate, ValueId up, Activation activation);
  ValueId add(std::string name, ValueId left, ValueId right);
  ValueId route(ValueId in, const MixtureFeedForward& mixture);
  ValueId run_experts(ValueId in, ValueId choice, const MixtureFeedForward& mixture);
  ValueId select_rows(ValueId in);
  // With a weight that stands already, as several operations may share one.
  ValueId normalize_with(WeightId weight, ValueId in, double epsilon);
  ValueId project_with(WeightId weight, ValueId in);
  // The `ordinal`th of several weights of this role.
  ValueId project_nth(WeightRole role, Integer ordinal, ValueId in, Integer columns);

  ValueId take_columns(std::string name, ValueId in, Integer offset, Integer columns);
  ValueId join_columns(std::string name, const std::vector<ValueId>& in);
  ValueId match_magnitude(std::string name, ValueId reference, ValueId in, double floor);
  ValueId mix_streams(Integer streams, ValueId coefficients, ValueId in);
  ValueId correct_streams(const ParallelStreams& streams, ValueId coefficients, ValueId result,
                          ValueId in);
  ValueId add_to_streams(Integer streams, Integer first, ValueId in, ValueId addend);
  ValueId scale_columns(WeightRole role, ValueId in);
  ValueId sparsify(ValueId in, double deviations);

  WeightId weight(WeightRole role, Integer rows, Integer columns, Integer copies = 1);
  void clip(WeightId weight, std::optional<double> limit);

  // `layers` names the block of each layer in order. Throws Overflow when the parameters pass 64
  // bits.
  OpGraph finish(std::vector<std::size_t> layers);
  void declare_streams(Integer count, Integer active);

 private:
  Block& block() { return graph_.blocks.back(); }
  Integer columns(ValueId value) { return block().values.at(value).columns; }
  RowAxis rows(ValueId value) { return block().values.at(value).rows; }
  ValueId value(RowAxis rows, Integer columns);
  void append(std::string name, When when, Op op);
  void check_parameters_fit() const;

  OpGraph graph_;
  WeightId token_embedding_ = 0;
};

}  // namespace llmarch
