#include "reports/say/model_reports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "reports/document/format.h"
#include "reports/say/active_conventions.h"
#include "reports/say/model_diagram.h"
#include "reports/say/placed_rows.h"
#include "reports/say/setting_words.h"
#include "reports/say/storage_words.h"
#include "reports/say/structure_cells.h"
#include "sim/cost/roofline.h"
#include "sim/describe/layers.h"
#include "sim/describe/structure.h"
#include "sim/study/beside_memory.h"
#include "sim/study/step.h"

namespace llmarch::reports {
namespace {

// For a column whose heading names the unit, or whose rows have several units.
Cell without_unit(Cell cell) {
  cell.unit.clear();
  return cell;
}

double share(Elements part, Elements whole) {
  return part.amount().as_double() / whole.amount().as_double();
}

Table structure_table(const ArchSpec& spec) {
  Table table{.caption = "Structure", .columns = {text_column("field"), text_column("value")}};
  std::string group;
  for (const StructureRow& row : structure({&spec})) {
    if (row.group != group) table.rows.emplace_back(GroupHeading{row.group});
    group = row.group;
    table.rows.emplace_back(compared_structure(row));
  }
  return table;
}

// Parameters by component, which add up to the total. The rows below the total count parts of it
// again by a convention.
Table component_table(const Model& model, Digits digits) {
  const Parameters& parameters = model.parameters;
  Table table{
      .caption = "Parameters",
      .columns = {text_column(""), figure_column("parameters"), figure_column("share of total")}};
  const auto add = [&](std::string label, Elements elements, Emphasis emphasis) {
    Cell cell = parameters_cell(elements, digits);
    cell.emphasis = emphasis;
    table.rows.emplace_back(CellRow{
        {text_cell(std::move(label)), cell, percent_cell(share(elements, parameters.total))}});
  };
  for (const auto& [component, elements] : parameters.components) {
    add(std::string(name_of(component)), elements, Emphasis::plain);
  }
  add("total", parameters.total, Emphasis::strong);
  if (parameters.resident != parameters.total) {
    add("resident: less per-layer embeddings", parameters.resident, Emphasis::plain);
  }
  if (!model.beside.empty()) {
    table.rows.emplace_back(GroupHeading{"beside the text model, in the repository"});
    for (const auto& [name, elements] : model.beside) {
      add(std::string(name), elements, Emphasis::plain);
    }
    add("total with these", parameters.total + sum_of(model.beside), Emphasis::plain);
  }
  table.rows.emplace_back(GroupHeading{"active parameters of a token"});
  for (const ActiveConvention convention : kConventions) {
    add(convention_label(convention), active_under(parameters.active, convention), Emphasis::plain);
  }
  return table;
}

// Published figures beside the predicted ones, with the difference.
Table published_table(const Model& model) {
  const Published& published = *model.spec.published;
  const Parameters& parameters = model.parameters;
  Table table{.caption = "Published beside predicted",
              .columns = {text_column(""), figure_column("published"), figure_column("predicted"),
                          figure_column("difference")}};
  const auto add = [&](std::string label, Integer stated, Elements predicted) {
    table.rows.emplace_back(
        CellRow{{text_cell(std::move(label)), parameters_cell(Elements(stated), Digits::exact),
                 parameters_cell(predicted, Digits::exact),
                 number_cell((predicted.amount() - stated).value())}});
  };
  if (published.exact_total) add("total, to the unit", *published.exact_total, parameters.total);
  if (published.repository_total) {
    const Elements beside = sum_of(model.beside) + Elements(published.beside_text.value_or(0));
    add("repository, with what is beside", *published.repository_total, parameters.total + beside);
  }
  if (published.total) add("total, as stated", *published.total, parameters.total);
  if (published.active) add("active, as stated (A)", *published.active, parameters.active.all);
  if (published.active) {
    add("active, as stated (B)", *published.active, parameters.active.without_input_embedding);
  }
  return table;
}

std::string layers_text(const std::string& block, Integer layers) {
  return layers == 1 ? block : fmt::format("{}, {} layers", block, layers.value());
}

// The memory of one layer of each kind: it is what moves where a model is divided between memories
// layer by layer.
Table layer_memory_table(const OpGraph& graph, const Setting& setting, Digits digits) {
  Table table{.caption = "Memory of one layer",
              .columns = {text_column(""), figure_column("weights"), figure_column("KV cache"),
                          figure_column("together")}};
  const std::vector<BlockBytes> bytes = bytes_of_blocks(graph, setting.context, setting.batch);
  for (std::size_t block = 0; block < bytes.size(); ++block) {
    const llmarch::Block& of = graph.blocks[block];
    const auto& [weights, cache] = bytes[block];
    const Cell held = of.kind == BlockKind::layer ? bytes_cell(cache, digits) : text_cell("–");
    table.rows.emplace_back(
        CellRow{{text_cell(layers_text(of.name, of.repeats)), bytes_cell(weights, digits), held,
                 bytes_cell(weights + cache, digits)}});
  }
  return table;
}

// What is held in memory for sequences of the setting's context.
Table memory_table(const Model& model, const OpGraph& graph, const Setting& setting,
                   Digits digits) {
  PartialSetting said = stated(setting);
  said.weights = weights_of(model, setting);
  said.compute.reset();
  Table table{.caption = "Memory: " + words_of(said),
              .columns = {text_column(""), figure_column("bytes")}};
  const auto add = [&](const char* label, Bytes bytes) {
    table.rows.emplace_back(CellRow{{text_cell(label), bytes_cell(bytes, digits)}});
  };
  add("weights", weight_bytes(graph).total);
  add("KV cache", cache_bytes(graph, setting.context, setting.batch));
  add("one more token of a sequence adds", cache_bytes_per_token(graph));
  const Bytes growing = growing_bytes_per_token(graph);
  if (growing < cache_bytes_per_token(graph)) {
    add("one more token adds beyond every window", growing);
    add("of the KV cache, what grows no more",
        bounded_cache_bytes(graph, setting.context, setting.batch));
  }
  const Bytes state = state_bytes_per_sequence(graph);
  if (state > Bytes(0)) add("fixed state of a sequence", state);
  const BesideMemory beside(model, graph, setting);
  if (!model.beside.empty()) add("beside the text model", beside.weights());
  if (model.prediction) add("one more token adds for prediction layers", beside.cache_per_token());
  return table;
}

// The shapes of an operation's weights: "4,096 x 4,096; 4,096" for a matrix and its bias, and
// "256 of 2,048 x 7,168" for the experts of a mixture.
std::string shape_text(const std::vector<Weight>& weights) {
  std::string text;
  for (const Weight& weight : weights) {
    const WeightKind kind = kind_of(weight.role);
    const bool vector = kind == WeightKind::norm || kind == WeightKind::bias;
    const std::string shape = vector ? grouped(weight.columns.value())
                                     : fmt::format("{} x {}", grouped(weight.rows.value()),
                                                   grouped(weight.columns.value()));
    const std::string copies =
        weight.copies == 1 ? "" : fmt::format("{} of ", grouped(weight.copies.value()));
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", copies, shape);
  }
  return text;
}

// The weights of each operation, under its block. Operations without weights are left out.
Table block_table(const OpGraph& graph, Digits digits) {
  Table table{.caption = "Blocks",
              .columns = {text_column("operation"), text_column("weights, out x in"),
                          figure_column("parameters in one layer")}};
  std::string block;
  for (const WeightUse& use : weight_uses(graph)) {
    if (use.block != block) {
      table.rows.emplace_back(GroupHeading{layers_text(use.block, use.layers)});
    }
    block = use.block;
    table.rows.emplace_back(CellRow{{text_cell(use.operation), text_cell(shape_text(use.weights)),
                                     parameters_cell(use.parameters, digits)}});
  }
  return table;
}

// "decode of one token at context 8192, batch 1, weights bf16, KV bf16"
std::string heading_of(const OperationTable& operations) {
  PartialSetting beside = stated(operations.setting);
  beside.context.reset();
  beside.prompt.reset();
  const auto step = [&]() -> std::string {
    switch (operations.phase) {
      case Phase::decode:
        return fmt::format("decode of one token at context {}", operations.setting.context.value());
      case Phase::prefill:
        return fmt::format("prefill of {}", operations.setting.prefill_tokens().value());
    }
    throw std::logic_error("heading_of: a phase outside the enumeration");
  };
  return joined(step(), words_of(beside));
}

// The predicted book, with the sum of each block over one layer and over all its layers.
Table operations_table(const OperationTable& operations, Digits digits) {
  Table table{.caption = "Predicted, operation by operation: " + heading_of(operations),
              .columns = {text_column("operation"), figure_column("matrix FLOPs"),
                          figure_column("other FLOPs"), figure_column("weights read, bytes"),
                          figure_column("KV read, bytes"), figure_column("KV written, bytes"),
                          figure_column("activations, bytes")}};
  const bool on_ranks = operations.setting.parallel.has_value();
  if (on_ranks) table.columns.push_back(figure_column("sent, bytes"));
  const auto add = [&](const std::string& label, const Step& step) {
    CellRow row{{text_cell(label), flops_cell(step.work.matrix, digits),
                 flops_cell(step.work.other, digits), bytes_cell(step.traffic.weights_read, digits),
                 bytes_cell(step.traffic.cache_read, digits),
                 bytes_cell(step.traffic.cache_written, digits),
                 bytes_cell(step.traffic.activations, digits)}};
    if (on_ranks) row.cells.push_back(bytes_cell(step.traffic.sent, digits));
    for (Cell& cell : row.cells) cell = without_unit(std::move(cell));
    table.rows.emplace_back(std::move(row));
  };
  for (const BlockFigures& block : operations.blocks) {
    table.rows.emplace_back(GroupHeading{layers_text(block.block, block.layers)});
    for (const OperationFigures& figures : block.operations) add(figures.operation, figures.step);
    if (block.layers == 1) continue;
    add("sum of one layer", block.one_layer);
    add("sum of all of them", block.all_layers);
  }
  table.rows.emplace_back(GroupHeading{"model"});
  add("total", operations.total);
  return table;
}

Table hardware_table(const std::vector<Hardware>& hardware) {
  Table table{.columns = {text_column("name"), figure_column("memory"),
                          figure_column("bandwidth, GB/s"), figure_column("bf16, TFLOP/s"),
                          text_column("title")}};
  for (const Hardware& each : hardware) {
    const Rates rates = rates_of(each, DType::bf16);
    Cell peak = rates.has_peak() ? rate_cell(rates.flops_per_second / 1e12, "") : text_cell("–");
    if (rates.has_peak() && rates.arithmetic != DType::bf16) {
      peak.text += fmt::format(" ({})", name_of(rates.arithmetic));
    }
    table.rows.emplace_back(CellRow{
        {text_cell(each.name), without_unit(bytes_cell(Bytes(each.memory.bytes), Digits::rounded)),
         rate_cell(rates.bytes_per_second / 1e9, ""), peak, text_cell(each.title)}});
  }
  return table;
}

template <typename Item>
Cell count_of(const std::optional<std::vector<Item>>& items) {
  return number_cell(items ? static_cast<std::int64_t>(items->size()) : 0);
}

Table studies_table(const std::vector<Study>& studies) {
  Table table{.columns = {text_column("name"), figure_column("comparisons"),
                          figure_column("claims"), text_column("title")}};
  for (const Study& study : studies) {
    table.rows.emplace_back(CellRow{{text_cell(study.name), count_of(study.comparison),
                                     count_of(study.claim), text_cell(study.title)}});
  }
  return table;
}

}  // namespace

Document list_document(const std::vector<ListedModel>& models,
                       const std::vector<Hardware>& hardware, const std::vector<Study>& studies) {
  Table table{.columns = {text_column("name"), figure_column("layers"), figure_column("parameters"),
                          figure_column("active (A)"), figure_column("context limit"),
                          text_column("from"), text_column("also")}};
  for (const auto& [model, origin] : models) {
    const ArchSpec& spec = model->spec;
    const Cell limit{.text = context_tokens(spec.context_limit.value()),
                     .value = spec.context_limit.value()};
    table.rows.emplace_back(CellRow{
        {text_cell(spec.name), number_cell(layer_count(spec).value()),
         without_unit(parameters_cell(model->parameters.total, Digits::rounded)),
         without_unit(parameters_cell(model->parameters.active.all, Digits::rounded)), limit,
         text_cell(origin), text_cell(fmt::format("{}", fmt::join(other_names(spec), ", ")))}});
  }
  return {.title = "Models",
          .blocks = {table, Heading{"Hardware, for --on"}, hardware_table(hardware),
                     Heading{"Studies, for report"}, studies_table(studies)}};
}

Document show_document(const Model& model, const Setting& setting,
                       const std::optional<OperationTable>& operations, Digits digits) {
  const ArchSpec& spec = model.spec;
  Document document{.title = spec.title == spec.name ? spec.name : spec.name + ": " + spec.title};
  const Scheme& scheme = weights_of(model, setting);
  const OpGraph graph = stored(model, setting);
  if (!scheme.number_format()) {
    document.blocks.emplace_back(
        Paragraph{"Weights: " + storage_phrase(scheme, stored_weights(graph))});
  }
  document.blocks.emplace_back(Paragraph{"Source: " + spec.source});
  document.blocks.emplace_back(Paragraph{"Layers: " + layer_pattern(spec)});
  document.blocks.emplace_back(model_diagram({&model}));
  document.blocks.emplace_back(structure_table(spec));
  document.blocks.emplace_back(component_table(model, digits));
  document.blocks.emplace_back(memory_table(model, graph, setting, digits));
  document.blocks.emplace_back(layer_memory_table(graph, setting, digits));
  if (setting.place) document.blocks.emplace_back(placed_table(graph, setting, digits));
  if (spec.published) {
    document.blocks.emplace_back(published_table(model));
    document.blocks.emplace_back(Notes{{"Published: " + spec.published->source}});
  }
  document.blocks.emplace_back(block_table(model.graph, digits));
  if (operations) document.blocks.emplace_back(operations_table(*operations, digits));
  if (!model.remarks.empty()) document.blocks.emplace_back(Notes{model.remarks});
  return document;
}

}  // namespace llmarch::reports
