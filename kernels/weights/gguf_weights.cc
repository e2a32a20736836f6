#include "kernels/weights/gguf_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "kernels/weight_files/float_formats.h"
#include "kernels/weight_files/strict_json.h"
#include "sim/gguf/gguf_config.h"
#include "sim/gguf/gguf_names.h"
#include "sim/spec/file_error.h"

namespace llmarch {
namespace {

constexpr std::int64_t kBytesAtOnce = std::int64_t{16} << 20;

// Architectures whose queries and keys the converter reorders within each head, for a rotation of
// neighbours: row 2 i + j of the file is row j * head / 2 + i of the model.
constexpr std::array<std::string_view, 6> kReordered{"llama",      "granite", "smollm3",
                                                     "granitemoe", "arcee",   "olmo"};

// Tensors that the converter changes: it transposes latent attention's by head, reorders the heads
// of a recurrence and stores the rates of states as numbers and not as logarithms; and an output
// gate lies between the queries of each head.
constexpr std::array kChanged{WeightRole::key_up,
                              WeightRole::value_up,
                              WeightRole::attention_gate,
                              WeightRole::recurrence_query,
                              WeightRole::recurrence_decay_rate,
                              WeightRole::selection_rate};

std::vector<float> floats_of(const GgufTensor& tensor, std::span<const std::byte> bytes) {
  const auto width = static_cast<std::size_t>(tensor.type.bytes);
  std::vector<float> floats(bytes.size() / width);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * width, width);
    const auto half = static_cast<std::uint16_t>(bits);
    floats[i] = tensor.type.name == "f32"   ? std::bit_cast<float>(bits)
                : tensor.type.name == "f16" ? f16_to_float(half)
                                            : bf16_to_float(half);
  }
  return floats;
}

bool is_plain_type(std::string_view type) {
  return type == "f32" || type == "f16" || type == "bf16";
}

// Where a weight's rows lie in a tensor: those of its copies are `stride` rows apart. The elements
// of a vector are rows of one. Within each `head` of rows the converter has reordered them; it has
// not where that is 0.
struct Place {
  const GgufPlacedTensor* tensor;
  std::int64_t rows, columns, offset, stride, head;

  [[nodiscard]] std::int64_t first_row(std::size_t copy) const {
    return static_cast<std::int64_t>(copy) * stride + offset;
  }
  // The model's row that the file has in the place of `row`.
  [[nodiscard]] std::int64_t row_in_model(std::int64_t row) const {
    if (head == 0) return row;
    const std::int64_t within = row % head;
    return row - within + within % 2 * (head / 2) + within / 2;
  }
};

class GgufLoader {
 public:
  GgufLoader(const OpGraph& graph, const GgufModel& file, const TakeWeights& take)
      : graph_(graph), file_(file), take_(take), architecture_(architecture_of(file)) {}

  void load() const {
    for (WeightId id = 0; id < graph_.weights.size(); ++id) {
      const Weight& weight = graph_.weight(id);
      const bool changed = std::ranges::find(kChanged, weight.role) != kChanged.end();
      if (changed) refuse(weight);
      if (graph_.blocks.at(weight.block).kind != BlockKind::layer) {
        load(id, std::nullopt, 0);
        continue;
      }
      std::size_t instance = 0;
      for (std::size_t layer = 0; layer < graph_.layers.size(); ++layer) {
        if (graph_.layers[layer] == weight.block) load(id, layer, instance++);
      }
    }
  }

 private:
  [[noreturn]] void refuse(const Weight& weight) const {
    throw FileError(file_.path(), fmt::format("holds the {} in a form that is not read; verify or "
                                              "measure the checkpoint that it was made from",
                                              name_of(weight.role)));
  }

  void load(WeightId id, std::optional<std::size_t> layer, std::size_t instance) const {
    const Weight& weight = graph_.weight(id);
    const Place place = place_of(weight, layer);
    if (is_vector(weight.role)) return hand_over_vectors(id, instance, place);
    for (std::size_t copy = 0; copy < size(weight.copies); ++copy) {
      hand_over_rows(id, instance, copy, place);
    }
  }

  // The name that the file has of those that the weight may have; "" where it has none.
  [[nodiscard]] std::string name_in_file(const Weight& weight,
                                         std::optional<std::size_t> layer) const {
    for (const std::string& name : gguf_names(weight, layer)) {
      if (file_.find(name) != nullptr) return name;
    }
    return "";
  }

