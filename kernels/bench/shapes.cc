#include "kernels/bench/shapes.h"

#include <variant>

#include "sim/graph/lower.h"
#include "tests/support/spec_folder.h"

namespace llmarch::bench {
namespace {

void add_matrices(const OpGraph& graph, const std::string& model, Shapes& shapes) {
  for (const Weight& weight : graph.weights) {
    if (kind_of(weight.role) != WeightKind::matrix) continue;
    shapes.matrices.emplace(MatrixShape{size(weight.rows), size(weight.columns)}, model);
  }
}

void add_attentions(const OpGraph& graph, const std::string& model, Shapes& shapes) {
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      if (const auto* op = std::get_if<Attend>(&node.op)) {
        shapes.attentions.emplace(
            AttentionShape{size(op->query_heads), size(op->kv_heads), size(op->head_dim)}, model);
      } else if (const auto* latent = std::get_if<AttendLatent>(&node.op)) {
        const LatentShape& s = latent->shape;
        shapes.latent_attentions.emplace(LatentAttentionShape{size(s.heads), size(s.nope_dim),
                                                              size(s.rope_dim), size(s.latent_dim)},
                                         model);
      }
    }
  }
}

}  // namespace

Shapes find_shapes() {
  Shapes shapes;
  for (const std::string& name : model_names()) {
    const OpGraph graph = lower(model_spec(name));
    add_matrices(graph, name, shapes);
    add_attentions(graph, name, shapes);
  }
  return shapes;
}

}  // namespace llmarch::bench
