#include "reports/say/show_json.h"

#include <stdexcept>

#include "reports/say/model_json.h"
#include "reports/say/placed_rows.h"
#include "reports/say/rows_csv.h"
#include "reports/say/setting_json.h"
#include "sim/describe/block_facts.h"
#include "sim/describe/structure.h"
#include "sim/study/beside_memory.h"
#include "sim/study/stored_weights.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json structure_json(const ArchSpec& spec) {
  Json rows = Json::array();
  for (const StructureRow& row : structure({&spec})) {
    const StructureValue& value = *row.values.front();
    rows.push_back({{"group", row.group}, {"label", row.label}});
    rows.back()["value"] = value.number ? Json(*value.number) : Json(value.text);
  }
  return rows;
}

std::string_view key_of(Trait trait) {
  switch (trait) {
    case Trait::parallel_blocks: return "parallel_blocks";
    case Trait::window: return "window";
    case Trait::chunk: return "chunk";
    case Trait::chosen_keys: return "chosen_keys";
    case Trait::compressed_cache: return "compressed_cache";
    case Trait::no_positions: return "no_positions";
    case Trait::shared_cache: return "shared_cache";
    case Trait::fixed_state: return "fixed_state";
    case Trait::experts: return "experts";
  }
  throw std::logic_error("key_of: a trait outside the enumeration");
}

// The kind of every layer from the first to the last, and what each kind has that others may lack.
Json layers_json(const ArchSpec& spec) {
  Json order = Json::array();
  for (const std::size_t kind : layer_sequence(spec)) order.push_back(spec.layer.at(kind).name);
  Json kinds = Json::object();
  for (const auto& [name, layer] : spec.layer) {
    kinds[name] = Json::array();
    for (const Trait trait : traits_of(spec, layer)) kinds[name].push_back(key_of(trait));
  }
  return {{"order", std::move(order)}, {"kinds", std::move(kinds)}};
}

// One layer of each block.
Json block_rows(const OpGraph& graph, const Setting& setting) {
  Json rows = Json::array();
  const std::vector<BlockBytes> bytes = bytes_of_blocks(graph, setting.context, setting.batch);
  for (std::size_t block = 0; block < bytes.size(); ++block) {
    rows.push_back({{"block", graph.blocks[block].name},
                    {"layers", graph.blocks[block].repeats.value()},
                    {"weight_bytes", bytes[block].weights.value()},
                    {"kv_bytes", bytes[block].cache.value()}});
  }
  return rows;
}

Json memory_json(const OpGraph& graph, const Setting& setting) {
  return {{"weight_bytes", weight_bytes(graph).total.value()},
          {"bits_per_weight", stored_weights(graph).bits_per_weight},
          {"kv_bytes", cache_bytes(graph, setting.context, setting.batch).value()},
          {"kv_bytes_per_token", cache_bytes_per_token(graph).value()},
          {"state_bytes_per_sequence", state_bytes_per_sequence(graph).value()},
          {"one_layer", block_rows(graph, setting)}};
}

Json weight_rows(const OpGraph& graph) {
  Json rows = Json::array();
  for (const auto& [block, layers, operation, weight, parameters] : held_weights(graph)) {
    rows.push_back({{"block", block},
                    {"layers", layers.value()},
                    {"operation", operation},
                    {"weight", name_of(weight.role)},
                    {"copies", weight.copies.value()},
                    {"rows", weight.rows.value()},
                    {"columns", weight.columns.value()},
                    {"parameters", parameters.value()},
                    {"format", weight.format.name},
                    {"bytes", weight.bytes().value()}});
  }
  return rows;
}

Json operation_rows(const OperationTable& table) {
  Json rows = Json::array();
  for (const BlockFigures& block : table.blocks) {
    for (const OperationFigures& figures : block.operations) {
      rows.push_back({{"step", table.phase == Phase::decode ? "decode" : "prefill"},
                      {"block", block.block},
                      {"layers", block.layers.value()},
                      {"operation", figures.operation}});
      rows.back().update(step_json(figures.step));
      if (!table.setting.parallel) continue;
      rows.back()["sent_bytes"] = figures.step.traffic.sent.value();
      rows.back()["rounds"] = figures.step.work.rounds.value();
    }
  }
  return rows;
}

}  // namespace

std::string show_json(const Model& model, const Setting& setting,
                      const std::optional<OperationTable>& operations) {
  const ArchSpec& spec = model.spec;
  const OpGraph graph = stored(model, setting);
  Json json = {{"name", spec.name},
               {"title", spec.title},
               {"source", spec.source},
               {"workload", setting_columns(model, setting)},
               {"layers", layers_json(spec)},
               {"structure", structure_json(spec)},
               {"parameters", parameters_json(model.parameters)},
               {"published", published_json(spec)},
               {"memory", memory_json(graph, setting)},
               {"weights", weight_rows(graph)},
               {"remarks", model.remarks}};
  if (!model.beside.empty()) {
    const BesideMemory beside(model, graph, setting);
    json["beside"] = beside_json(model, beside.weights(), beside.cache_per_token());
  }
  if (setting.place) json["placed"] = placed_json(graph, setting);
  if (operations) {
    json["operations"] = operation_rows(*operations);
    json["total"] = step_json(operations->total);
  }
  return indented(json);
}

std::string show_csv(const Model& model, const Setting& setting,
                     const std::optional<OperationTable>& operations) {
  Json rows = Json::array();
  for (const Json& each :
       operations ? operation_rows(*operations) : weight_rows(stored(model, setting))) {
    rows.push_back({{"model", model.spec.name}});
    rows.back().update(setting_columns(model, setting));
    rows.back().update(each);
  }
  return rows_csv(rows);
}

}  // namespace llmarch::reports
