#include "reports/say/sweep_lines.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "reports/render/csv.h"

namespace llmarch::reports {
namespace {

using Buffer = std::string;

constexpr std::size_t kPiece = 1 << 16;

// A figure that there is not (0 / 0) is `none`.
void append_value(Buffer& out, const QuantityValue& value, std::string_view none) {
  if (const auto* whole = std::get_if<Integer>(&value)) {
    fmt::format_to(std::back_inserter(out), "{}", whole->value());
  } else if (const double real = std::get<double>(value); std::isfinite(real)) {
    fmt::format_to(std::back_inserter(out), "{}", real);
  } else {
    out += none;
  }
}

// The columns that say which point it is: the model, and what varies.
struct PointColumns {
  bool context, prompt, batch, weights, kv;

  explicit PointColumns(const SweepPlan& plan)
      : context(plan.contexts.varies() || !plan.prompts),
        prompt(plan.prompts.has_value()),
        batch(plan.batches.size() > 1),
        weights(plan.weights.size() > 1),
        kv(plan.kv.size() > 1) {}

  // Calls `number` or `text` with the name and the value of each.
  template <class Number, class Text>
  void visit(const SweptPoint& point, const Number& number, const Text& text) const {
    text("model", point.line.model->spec.name);
    if (context) number("context", point.context);
    if (prompt) number("prompt", point.prompt);
    if (batch) number("batch", point.line.settings.batch);
    if (weights) text("weights", name_of(point.line.settings.weights));
    if (kv) text("kv", name_of(point.line.settings.kv));
  }
};

std::string csv_header(const SweepPlan& plan, const PointColumns& columns) {
  std::string header = "model";
  if (columns.context) header += ",context";
  if (columns.prompt) header += ",prompt";
  if (columns.batch) header += ",batch";
  if (columns.weights) header += ",weights";
  if (columns.kv) header += ",kv";
  for (const Quantity* quantity : plan.quantities) header += fmt::format(",{}", quantity->name);
  return header + "\n";
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view order_text(std::strong_ordering order) {
  if (order == std::strong_ordering::less) return "less";
  return order == std::strong_ordering::greater ? "greater" : "equal";
}

nlohmann::ordered_json crossing_json(const Crossing& crossing) {
  nlohmann::ordered_json json{{"left", crossing.left},
                              {"right", crossing.right},
                              {"of", crossing.where},
                              {"from", crossing.from.value()},
                              {"to", crossing.turns.searched_to.value()},
                              {"at_start", order_text(crossing.turns.at_start)},
                              {"turns", nlohmann::ordered_json::array()}};
  for (const Turn& turn : crossing.turns.turns) {
    json["turns"].push_back({{"at", turn.at.value()},
                             {"before", order_text(turn.before)},
                             {"after", order_text(turn.after)}});
  }
  return json;
}

void append_json_point(Buffer& out, const SweepPlan& plan, const PointColumns& columns,
                       const SweptPoint& point) {
  const char* separator = "{";
  columns.visit(
      point,
      [&](std::string_view name, Integer value) {
        fmt::format_to(std::back_inserter(out), "{}\"{}\": {}", separator, name, value.value());
        separator = ", ";
      },
      [&](std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(out), "{}\"{}\": {}", separator, name, json_text(value));
        separator = ", ";
      });
  for (std::size_t i = 0; i < plan.quantities.size(); ++i) {
    fmt::format_to(std::back_inserter(out), ", \"{}\": ", plan.quantities[i]->name);
    append_value(out, point.values[i], "null");
  }
  out += "}";
}

}  // namespace

void write_sweep_csv(const SweepPlan& plan, const Write& write) {
  const PointColumns columns(plan);
  Buffer out = csv_header(plan, columns);
  for_each_point(plan, [&](const SweptPoint& point) {
    const char* separator = "";
    columns.visit(
        point,
        [&](std::string_view, Integer value) {
          fmt::format_to(std::back_inserter(out), "{}{}", separator, value.value());
          separator = ",";
        },
        [&](std::string_view, std::string_view value) {
          out += separator;
          out += csv_field(std::string(value));
          separator = ",";
        });
    for (const QuantityValue& value : point.values) {
      out += ',';
      append_value(out, value, "");
    }
    out += '\n';
    if (out.size() < kPiece) return;
    write(out);
    out.clear();
  });
  write(out);
}

void write_sweep_json(const SweepPlan& plan, const std::vector<Crossing>& crossings,
                      const Write& write) {
  const PointColumns columns(plan);
  Buffer out = "{\n  \"points\": [";
  const char* separator = "\n    ";
  for_each_point(plan, [&](const SweptPoint& point) {
    out += separator;
    separator = ",\n    ";
    append_json_point(out, plan, columns, point);
    if (out.size() < kPiece) return;
    write(out);
    out.clear();
  });
  nlohmann::ordered_json turns = nlohmann::ordered_json::array();
  for (const Crossing& crossing : crossings) turns.push_back(crossing_json(crossing));
  out += fmt::format("\n  ],\n  \"crossovers\": {}\n}}\n",
                     turns.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  write(out);
}

}  // namespace llmarch::reports
