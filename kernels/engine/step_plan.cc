#include "kernels/engine/step_plan.h"

#include <algorithm>
#include <stdexcept>

namespace llmarch::fast {
namespace {

constexpr std::size_t kNever = static_cast<std::size_t>(-1);

// Choices are kept as indices, and expanded keys and values as caches; all other values are rows of
// floats.
bool is_rows_of_floats(const Value& value) {
  return value.content == Content::numbers && value.rows != RowAxis::keys;
}

struct ValuesOf {
  std::vector<ValueId> read, written;
  bool in_place = false;
};

ValuesOf values_of(const Op& op) {
  ValuesOf values;
  visit_operands(op,
                 Overloaded{[&](const Reads& each) { values.read.push_back(each.value); },
                            [&](const ReadsSelected& each) { values.read.push_back(each.value); },
                            [&](const Writes& each) { values.written.push_back(each.value); },
                            [&](const WritesInPlace& each) {
                              values.written.push_back(each.value);
                              values.in_place = true;
                            },
                            [](const OfWeights auto&) {}, [](const OfCaches auto&) {}});
  return values;
}

class BlockPlanner {
 public:
  BlockPlanner(const Block& block, const Workload& workload, std::vector<std::size_t>& slot_floats)
      : block_(block), workload_(workload), slot_floats_(slot_floats) {}

  BlockPlan plan() {
    order_nodes();
    find_last_uses();
    free_.assign(slot_floats_.size(), true);
    owner_.assign(slot_floats_.size(), 0);
    plan_.slots.resize(block_.values.size());
    if (block_.input) plan_.slots[*block_.input] = {Slot::Kind::hidden_in, 0};
    if (block_.kind != BlockKind::output) {
      plan_.slots[block_.output] = {Slot::Kind::hidden_out, 0};
    }
    if (block_.per_layer_input) plan_.slots[*block_.per_layer_input] = {Slot::Kind::per_layer, 0};
    for (std::size_t at = 0; at < plan_.nodes.size(); ++at) place_values(at);
    return std::move(plan_);
  }

 private:
  void order_nodes() {
    std::vector<bool> run_before(block_.nodes.size(), false);
    for (std::size_t node = 0; node < block_.nodes.size(); ++node) {
      if (!runs(block_, node, workload_.forms)) continue;
      PlannedNode planned{node, {}};
      if (!run_before[node]) planned.products = projections_with(node);
      for (const std::size_t product : planned.products) run_before[product] = true;
      plan_.nodes.push_back(std::move(planned));
    }
  }

  // The projections, from this one on, that share its input.
  [[nodiscard]] std::vector<std::size_t> projections_with(std::size_t first) const {
    std::vector<std::size_t> nodes;
    const auto* leader = std::get_if<Project>(&block_.nodes[first].op);
    if (leader == nullptr) return nodes;
    for (std::size_t node = first; node < block_.nodes.size(); ++node) {
      const auto* other = std::get_if<Project>(&block_.nodes[node].op);
      if (other == nullptr || other->in != leader->in) continue;
      if (runs(block_, node, workload_.forms)) nodes.push_back(node);
    }
    return nodes;
  }

  [[nodiscard]] std::vector<ValueId> read_at(std::size_t at) const {
    return values_of(block_.nodes[plan_.nodes[at].node].op).read;
  }
  // A projection's value is written where its group runs, so it is listed there.
  [[nodiscard]] std::vector<ValueId> written_at(std::size_t at) const {
    const PlannedNode& planned = plan_.nodes[at];
    const Op& op = block_.nodes[planned.node].op;
    if (!std::holds_alternative<Project>(op)) return values_of(op).written;
    std::vector<ValueId> written;
    for (const std::size_t product : planned.products) {
      written.push_back(std::get<Project>(block_.nodes[product].op).out);
    }
    return written;
  }

