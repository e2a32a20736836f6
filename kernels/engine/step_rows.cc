// The operations that treat each row by itself.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "kernels/engine/step.h"
#include "kernels/fast/matrix_product.h"

namespace llmarch::fast {
namespace {

// Looks up rows; each thread does its share of them.
template <class RowOf>
void look_up(Team& team, const PackedMatrix& table, Rows out, const RowOf& row_of) {
  team.run([&](std::size_t thread) {
    const Share share = share_of(out.rows, thread, team.size());
    for (std::size_t r = share.first; r < share.last; ++r) {
      table.read(row_of(r), {out.row(r), out.columns});
    }
  });
}

// out = kernel(in), element by element
template <class Map, class Kernel>
void map_rows(Step& step, const Map& op, const Kernel& kernel) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  kernel(in, out);
  step.count_read(in);
  step.count_written(out);
  step.count_elements(out);
}

// Every copy of a vector was read.
void count_copies(Step& step, WeightId id) {
  const std::size_t copies = size(step.graph.weight(id).copies);
  for (std::size_t copy = 0; copy < copies; ++copy) step.count_weight(id, copy);
}

}  // namespace

void run(Step& step, const Embed& op) {
  const Rows out = step.value(op.out);
  look_up(step.team, step.matrix(op.table), out,
          [&](std::size_t r) { return static_cast<std::size_t>(step.token_ids[r]); });
  for (std::size_t r = 0; r < out.rows; ++r) step.count_look_up(op.table);
  step.count_written(out);
}

Scratch ScratchOf::operator()(const AddPositions& op) const {
  return {sequences * tokens * columns(op.in), 0};
}

void run(Step& step, const AddPositions& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) {
    const Rows looked_up{step.scratch(in.rows * in.columns), in.rows, in.columns, in.columns};
    look_up(step.team, step.matrix(op.table), looked_up,
            [&](std::size_t r) { return step.places.position(r) + size(op.offset); });
    add(step.team, in, looked_up, out);
    for (std::size_t r = 0; r < in.rows; ++r) step.count_look_up(op.table);
  });
}

void run(Step& step, const Scale& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) {
    scale(step.team, in, static_cast<float>(op.factor), out);
  });
}

void run(Step& step, const ScaleByPosition& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) {
    std::vector<float> factors(in.rows);
    for (std::size_t r = 0; r < in.rows; ++r) {
      const auto position = static_cast<double>(step.places.position(r));
      factors[r] = static_cast<float>(growth_at(op.temperature, position));
    }
    scale_rows(step.team, in, factors, out);
  });
}

void run(Step& step, const GateRows& op) {
  const Rows gates = step.value(op.gate);
  map_rows(step, op,
           [&](ConstRows in, Rows out) { gate_rows(step.team, op.activation, gates, in, out); });
  step.count_read(gates);
  step.count_each(gates.rows * gates.columns);
}

void run(Step& step, const SoftCap& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) {
    soft_cap(step.team, in, static_cast<float>(op.cap), out);
  });
}

void run(Step& step, const Clip& op) {
  map_rows(step, op,
           [&](ConstRows in, Rows out) { clip(step.team, in, static_cast<float>(op.bound), out); });
}

void run(Step& step, const Normalize& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::size_t groups = size(op.groups);
  const auto epsilon = static_cast<float>(op.epsilon);
  std::span<const float> weight;
  std::span<const float> bias;
  // With the weights of every head, where each has its own.
  if (op.weight) weight = step.weights.vector(*op.weight, step.layer);
  if (op.bias) bias = step.vector(*op.bias);
  switch (op.kind) {
    case NormKind::rms: normalize_rms(step.team, in, groups, weight, epsilon, out); break;
    case NormKind::layer: normalize_layer(step.team, in, groups, weight, bias, epsilon, out); break;
  }
  if (op.weight) count_copies(step, *op.weight);
  if (op.bias) step.count_weight(*op.bias);
  step.count_read(in);
  step.count_written(out);
  step.count_each(in.rows * groups);
}

void run_projections(Step& step, const std::vector<std::size_t>& nodes) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Product> products;
  std::size_t outputs = 0;
  for (const std::size_t node : nodes) {
    const auto& op = std::get<Project>(step.block->nodes[node].op);
    const PackedMatrix& weights = step.matrix(op.weight);
    products.push_back({&weights, 0, step.value(op.in), step.value(op.out)});
    outputs += weights.outputs();
  }
  multiply(step.team, products);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    // The projections ran as one piece of work, so its time is divided by their shares of the
    // weights.
    const double share =
        static_cast<double>(products[i].weights->outputs()) / static_cast<double>(outputs);
    Line& line = step.ledger.line(step.block_index, nodes[i]);
    line.ran = true;
    line.seconds += taken.count() * share;
    step.node = nodes[i];
    const auto& op = std::get<Project>(step.block->nodes[nodes[i]].op);
    step.count_weight(op.weight);
    step.count_read(products[i].in);
    step.count_written(products[i].out);
    step.count_each(products[i].in.rows);
  }
}

void run(Step& step, const Project& op) {
  if (!op.bias) return;
  const Rows out = step.value(op.out);
  add_bias(step.team, out, step.vector(*op.bias), out);
  step.count_weight(*op.bias);
  step.count_elements(out);
}

void run(Step& step, const Activate& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) { activate(step.team, op.activation, in, out); });
}

void run(Step& step, const ActivateXielu& op) {
  map_rows(step, op, [&](ConstRows in, Rows out) {
    activate_xielu(step.team, op.xielu, step.vector(op.positive)[0], step.vector(op.negative)[0],
                   in, out);
  });
  step.count_weight(op.positive);
  step.count_weight(op.negative);
}

void run(Step& step, const ScaleByConstant& op) {
  map_rows(step, op,
           [&](ConstRows in, Rows out) { scale(step.team, in, step.vector(op.factor)[0], out); });
}

void run(Step& step, const Gate& op) {
  const Rows gates = step.value(op.gate);
  const Rows ups = step.value(op.up);
  const Rows out = step.value(op.out);
  gate(step.team, op.form, gates, ups, out);
  step.count_read(gates);
  step.count_read(ups);
  step.count_written(out);
  step.count_elements(out);
}

void run(Step& step, const Add& op) {
  const Rows left = step.value(op.left);
  const Rows right = step.value(op.right);
  const Rows out = step.value(op.out);
  add(step.team, left, right, out);
  step.count_read(left);
  step.count_read(right);
  step.count_written(out);
  step.count_elements(out);
}

void run(Step& step, const SelectRows& op) {
  const Rows in = step.value(op.in);
  const Rows out = step.value(op.out);
  const std::size_t wanted = out.rows / step.places.sequences;
  for (std::size_t r = 0; r < out.rows; ++r) {
    const std::size_t token = step.places.tokens - wanted + r % wanted;
    const float* row = in.row(r / wanted * step.places.tokens + token);
    std::copy_n(row, in.columns, out.row(r));
  }
  step.count_read(out);  // only the rows that were copied
  step.count_written(out);
}

}  // namespace llmarch::fast
