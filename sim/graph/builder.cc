#include "sim/graph/builder.h"

namespace llmarch {

void GraphBuilder::begin_block(std::string name, BlockKind kind) {
  Block block;
  block.name = std::move(name);
  block.kind = kind;
  graph_.blocks.push_back(std::move(block));
  place_.reset();
}

ValueId GraphBuilder::block_input(Integer columns) {
  block().input = value(RowAxis::tokens, columns);
  return *block().input;
}

void GraphBuilder::end_block(ValueId output) {
  block().output = output;
}

ValueId GraphBuilder::value(RowAxis rows, Integer columns) {
  block().values.push_back({rows, columns});
  return block().values.size() - 1;
}

WeightId GraphBuilder::weight(WeightRole role, Integer rows, Integer columns, Integer copies) {
  graph_.weights.push_back(
      {role, graph_.blocks.size() - 1, rows, columns, copies, sublayer_place_});
  return graph_.weights.size() - 1;
}

void GraphBuilder::append(std::string name, Op op) {
  const Place& place = place_.value();
  block().nodes.push_back({std::move(name), place.kind, place.part, std::move(op)});
}

void GraphBuilder::append_norm(std::string name, const Normalize& op) {
  block().nodes.push_back({std::move(name), WorkKind::norms, Component::norms, op});
}

void GraphBuilder::only_in(const Form& form, std::size_t first) {
  block().forms.push_back({form, first, block().nodes.size()});
}

GraphBuilder& GraphBuilder::in(Component part, WorkKind kind) {
  place_ = {part, kind};
  return *this;
}

ValueId GraphBuilder::per_layer_input(Integer columns) {
  block().per_layer_input = value(RowAxis::tokens, columns);
  return *block().per_layer_input;
}

ValueId GraphBuilder::embed(Integer vocabulary, Integer columns, WeightRole role) {
  const WeightId table = weight(role, vocabulary, columns);
  if (role == WeightRole::token_embedding) token_embedding_ = table;
  const ValueId out = value(RowAxis::tokens, columns);
  append(std::string(name_of(role)), Embed{table, out});
  return out;
}

ValueId GraphBuilder::add_positions(ValueId in, Integer positions, Integer offset) {
  const WeightId table = weight(WeightRole::position_embedding, positions, columns(in));
  const ValueId out = value(rows(in), columns(in));
  append("position embedding", AddPositions{table, in, out, offset});
  return out;
}

ValueId GraphBuilder::normalize(ValueId in, const Norm& norm, WeightRole weight_role,
                                WeightRole bias_role) {
  std::optional<WeightId> scale;
  std::optional<WeightId> bias;
  if (norm.without != NormOmission::weight_and_bias) {
    scale = weight(weight_role, 1, columns(in));
    const bool biased = norm.kind == NormKind::layer && norm.without != NormOmission::bias;
    if (biased) bias = weight(bias_role, 1, columns(in));
  }
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::string(name_of(weight_role)),
              Normalize{norm.kind, norm.epsilon, 1, scale, bias, in, out});
  return out;
}