  void find_last_uses() {
    last_use_.assign(block_.values.size(), kNever);
    for (std::size_t at = 0; at < plan_.nodes.size(); ++at) {
      // A bias is added, and the projection's line ends, at the projection's own node.
      const Op& op = block_.nodes[plan_.nodes[at].node].op;
      if (const auto* project = std::get_if<Project>(&op)) {
        last_use_[project->out] = at;
        if (plan_.nodes[at].products.empty()) continue;
      }
      for (const ValueId value : read_at(at)) last_use_[value] = at;
    }
  }

  void place_values(std::size_t at) {
    const Op& op = block_.nodes[plan_.nodes[at].node].op;
    const std::vector<ValueId> written = written_at(at);
    if (values_of(op).in_place) {
      const Integer columns = block_.values.at(written.front()).columns;
      for (const ValueId value : read_at(at)) {
        if (block_.values.at(value).columns == columns) release(value, at);
      }
    }
    for (const ValueId value : written) place(value);
    for (ValueId value = 0; value < block_.values.size(); ++value) release(value, at);
  }

  // Frees the value's slot if nothing after `at` reads it.
  void release(ValueId value, std::size_t at) {
    const Slot& slot = plan_.slots[value];
    if (slot.kind != Slot::Kind::numbered || value == block_.output) return;
    if (last_use_[value] == at && owner_[slot.number] == value) free_[slot.number] = true;
  }

  void place(ValueId value) {
    Slot& slot = plan_.slots[value];
    const Value& shape = block_.values[value];
    if (slot.kind != Slot::Kind::none || !is_rows_of_floats(shape)) return;
    const std::size_t floats = row_count(shape.rows, workload_) * size(shape.columns);
    slot = {Slot::Kind::numbered, free_slot(floats)};
    free_[slot.number] = false;
    owner_[slot.number] = value;
    slot_floats_[slot.number] = std::max(slot_floats_[slot.number], floats);
  }

  // The smallest free slot with enough room; else the largest, which then grows; else a new one.
  std::size_t free_slot(std::size_t floats) {
    std::size_t best = kNever;
    for (std::size_t slot = 0; slot < free_.size(); ++slot) {
      if (!free_[slot]) continue;
      if (best == kNever || better(slot_floats_[slot], slot_floats_[best], floats)) best = slot;
    }
    if (best != kNever) return best;
    free_.push_back(true);
    owner_.push_back(0);
    slot_floats_.push_back(0);
    return free_.size() - 1;
  }
  static bool better(std::size_t candidate, std::size_t best, std::size_t wanted) {
    if (best < wanted) return candidate > best;
    return candidate >= wanted && candidate < best;
  }

  const Block& block_;
  const Workload& workload_;
  std::vector<std::size_t>& slot_floats_;
  std::vector<bool> free_;
  std::vector<ValueId> owner_;         // for each slot: the value that was placed there last
  std::vector<std::size_t> last_use_;  // for each value: an index into the planned nodes
  BlockPlan plan_;
};

}  // namespace

std::size_t row_count(RowAxis axis, const Workload& workload) {
  const std::size_t batch = size(workload.batch);
  switch (axis) {
    case RowAxis::tokens: return batch * size(workload.tokens);
    case RowAxis::keys: return batch * size(workload.past + workload.tokens);
    case RowAxis::tokens_of_ranks:
      return size(workload.token_ranks) * batch * size(workload.tokens);
    case RowAxis::logits:
      return batch * (workload.logits == Logits::last ? 1 : size(workload.tokens));
  }
  throw std::logic_error("row_count: an axis outside the enumeration");
}

StepPlan plan_step(const OpGraph& graph, const Workload& workload) {
  StepPlan plan;
  for (const Block& block : graph.blocks) {
    plan.blocks.push_back(BlockPlanner(block, workload, plan.slot_floats).plan());
    const Value& output = block.values.at(block.output);
    if (block.kind == BlockKind::output) continue;
    if (block.kind == BlockKind::input && block.per_layer_input) {
      plan.per_layer_columns = size(block.values.at(*block.per_layer_input).columns);
    }
    plan.hidden_floats =
        std::max(plan.hidden_floats, row_count(output.rows, workload) * size(output.columns));
  }
  return plan;
}

}  // namespace llmarch::fast
