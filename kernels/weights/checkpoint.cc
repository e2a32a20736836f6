#include "kernels/weights/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "kernels/weights/tensor_names.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

using Shape = std::vector<std::int64_t>;

// GPT-2's own repository names tensors "h.0...", repositories made from it "transformer.h.0...".
constexpr std::string_view kGpt2Prefix = "transformer.";

class Loader {
 public:
  Loader(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint, CheckpointNaming naming)
      : graph_(graph), checkpoint_(checkpoint), naming_(naming), store_(graph) {}

  WeightStore load(Head head) {
    for (WeightId id = 0; id < graph_.weights.size(); ++id) load_weight(id);
    refuse_unused(head);
    return std::move(store_);
  }

 private:
  void load_weight(WeightId id) {
    const Weight& weight = graph_.weight(id);
    std::size_t instance = 0;
    if (graph_.blocks.at(weight.block).kind != BlockKind::layer) return load_instance(id, 0, 0);
    for (std::size_t layer = 0; layer < graph_.layers.size(); ++layer) {
      if (graph_.layers[layer] == weight.block) load_instance(id, layer, instance++);
    }
  }

  void load_instance(WeightId id, std::size_t layer, std::size_t instance) {
    const Weight& weight = graph_.weight(id);
    const auto copies = static_cast<std::size_t>(weight.copies.value());
    const auto size = static_cast<std::size_t>(weight.elements_of_copy().value());
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const TensorSource source = tensor_source(graph_, weight, naming_, layer, copy);
      read_into(store_.of(id, instance).subspan(copy * size, size), weight, source);
    }
  }

  void read_into(std::span<float> target, const Weight& weight, const TensorSource& source) {
    const std::string name = stored_name(source.name);
    check_shape(name, weight, source);
    const std::vector<float> stored = checkpoint_.read_floats(name);
    used_.insert(name);
    const bool vector = is_vector(weight.role);
    const std::int64_t rows = (vector ? weight.columns : weight.rows).value();
    const std::int64_t columns = vector ? 1 : weight.columns.value();
    const std::int64_t begin =
        source.copy.value() * source.stored_rows.value() * columns;  // of the expert
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t row = r / source.length.value() * source.stride.value() +
                               source.offset.value() + r % source.length.value();
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t at = source.layout == StoredLayout::as_is
                                    ? row * columns + c
                                    : c * source.stored_rows.value() + row;
        target[static_cast<std::size_t>(r * columns + c)] =
            clipped(stored[static_cast<std::size_t>(begin + at)] + source.added, weight);
      }
    }
  }

  [[nodiscard]] std::string stored_name(const std::string& name) const {
    if (checkpoint_.find(name) == nullptr && naming_ == CheckpointNaming::gpt2) {
      std::string prefixed = std::string(kGpt2Prefix) + name;
      if (checkpoint_.find(prefixed) != nullptr) return prefixed;
    }
    return name;
  }

  void check_shape(const std::string& name, const Weight& weight,
                   const TensorSource& source) const {
    const TensorInfo* info = checkpoint_.find(name);
    if (info == nullptr) {
      throw FileError(checkpoint_.folder(),
                      fmt::format("tensor '{}' is missing; the config asks for it", name));
    }
    Shape expected{source.stored_rows.value()};
    if (!is_vector(weight.role)) expected.push_back(weight.columns.value());
    if (source.layout == StoredLayout::transposed) std::swap(expected.front(), expected.back());
    if (source.copies > 1) expected.insert(expected.begin(), source.copies.value());
    if (info->shape == expected) return;
    throw FileError(checkpoint_.folder(),
                    fmt::format("tensor '{}' has the shape [{}], and the config asks for [{}]",
                                name, fmt::join(info->shape, ", "), fmt::join(expected, ", ")));
  }

  void refuse_unused(Head head) const {
    for (const std::string& name : checkpoint_.names()) {
      if (used_.contains(name) || is_no_parameter(name, naming_, head)) continue;
      throw FileError(checkpoint_.folder(),
                      fmt::format("tensor '{}' is not part of the architecture that the config "
                                  "describes; nothing is passed over",
                                  name));
    }
  }

  const OpGraph& graph_;
  const SafetensorsCheckpoint& checkpoint_;
  CheckpointNaming naming_;
  WeightStore store_;
  std::set<std::string> used_;
};

}  // namespace

WeightStore load_weights(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                         CheckpointNaming naming, Head head) {
  return Loader(graph, checkpoint, naming).load(head);
}

}  // namespace llmarch