ValueId GraphBuilder::normalize_groups(ValueId in, double epsilon, WeightRole role,
                                       Integer groups) {
  const WeightId scale = weight(role, 1, columns(in) / groups);
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::string(name_of(role)),
              Normalize{NormKind::rms, epsilon, groups, scale, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::normalize_heads(ValueId in, double epsilon, WeightRole role,
                                      WeightRole bias_role, Integer heads) {
  const WeightId scale = weight(role, 1, columns(in) / heads);
  const WeightId bias = weight(bias_role, 1, columns(in) / heads);
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::string(name_of(role)),
              Normalize{NormKind::layer, epsilon, heads, scale, bias, in, out});
  return out;
}

ValueId GraphBuilder::normalize_each_head(ValueId in, double epsilon, WeightRole role,
                                          Integer heads) {
  const WeightId scales = weight(role, 1, columns(in) / heads, heads);
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::string(name_of(role)),
              Normalize{NormKind::layer, epsilon, heads, scales, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::normalize_parts(ValueId in, double epsilon, WeightRole role, Integer parts) {
  const WeightId scales = weight(role, 1, columns(in) / parts, parts);
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::string(name_of(role)),
              Normalize{NormKind::rms, epsilon, parts, scales, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::normalize_unweighted(std::string name, ValueId in, double epsilon,
                                           Integer groups) {
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::move(name),
              Normalize{NormKind::rms, epsilon, groups, std::nullopt, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::normalize_by(std::string name, ValueId in, double epsilon, WeightId weight) {
  const ValueId out = value(rows(in), columns(in));
  append_norm(std::move(name), Normalize{NormKind::rms, epsilon, 1, weight, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::project_by(std::string name, ValueId in, WeightId weight) {
  const ValueId out = value(rows(in), graph_.weight(weight).rows);
  append(std::move(name), Project{weight, std::nullopt, in, out});
  return out;
}

ValueId GraphBuilder::scale(std::string name, ValueId in, double factor) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), Scale{factor, in, out});
  return out;
}

ValueId GraphBuilder::scale_by_position(ValueId in, const Temperature& temperature) {
  const ValueId out = value(rows(in), columns(in));
  append("temperature", ScaleByPosition{temperature, in, out});
  return out;
}

ValueId GraphBuilder::gate_rows(std::string name, ValueId gate, ValueId in,
                                std::optional<Activation> activation) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), GateRows{gate, in, out, activation});
  return out;
}

ValueId GraphBuilder::soft_cap(std::string name, ValueId in, double cap) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), SoftCap{cap, in, out});
  return out;
}

ValueId GraphBuilder::clip(std::string name, ValueId in, double bound) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), Clip{bound, in, out});
  return out;
}

ValueId GraphBuilder::project(ValueId in, Integer out_columns, WeightRole role,
                              BiasRole bias_role) {
  const WeightId matrix = weight(role, out_columns, columns(in));
  std::optional<WeightId> bias;
  if (bias_role) bias = weight(*bias_role, 1, out_columns);
  const ValueId out = value(rows(in), out_columns);
  append(std::string(name_of(role)), Project{matrix, bias, in, out});
  return out;
}

ValueId GraphBuilder::project_clipped(ValueId in, Integer out_columns, WeightRole role,
                                      std::optional<double> clip) {
  const WeightId matrix = weight(role, out_columns, columns(in));
  const ValueId out = value(rows(in), out_columns);
  append(std::string(name_of(role)), Project{matrix, std::nullopt, in, out, clip});
  return out;
}

ValueId GraphBuilder::project_each(ValueId in, Integer out_columns, Integer copies,
                                   WeightRole role) {
  const WeightId matrices = weight(role, out_columns, columns(in), copies);
  const ValueId out = value(rows(in), copies * out_columns);
  append(std::string(name_of(role)), ProjectEach{matrices, in, out});
  return out;
}

ValueId GraphBuilder::project_parts(ValueId in, Integer out_columns, Integer copies,
                                    WeightRole role) {
  const WeightId matrices = weight(role, out_columns, columns(in) / copies, copies);
  const ValueId out = value(rows(in), copies * out_columns);
  append(std::string(name_of(role)), ProjectEach{matrices, in, out});
  return out;
}

ValueId GraphBuilder::scale_columns(ValueId in, WeightRole role, std::optional<Integer> vectors) {
  const WeightId factors = weight(role, 1, vectors.value_or(columns(in)));
  const ValueId out = value(rows(in), columns(in));
  append(std::string(name_of(role)), ScaleColumns{factors, in, out});
  return out;
}

ValueId GraphBuilder::scale_by_constant(ValueId in, WeightRole role) {
  const WeightId factor = weight(role, 1, 1);
  const ValueId out = value(rows(in), columns(in));
  append(std::string(name_of(role)), ScaleByConstant{factor, in, out});
  return out;
}

ValueId GraphBuilder::sparsify(ValueId in, double deviations) {
  const ValueId out = value(rows(in), columns(in));
  append("activation sparsity", Sparsify{deviations, in, out});
  return out;
}

ValueId GraphBuilder::select_columns(std::string name, ValueId in, Integer offset,
                                     Integer selected) {
  const ValueId out = value(rows(in), selected);
  append(std::move(name), SelectColumns{offset, in, out});
  return out;
}

