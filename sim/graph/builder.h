// GraphBuilder: the only place where shapes are inferred. Each method appends one operation to the
// current block and returns the value that it makes; lower.cc is written with them, and says with
// `in` to which part of the model the operations belong.
#pragma once

#include <string>

#include "sim/graph/op_graph.h"

namespace llmarch {

// A bias to go with a projection, or none: the roles come in pairs, so no flag says which.
using BiasRole = std::optional<WeightRole>;

class GraphBuilder {
 public:
  void begin_block(std::string name, BlockKind kind);
  // Sets the part of the model and the kind of work of the operations appended from here on, except
  // norms, which have a part and a kind of their own. Every block begins with neither set, so that
  // no operation takes them over from the block before.
  GraphBuilder& in(Component part, WorkKind kind);
  // The hidden state that enters the current block.
  ValueId block_input(Integer columns);
  void end_block(ValueId output);
  // The sublayer of the weights appended from here on. A new block begins outside of sublayers.
  void enter_sublayer(std::size_t sublayer) { sublayer_place_ = {sublayer, {}}; }
  void enter_sublayer_block(std::size_t index) { sublayer_place_.block = index; }
  void leave_sublayers() { sublayer_place_ = {}; }
  // The second input of every layer, made in the input block; a layer's block reads its own
  // columns.
  void give_to_layers(ValueId value) { block().per_layer_input = value; }
  ValueId per_layer_input(Integer columns);

  ValueId embed(Integer vocabulary, Integer columns, WeightRole table);
  ValueId add_positions(ValueId in, Integer positions, Integer offset);
  ValueId normalize(ValueId in, const Norm& norm, WeightRole weight, WeightRole bias);
  // RMS norm of each of `groups` vectors in a row, with a weight of a vector's width.
  ValueId normalize_groups(ValueId in, double epsilon, WeightRole weight, Integer groups);
  // Layer norm of each of `heads` vectors in a row: with one weight and bias for all of them, or
  // with a weight for each.
  ValueId normalize_heads(ValueId in, double epsilon, WeightRole weight, WeightRole bias,
                          Integer heads);
  ValueId normalize_each_head(ValueId in, double epsilon, WeightRole weight, Integer heads);
  // RMS norm of each of `parts` parts of a row, each with a weight of its own.
  ValueId normalize_parts(ValueId in, double epsilon, WeightRole weight, Integer parts);
  // RMS norm of each group, without a weight.
  ValueId normalize_unweighted(std::string name, ValueId in, double epsilon, Integer groups);
  // With a weight that exists already.
  ValueId normalize_by(std::string name, ValueId in, double epsilon, WeightId weight);
  ValueId project_by(std::string name, ValueId in, WeightId weight);
  ValueId scale(std::string name, ValueId in, double factor);
  ValueId scale_by_position(ValueId in, const Temperature& temperature);
  ValueId gate_rows(std::string name, ValueId gate, ValueId in,
                    std::optional<Activation> activation);
  ValueId soft_cap(std::string name, ValueId in, double cap);
  ValueId clip(std::string name, ValueId in, double bound);
  ValueId project(ValueId in, Integer columns, WeightRole weight, BiasRole bias = std::nullopt);
  ValueId project_clipped(ValueId in, Integer columns, WeightRole weight,
                          std::optional<double> clip);
  // `copies` matrices, each multiplied by the one vector that a row of `in` is; or each by its own
  // vector of the row.
  ValueId project_each(ValueId in, Integer columns, Integer copies, WeightRole weight);
  ValueId project_parts(ValueId in, Integer columns, Integer copies, WeightRole weight);
  // Each of `vectors` vectors in a row by a number of its own; absent: each column by its own.
  ValueId scale_columns(ValueId in, WeightRole weight, std::optional<Integer> vectors = {});
  // By a constant of the checkpoint.
  ValueId scale_by_constant(ValueId in, WeightRole weight);
  ValueId sparsify(ValueId in, double deviations);
  ValueId select_columns(std::string name, ValueId in, Integer offset, Integer columns);
  ValueId join_columns(std::string name, ValueId left, ValueId right);
  ValueId match_magnitude(std::string name, ValueId in, ValueId reference, Integer vectors,
                          double least);
  ValueId average_vectors(std::string name, ValueId in, Integer vectors);
  ValueId predict_streams(ValueId in, ValueId coefficients, Integer streams);
  ValueId correct_streams(ValueId in, ValueId activated, ValueId coefficients,
                          const ParallelStreams& streams);
  ValueId add_to_other_streams(std::string name, ValueId in, ValueId added, Integer streams);
  ValueId repeat_vector(std::string name, ValueId in, Integer times);
  // The weights of a hyper-connection; without iterations those alone that sum the streams up.
  ValueId weigh_streams(ValueId in, const HyperConnections& connections,
                        std::optional<Integer> iterations, WeightRole scale, WeightRole bias);
  ValueId collapse_streams(ValueId in, ValueId weights, Integer streams);
  // The mean of the vectors of a row, as a learned query weighs their norms.
  ValueId attend_vectors(ValueId in, ValueId keys, Integer vectors, WeightRole query);
  // The head that is the embedding table of the input block.
  ValueId project_tied(ValueId in, BiasRole bias = std::nullopt);
  ValueId rotate(std::string name, ValueId in, const Rotary& rotary, Integer heads, Integer offset,
                 Integer dim, RotationSense sense = RotationSense::forward);
  CacheId store(const std::string& name, ValueId in, const Reach& reach,
                CacheSide side = CacheSide::keys);
  // A cache of what entries are to be made of.
  CacheId store_waiting(const std::string& name, ValueId in, const Waiting& waiting);
  // A cache with an entry for every so many positions, which Compress fills.
  CacheId compressed_cache(std::string name, Integer columns, Integer positions);
  void compress(std::string name, const Compress& op) { append(std::move(name), op); }
  ValueId attend_shared(const CompressedAttention& attention, ValueId query, CacheId recent,
                        const std::optional<AttendShared::OverEntries>& entries);
  ValueId attend(const GroupedAttention& attention, double scale, const Reach& reach, ValueId query,
                 CacheId keys, CacheId values);
  void choose_keys(const ChooseKeys& choice) { append("choice of keys", choice); }
  // Latent attention with its two caches and its two up-projections, in either form.
  struct LatentParts {
    LatentShape shape;
    double scale;
    Reach reach;
    CacheId latents, rope_keys;
    WeightId key_up, value_up;
  };
  ValueId attend_absorbed(const LatentParts& parts, ValueId query);
  void attend_expanded(const LatentParts& parts, ValueId query, ValueId out);
  ValueId activate(ValueId in, Activation activation);
  ValueId activate_xielu(ValueId in, const Xielu& xielu);
  ValueId gate(std::string name, ValueId gate, ValueId up, const GateForm& form);
  ValueId add(std::string name, ValueId left, ValueId right);
  ValueId route(ValueId in, const MixtureFeedForward& mixture);
  ValueId run_experts(ValueId in, ValueId choice, const MixtureFeedForward& mixture);
  ValueId select_rows(ValueId in);
  WeightId weight(WeightRole role, Integer rows, Integer columns, Integer copies = 1);
  Integer columns(ValueId value) { return block().values.at(value).columns; }

