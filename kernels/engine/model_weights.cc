#include "kernels/engine/model_weights.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/engine/held_formats.h"

namespace llmarch::fast {
namespace {

// The same on every machine. Vectors are small enough to be drawn element by element.
void fill_vector(std::span<float> vector, const WeightDistribution& drawn_from,
                 std::uint64_t seed) {
  std::uint64_t state = seed;
  for (float& element : vector) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto drawn = static_cast<float>(state >> 40U) / static_cast<float>(1U << 23U) - 1.0F;
    element = drawn_from.centre + drawn_from.spread * drawn;
  }
}

// For each weight, the bound that its projection clips it to. Weights are clipped once, when they
// are taken.
std::vector<std::optional<float>> clips_of(const OpGraph& graph) {
  std::vector<std::optional<float>> clips(graph.weights.size());
  for (const Block& block : graph.blocks) {
    for (const Node& node : block.nodes) {
      const auto* project = std::get_if<Project>(&node.op);
      if (project == nullptr || !project->weight_clip) continue;
      clips[project->weight] = static_cast<float>(*project->weight_clip);
    }
  }
  return clips;
}

}  // namespace

std::size_t ModelWeights::bytes(const OpGraph& graph, const Held& held) {
  std::size_t bytes = 0;
  for (const Weight& weight : graph.weights) {
    const std::size_t instances =
        size(held.layers.at(weight.block)) * size(copies_held(weight, held));
    const std::size_t each =
        is_vector(weight.role)
            ? size(weight.columns) * sizeof(float)
            : HugeMemory::rounded(PackedMatrix::bytes(matrix_format_of(weight), size(weight.rows),
                                                      size(weight.columns)));
    bytes += instances * each;
  }
  return bytes;
}

ModelWeights::ModelWeights(const OpGraph& graph, const Held& held)
    : graph_(&graph),
      memory_(bytes(graph, held)),
      clips_(clips_of(graph)),
      experts_held_(held.experts),
      weights_(graph.weights.size()) {
  for (std::size_t block = 0; block < graph.blocks.size(); ++block) {
    for (std::size_t layer = 0; layer < size(held.layers.at(block)); ++layer) {
      for (WeightId id = 0; id < graph.weights.size(); ++id) {
        const Weight& weight = graph.weights[id];
        if (weight.block != block) continue;
        Instances& instances = weights_[id];
        instances.layers = size(held.layers.at(block));
        instances.copies = size(copies_held(weight, held));
        if (is_vector(weight.role)) {
          instances.vectors.emplace_back(instances.copies * size(weight.columns), 0.0F);
          continue;
        }
        for (std::size_t copy = 0; copy < instances.copies; ++copy) {
          instances.matrices.emplace_back(memory_, matrix_format_of(weight), size(weight.rows),
                                          size(weight.columns));
        }
      }
    }
  }
}

void ModelWeights::fill_synthetic(Team& team, std::uint64_t seed) {
  for (WeightId id = 0; id < weights_.size(); ++id) {
    const WeightDistribution drawn_from = distribution_of(graph_->weights[id]);
    for (PackedMatrix& matrix : weights_[id].matrices) {
      matrix.fill_synthetic(team, ++seed,
                            std::min(drawn_from.spread, clips_[id].value_or(drawn_from.spread)));
    }
    const std::optional<Integer> listed = experts_listed_in(*graph_, id);
    for (std::vector<float>& vector : weights_[id].vectors) {
      if (listed) {
        list_experts(std::min(*listed, experts_held_.value_or(*listed)), vector);
      } else {
        fill_vector(vector, drawn_from, ++seed);
      }
    }
  }
}

TakeWeights ModelWeights::take() {
  const TakeWeight rows = [this](WeightId id, std::size_t layer, std::size_t copy,
                                 std::size_t first_row, std::span<const float> part) {
    take_rows(id, layer, copy, first_row, part);
  };
  const TakeStoredRows others = from_blocks(*graph_, rows);
  return {rows,
          [this, others](WeightId id, std::size_t layer, std::size_t copy, std::size_t first_row,
                         BlockFormat format, std::span<const std::byte> stored) {
            Instances& instances = weights_.at(id);
            if (layer >= instances.layers || copy >= instances.copies) return;
            const bool vector = is_vector(graph_->weight(id).role);
            const MatrixFormat held = vector ? MatrixFormat::f32 : matrix(id, layer, copy).format();
            if (is_plain(held) || block_format(held) != format || clips_[id]) {
              return others(id, layer, copy, first_row, format, stored);
            }
            instances.matrices.at(layer * instances.copies + copy).fill_stored(first_row, stored);
          }};
}

void ModelWeights::take_rows(WeightId id, std::size_t layer, std::size_t copy,
                             std::size_t first_row, std::span<const float> rows) {
  const Weight& weight = graph_->weights.at(id);
  Instances& instances = weights_.at(id);
  if (layer >= instances.layers || copy >= instances.copies) return;
  if (is_vector(weight.role)) {
    const std::size_t first = copy * size(weight.columns) + first_row;
    std::copy(rows.begin(), rows.end(),
              std::span(instances.vectors.at(layer)).subspan(first).begin());
    return;
  }
  const std::size_t columns = size(weight.columns);
  std::vector<float> clipped;
  if (clips_[id]) {
    clipped.assign(rows.begin(), rows.end());
    for (float& element : clipped) element = std::clamp(element, -*clips_[id], *clips_[id]);
    rows = clipped;
  }
  PackedMatrix& matrix = instances.matrices.at(layer * instances.copies + copy);
  if (is_plain(matrix.format())) {
    return matrix.fill(first_row, {rows.data(), rows.size() / columns, columns, columns});
  }
  for (; !rows.empty(); rows = rows.subspan(columns)) {
    matrix.fill_stored(first_row++, quantise(block_format(matrix.format()), rows.first(columns)));
  }
}

const PackedMatrix& ModelWeights::matrix(WeightId id, std::size_t layer, std::size_t copy) const {
  const Instances& instances = weights_.at(id);
  return instances.matrices.at(layer * instances.copies + copy);
}

std::int64_t ModelWeights::row_bytes(WeightId id) const {
  const Instances& instances = weights_.at(id);
  if (!instances.matrices.empty()) {
    return static_cast<std::int64_t>(instances.matrices.front().row_bytes());
  }
  return static_cast<std::int64_t>(size(graph_->weight(id).columns) * sizeof(float));
}

std::span<const float> ModelWeights::vector(WeightId id, std::size_t layer) const {
  return weights_.at(id).vectors.at(layer);
}

Elements ModelWeights::parameters() const {
  Elements sum;
  for (WeightId id = 0; id < weights_.size(); ++id) {
    const Weight& weight = graph_->weights[id];
    if (kind_of(weight.role) == WeightKind::constant) continue;
    const Instances& instances = weights_[id];
    std::int64_t held = 0;
    for (const PackedMatrix& matrix : instances.matrices) {
      held += static_cast<std::int64_t>(matrix.outputs() * matrix.inputs());
    }
    for (const auto& vector : instances.vectors) held += std::ssize(vector);
    const auto pieces = static_cast<std::int64_t>(instances.layers * instances.copies);
    sum += Elements(Integer(held) / pieces * weight.copies * graph_->instances(weight));
  }
  return sum;
}

}  // namespace llmarch::fast