ValueId GraphBuilder::join_columns(std::string name, ValueId left, ValueId right) {
  const ValueId out = value(rows(left), columns(left) + columns(right));
  append(std::move(name), JoinColumns{left, right, out});
  return out;
}

ValueId GraphBuilder::match_magnitude(std::string name, ValueId in, ValueId reference,
                                      Integer vectors, double least) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), MatchMagnitude{vectors, least, in, reference, out});
  return out;
}

ValueId GraphBuilder::average_vectors(std::string name, ValueId in, Integer vectors) {
  const ValueId out = value(rows(in), columns(in) / vectors);
  append(std::move(name), AverageVectors{vectors, in, out});
  return out;
}

ValueId GraphBuilder::predict_streams(ValueId in, ValueId coefficients, Integer streams) {
  const ValueId out = value(rows(in), columns(in));
  append("predict streams", PredictStreams{streams, in, coefficients, out});
  return out;
}

ValueId GraphBuilder::correct_streams(ValueId in, ValueId activated, ValueId coefficients,
                                      const ParallelStreams& streams) {
  const ValueId out = value(rows(in), columns(in));
  append("correct streams",
         CorrectStreams{streams.count, streams.active, in, activated, coefficients, out});
  return out;
}

ValueId GraphBuilder::add_to_other_streams(std::string name, ValueId in, ValueId added,
                                           Integer streams) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), AddToOtherStreams{streams, in, added, out});
  return out;
}

ValueId GraphBuilder::project_tied(ValueId in, BiasRole bias_role) {
  const WeightId table = token_embedding_.value();
  const Integer out_columns = graph_.weight(table).rows;
  std::optional<WeightId> bias;
  if (bias_role) bias = weight(*bias_role, 1, out_columns);
  const ValueId out = value(rows(in), out_columns);
  append("head (tied)", Project{table, bias, in, out});
  return out;
}

ValueId GraphBuilder::rotate(std::string name, ValueId in, const Rotary& rotary, Integer heads,
                             Integer offset, Integer dim, RotationSense sense) {
  const ValueId out = value(rows(in), columns(in));
  append(std::move(name), Rotate{rotary, heads, offset, dim, in, out, sense});
  return out;
}

ValueId GraphBuilder::activate(ValueId in, Activation activation) {
  const ValueId out = value(rows(in), columns(in));
  append("activation", Activate{activation, in, out});
  return out;
}

ValueId GraphBuilder::activate_xielu(ValueId in, const Xielu& xielu) {
  const WeightId positive = weight(WeightRole::activation_positive, 1, 1);
  const WeightId negative = weight(WeightRole::activation_negative, 1, 1);
  const ValueId out = value(rows(in), columns(in));
  append("activation", ActivateXielu{xielu, positive, negative, in, out});
  return out;
}

ValueId GraphBuilder::gate(std::string name, ValueId gate, ValueId up, const GateForm& form) {
  const ValueId out = value(rows(up), columns(up));
  append(std::move(name), Gate{form, gate, up, out});
  return out;
}

ValueId GraphBuilder::add(std::string name, ValueId left, ValueId right) {
  const ValueId out = value(rows(left), columns(left));
  append(std::move(name), Add{left, right, out});
  return out;
}

ValueId GraphBuilder::select_rows(ValueId in) {
  const ValueId out = value(RowAxis::logits, columns(in));
  append("select positions", SelectRows{in, out});
  return out;
}

// Adds up all parameters for the Overflow that this may throw: after it, every total fits.
void GraphBuilder::check_parameters_fit() const {
  Elements parameters;
  for (const Weight& each : graph_.weights) parameters += each.elements() * graph_.instances(each);
}

OpGraph GraphBuilder::finish(std::vector<std::size_t> layers) {
  for (Block& each : graph_.blocks) each.repeats = each.kind == BlockKind::layer ? 0 : 1;
  for (const std::size_t layer : layers) graph_.blocks.at(layer).repeats += 1;
  graph_.layers = std::move(layers);
  check_parameters_fit();
  return std::move(graph_);
}

}  // namespace llmarch