  // An operation whose result has the rows and columns of `like`: `make` is given the result.
  template <class MakeOp>
  ValueId make_like(ValueId like, const std::string& name, const MakeOp& make) {
    const ValueId out = value(rows(like), columns(like));
    append(name, make(out));
    return out;
  }
  // A fixed state of the current block, with so many elements for each sequence.
  CacheId fixed_state(std::string name, Integer columns, StateFormat format);
  // A causal convolution of each column by itself, with the state that it needs.
  ValueId convolve(const std::string& name, ValueId in, WeightRole taps, Integer kernel,
                   StateFormat format, BiasRole bias = std::nullopt);

  // A recurrence over the values of `rule`, whose `out` is made here, in both forms.
  ValueId recur(const std::string& name, Recurrence rule, Integer chunk);

  // `layers` names the block of each layer in order. Throws Overflow when the parameters exceed 64
  // bits.
  OpGraph finish(std::vector<std::size_t> layers);

 private:
  CacheId append_store(const std::string& name, ValueId in, const State& state, CacheSide side);
  Block& block() { return graph_.blocks.back(); }
  RowAxis rows(ValueId value) { return block().values.at(value).rows; }
  ValueId value(RowAxis rows, Integer columns);
  void append(std::string name, Op op);
  // The nodes of the block from `first` on run only in that form.
  void only_in(const Form& form, std::size_t first);
  void append_norm(std::string name, const Normalize& op);
  void check_parameters_fit() const;

  OpGraph graph_;
  struct Place {
    Component part;
    WorkKind kind;
  };
  std::optional<Place> place_;  // of what is appended next
  std::optional<WeightId> token_embedding_;
  SublayerPlace sublayer_place_;  // of the weights to come
};

}  // namespace llmarch