  // Weights of one block that have one tensor lie in it one after the other.
  [[nodiscard]] Place place_of(const Weight& weight, std::optional<std::size_t> layer) const {
    const std::string name = name_in_file(weight, layer);
    if (name.empty()) {
      throw FileError(file_.path(), fmt::format("has no tensor for the {}; convert the model again",
                                                name_of(weight.role)));
    }
    const bool vector = is_vector(weight.role);
    Place place{file_.find(name),
                (vector ? weight.columns : weight.rows).value(),
                vector ? 1 : weight.columns.value(),
                0,
                0,
                head_size(weight)};
    bool before = true;
    for (const Weight& other : graph_.weights) {
      if (other.block != weight.block || name_in_file(other, layer) != name) continue;
      const std::int64_t rows = (vector ? other.columns : other.rows).value();
      before = before && &other != &weight;
      if (before) place.offset += rows;
      place.stride += rows;
    }
    const GgufTensor& tensor = place.tensor->tensor;
    const bool same_rows = vector || tensor.shape.back() == place.columns;
    if (!same_rows || Integer(place.stride) * weight.copies * place.columns != tensor.elements()) {
      throw FileError(
          file_.path(),
          fmt::format("tensor {} has {} elements, and the keys make {} rows of {} of it; "
                      "convert the model again",
                      in_quotes(name), tensor.elements(), place.stride, place.columns));
    }
    return place;
  }

  // The rows of a head in a weight whose rows the converter reorders; 0 where it leaves them alone.
  [[nodiscard]] std::int64_t head_size(const Weight& weight) const {
    const auto role = added_to(weight.role).value_or(weight.role);
    if (role != WeightRole::key && role != WeightRole::query) return 0;
    if (std::ranges::find(kReordered, architecture_) == kReordered.end()) return 0;
    for (const Node& node : graph_.blocks.at(weight.block).nodes) {
      const auto* attend = std::get_if<Attend>(&node.op);
      if (attend == nullptr) continue;
      const Integer heads = role == WeightRole::key ? attend->kv_heads : attend->query_heads;
      const Integer rows = is_vector(weight.role) ? weight.columns : weight.rows;
      if (rows % (2 * heads) != 0) break;
      return (rows / heads).value();
    }
    refuse(weight);
  }

  void hand_over_vectors(WeightId id, std::size_t instance, const Place& place) const {
    const GgufTensor& tensor = place.tensor->tensor;
    if (!is_plain_type(tensor.type.name)) refuse(graph_.weight(id));
    const std::vector<float> all = floats_of(tensor, file_.read(*place.tensor));
    std::vector<float> own(static_cast<std::size_t>(place.rows));
    for (std::size_t copy = 0; copy < size(graph_.weight(id).copies); ++copy) {
      for (std::int64_t i = 0; i < place.rows; ++i) {
        own[static_cast<std::size_t>(place.row_in_model(i))] =
            all[static_cast<std::size_t>(place.first_row(copy) + i)];
      }
      take_.rows(id, instance, copy, 0, own);
    }
  }

  void hand_over_rows(WeightId id, std::size_t instance, std::size_t copy,
                      const Place& place) const {
    const GgufTensor& tensor = place.tensor->tensor;
    const auto format = block_format(tensor.type.name);
    if (!format && !is_plain_type(tensor.type.name)) {
      throw FileError(file_.path(),
                      fmt::format("tensor {} is in {}, whose blocks are not read here; quantise "
                                  "the model to q8_0 or q4_k_m",
                                  in_quotes(tensor.name), tensor.type.name));
    }
    const std::int64_t row_bytes = place.columns / tensor.type.elements * tensor.type.bytes;
    const std::int64_t at_once =
        place.head > 0 ? 1 : std::clamp<std::int64_t>(kBytesAtOnce / row_bytes, 1, place.rows);
    for (std::int64_t r = 0; r < place.rows; r += at_once) {
      const std::int64_t count = std::min(at_once, place.rows - r);
      const auto bytes = file_.read_rows(*place.tensor, place.first_row(copy) + r, count);
      const auto row = static_cast<std::size_t>(place.row_in_model(r));
      if (format) {
        take_.stored_rows(id, instance, copy, row, *format, bytes);
      } else {
        take_.rows(id, instance, copy, row, floats_of(tensor, bytes));
      }
    }
  }

  const OpGraph& graph_;
  const GgufModel& file_;
  const TakeWeights& take_;
  std::string architecture_;
};

}  // namespace

void load_gguf_weights(const OpGraph& graph, const GgufModel& file, const TakeWeights& take) {
  GgufLoader(graph, file, take).load();
}

}  // namespace llmarch
