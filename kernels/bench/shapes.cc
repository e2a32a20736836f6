#include "kernels/bench/shapes.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <variant>

#include "sim/graph/lower.h"
#include "sim/spec/toml_loader.h"

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

ArchSpec read_spec(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  SpecLoad load = load_toml_spec(text);
  if (!load.spec) throw std::runtime_error(file.string() + ": " + load.problems.at(0).message);
  return *std::move(load.spec);
}

// In alphabetical order. LLMARCH_MODEL_SPECS is their folder; the build says where it is.
std::set<std::filesystem::path> spec_files() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LLMARCH_MODEL_SPECS)) {
    if (entry.path().extension() == ".toml") files.insert(entry.path());
  }
  return files;
}

}  // namespace

Shapes find_shapes() {
  Shapes shapes;
  for (const std::filesystem::path& file : spec_files()) {
    const OpGraph graph = lower(read_spec(file));
    const std::string name = file.stem().string();
    add_matrices(graph, name, shapes);
    add_attentions(graph, name, shapes);
  }
  return shapes;
}

}  // namespace llmarch::bench
