#include "kernels/weights/tensor_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "kernels/weights/naming.h"

namespace llmarch {
namespace {

using BlockNumber = std::optional<std::size_t>;

const TensorName* find_row(std::span<const TensorName> rows, WeightRole role, BlockNumber block) {
  const TensorName* found = nullptr;
  for (const TensorName& row : rows) {
    if (row.role != role) continue;
    if (row.block && row.block == block) return &row;
    if (!row.block && found == nullptr) found = &row;
  }
  return found;
}

const TensorName* find_row(const Naming& naming, WeightRole role, BlockNumber block) {
  const TensorName* own = find_row(naming.own, role, block);
  return own != nullptr ? own : find_row(naming.common, role, block);
}

// The row of a weight, or for a bias without one that of the weight to whose result it is added.
struct NamedBy {
  const TensorName& row;
  bool as_bias;
};

NamedBy named_by(const Naming& naming, WeightRole role, BlockNumber block = {}) {
  if (const TensorName* row = find_row(naming, role, block)) return {*row, false};
  const auto biased = added_to(role);
  const TensorName* row = biased ? find_row(naming, *biased, block) : nullptr;
  if (row != nullptr) return {*row, true};
  throw std::logic_error(fmt::format("named_by: the family has no {}", name_of(role)));
}

std::string with_bias_ending(std::string_view name) {
  constexpr std::string_view kEnding = ".weight";
  if (!name.ends_with(kEnding)) {
    throw std::logic_error(fmt::format("with_bias_ending: '{}' is no .weight", name));
  }
  return std::string(name.substr(0, name.size() - kEnding.size())) + ".bias";
}

std::string with_number(std::string name, std::size_t number) {
  if (const std::size_t star = name.find('*'); star != std::string::npos) {
    name.replace(star, 1, std::to_string(number));
  }
  return name;
}

std::string with_ordinal(std::string name, const OpGraph& graph, const Weight& weight) {
  const std::size_t hash = name.find('#');
  if (hash == std::string::npos) return name;
  std::set<std::size_t> before;
  for (const Weight& other : graph.weights) {
    if (other.block != weight.block || other.role != weight.role) continue;
    if (other.place.sublayer < weight.place.sublayer) before.insert(other.place.sublayer);
  }
  return name.replace(hash, 1, std::to_string(before.size()));
}

Integer rows_of(const Weight& weight) {
  return is_vector(weight.role) ? weight.columns : weight.rows;
}

// The rows of that part of a fused tensor; a part that the block does not have takes none.
Integer rows_beside(const OpGraph& graph, std::size_t block, WeightRole role) {
  for (const Weight& weight : graph.weights) {
    if (weight.block == block && weight.role == role) return rows_of(weight);
  }
  return 0;
}

template <class Op>
const Op& op_of(const Block& block) {
  for (const Node& node : block.nodes) {
    if (const auto* op = std::get_if<Op>(&node.op)) return *op;
  }
  throw std::logic_error(fmt::format("op_of: block '{}' lacks an operation", block.name));
}

Integer group_count(const OpGraph& graph, const Weight& weight, FusedBy by) {
  const Block& block = graph.blocks.at(weight.block);
  switch (by) {
    case FusedBy::whole: return 1;
    case FusedBy::kv_head: return op_of<Attend>(block).kv_heads;
    case FusedBy::row: return rows_of(weight);
    case FusedBy::latent_head: return op_of<AbsorbQuery>(block).shape.heads;
    case FusedBy::query_head: return op_of<Attend>(block).query_heads;
    case FusedBy::recurrence_key_head: return op_of<Recurrence>(block).shape.key_heads;
  }
  throw std::logic_error("group_count: a value outside the enumeration");
}

// Where the rows of `weight` lie in the tensor that it shares.
void place_among(const OpGraph& graph, const Weight& weight, const Fused& fused, bool as_bias,
                 TensorSource& source) {
  const Integer groups = group_count(graph, weight, fused.by);
  source.length = rows_of(weight) / groups;
  source.stored_rows = 0;
  for (const WeightRole part : fused.parts) {
    const WeightRole role = as_bias ? bias_of(part).value() : part;
    if (role == weight.role) source.offset = source.stored_rows / groups;
    source.stored_rows += rows_beside(graph, weight.block, role);
  }
  source.stride = source.stored_rows / groups;
}

std::string full_name(const OpGraph& graph, const Weight& weight, const Naming& naming,
                      std::string_view prefix, std::size_t layer, const std::string& name) {
  if (name.starts_with('/')) return name.substr(1);
  const bool in_layer = graph.blocks.at(weight.block).kind == BlockKind::layer;
  return in_layer ? fmt::format("{}{}{}.{}", prefix, naming.layer, layer, name)
                  : fmt::format("{}{}", prefix, name);
}

}  // namespace

TensorSource tensor_source(const OpGraph& graph, const Weight& weight, CheckpointNaming family,
                           std::string_view prefix, std::size_t layer, std::size_t copy) {
  const Naming& naming = naming_of(family);
  const auto [row, as_bias] = named_by(naming, weight.role, weight.place.block);
  std::string name = as_bias ? with_bias_ending(row.name) : std::string(row.name);
  name = with_ordinal(std::move(name), graph, weight);
  TensorSource source;
  source.name = full_name(graph, weight, naming, prefix, layer, with_number(name, copy));
  // A vector is not transposed, and has no middle dimension.
  const bool is_of_matrices =
      row.layout == StoredLayout::transposed || row.layout == StoredLayout::depthwise;
  if (!is_vector(weight.role) || !is_of_matrices) source.layout = row.layout;
  source.stored_rows = source.length = source.stride = rows_of(weight);
  if (row.fused != nullptr) place_among(graph, weight, *row.fused, as_bias, source);
  if (name.find('*') == std::string::npos) {
    source.copies = weight.copies;
    source.copy = static_cast<std::int64_t>(copy);
  }
  if (kind_of(weight.role) == WeightKind::norm) {
    source.added = row.added.value_or(naming.added_to_norms);
  }
  return source;
}

std::string_view model_prefix(const SafetensorsCheckpoint& checkpoint, CheckpointNaming family) {
  const Naming& naming = naming_of(family);
  const std::string_view embedding = named_by(naming, WeightRole::token_embedding).row.name;
  for (const std::string_view prefix : naming.prefixes) {
    if (checkpoint.find(fmt::format("{}{}", prefix, embedding)) != nullptr) return prefix;
  }
  // Without an embedding, the other tensors show the prefix under which it is reported as missing.
  const std::vector<std::string> names = checkpoint.names();
  for (const std::string_view prefix : naming.prefixes) {
    const auto has_prefix = [&](const std::string& name) { return name.starts_with(prefix); };
    if (!prefix.empty() && std::ranges::any_of(names, has_prefix)) return prefix;
  }
  return naming.prefixes.front();
}

bool is_no_parameter(std::string_view tensor, CheckpointNaming family, Head head) {
  const Naming& naming = naming_of(family);
  if (head == Head::tied && tensor == named_by(naming, WeightRole::head).row.name.substr(1)) {
    return true;
  }
  return std::ranges::any_of(naming.not_parameters,
                             [&](std::string_view ending) { return tensor.ends_with(ending); });
}

}  // namespace llmarch
