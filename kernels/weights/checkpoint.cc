#include "kernels/weights/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "kernels/weights/tensor_names.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

using Shape = std::vector<std::int64_t>;

// The most elements that are read at a time, so that loading a checkpoint does not take its size in
// memory a second time.
constexpr std::int64_t kFloatsAtOnce = std::int64_t{4} << 20;

class Loader {
 public:
  Loader(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint, CheckpointNaming naming,
         const TakeWeight& take)
      : graph_(graph),
        checkpoint_(checkpoint),
        naming_(naming),
        prefix_(model_prefix(checkpoint, naming)),
        take_(take) {}

  void load(Head head) {
    for (WeightId id = 0; id < graph_.weights.size(); ++id) load_weight(id);
    refuse_unused(head);
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
    if (const auto experts = experts_listed_in(graph_, id)) {
      return hand_over_lists(id, layer, instance, *experts);
    }
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const TensorSource source = tensor_source(graph_, weight, naming_, prefix_, layer, copy);
      hand_over(weight, source, [&](std::int64_t first_row, std::span<const float> rows) {
        take_(id, instance, copy, static_cast<std::size_t>(first_row), rows);
      });
    }
  }

  // Whole numbers, each of which names an expert.
  void hand_over_lists(WeightId id, std::size_t layer, std::size_t instance, Integer experts) {
    const Weight& weight = graph_.weight(id);
    const TensorSource source = tensor_source(graph_, weight, naming_, prefix_, layer, 0);
    check_shape(weight, source);
    used_.insert(source.name);
    const auto each = static_cast<std::size_t>(weight.columns.value());
    const std::vector<std::int64_t> ids = checkpoint_.read_integers(source.name);
    std::vector<float> list;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0 || experts <= ids[i]) {
        throw FileError(checkpoint_.folder(),
                        fmt::format("tensor '{}' lists expert {} for token {}, and there are {}",
                                    source.name, ids[i], i / each, experts.value()));
      }
      list.push_back(static_cast<float>(ids[i]));
      if (list.size() < each) continue;
      take_(id, instance, i / each, 0, list);
      list.clear();
    }
  }

  template <class TakeRows>
  void hand_over(const Weight& weight, const TensorSource& source, const TakeRows& take) {
    check_shape(weight, source);
    used_.insert(source.name);
    const bool vector = is_vector(weight.role);
    const std::int64_t rows = (vector ? weight.columns : weight.rows).value();
    const std::int64_t columns = vector ? 1 : weight.columns.value();
    switch (source.layout) {
      case StoredLayout::as_is:
      case StoredLayout::one_row:
      case StoredLayout::along_heads:
      case StoredLayout::depthwise:
      case StoredLayout::joined: return hand_over_rows(source, rows, columns, take);
      case StoredLayout::transposed: return hand_over_turned(source, rows, columns, take);
    }
  }

  // Rows that are stored one after the other, some megabytes at a time.
  template <class TakeRows>
  void hand_over_rows(const TensorSource& source, std::int64_t rows, std::int64_t columns,
                      const TakeRows& take) const {
    const std::int64_t expert = source.copy.value() * source.stored_rows.value();
    const std::int64_t length = source.length.value();
    const std::int64_t at_once = std::max<std::int64_t>(1, kFloatsAtOnce / columns);
    for (std::int64_t r = 0; r < rows;) {
      const std::int64_t count = std::min({at_once, rows - r, length - r % length});
      const std::int64_t stored =
          expert + r / length * source.stride.value() + source.offset.value() + r % length;
      std::vector<float> part =
          checkpoint_.read_floats(source.name, stored * columns, count * columns);
      for (float& element : part) element += source.added;
      take(r, part);
      r += count;
    }
  }

  template <class TakeRows>
  void hand_over_turned(const TensorSource& source, std::int64_t rows, std::int64_t columns,
                        const TakeRows& take) const {
    const std::int64_t size = source.stored_rows.value() * columns;
    const std::vector<float> stored =
        checkpoint_.read_floats(source.name, source.copy.value() * size, size);
    std::vector<float> row(static_cast<std::size_t>(columns));
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t place = r / source.length.value() * source.stride.value() +
                                 source.offset.value() + r % source.length.value();
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t at = c * source.stored_rows.value() + place;
        row[static_cast<std::size_t>(c)] = stored[static_cast<std::size_t>(at)] + source.added;
      }
      take(r, row);
    }
  }

  void check_shape(const Weight& weight, const TensorSource& source) const {
    const std::string& name = source.name;
    const TensorInfo* info = checkpoint_.find(name);
    if (info == nullptr) {
      throw FileError(checkpoint_.folder(),
                      fmt::format("tensor '{}' is missing; the config asks for it", name));
    }
    Shape expected{source.stored_rows.value()};
    if (!is_vector(weight.role)) expected.push_back(weight.columns.value());
    if (source.layout == StoredLayout::transposed) std::swap(expected.front(), expected.back());
    if (source.layout == StoredLayout::one_row) expected.insert(expected.begin(), 1);
    if (source.layout == StoredLayout::along_heads) expected = {1, 1, expected.front(), 1};
    if (source.layout == StoredLayout::depthwise) expected.insert(expected.begin() + 1, 1);
    if (source.layout == StoredLayout::joined) {
      expected.front() *= source.copies.value();
    } else if (source.copies > 1)
      expected.insert(expected.begin(), source.copies.value());
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
  std::string_view prefix_;
  const TakeWeight& take_;
  std::set<std::string> used_;
};

}  // namespace

void load_weights(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                  CheckpointNaming naming, Head head, const TakeWeight& take) {
  Loader(graph, checkpoint, naming, take).load(head);
}

WeightStore load_weights(const OpGraph& graph, const SafetensorsCheckpoint& checkpoint,
                         CheckpointNaming naming, Head head) {
  WeightStore store(graph);
  load_weights(graph, checkpoint, naming, head, store.take(graph));
  return store;
}

}  // namespace llmarch
