#include "reports/say/sweep_lines.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "reports/render/csv.h"
#include "reports/say/setting_json.h"
#include "reports/say/setting_words.h"

namespace llmarch::reports {
namespace {

using Buffer = std::string;
using Json = nlohmann::ordered_json;

constexpr std::size_t kPiece = 1 << 16;

// `none` is written for a figure that does not exist (0 / 0).
void append_value(Buffer& out, const QuantityValue& value, std::string_view none) {
  if (const auto* whole = std::get_if<Integer>(&value)) {
    fmt::format_to(std::back_inserter(out), "{}", whole->value());
  } else if (const double real = std::get<double>(value); std::isfinite(real)) {
    fmt::format_to(std::back_inserter(out), "{}", real);
  } else {
    out += none;
  }
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view order_text(std::strong_ordering order) {
  if (order == std::strong_ordering::less) return "less";
  return order == std::strong_ordering::greater ? "greater" : "equal";
}

Json crossing_json(const CrossingWords& words, const Crossing& crossing) {
  Json json{{"left", words.left},
            {"right", words.right},
            {"of", words.where},
            {"from", crossing.from.value()},
            {"to", crossing.turns.searched_to.value()},
            {"at_start", order_text(crossing.turns.at_start)},
            {"turns", Json::array()}};
  for (const Turn& turn : crossing.turns.turns) {
    json["turns"].push_back({{"at", turn.at.value()},
                             {"before", order_text(turn.before)},
                             {"after", order_text(turn.after)}});
  }
  return json;
}

// How the two formats write the parts of a point.
struct CsvStyle {
  static constexpr std::string_view begin{}, end{"\n"}, none{};
  static std::string model(const std::string& name) { return csv_field(name); }
  static std::string field(std::string_view, const Json& value) {
    if (value.is_null()) return ",";
    return "," + csv_field(value.is_string() ? value.get<std::string>() : value.dump());
  }
  static void name(Buffer& out, std::string_view) { out += ','; }
};
struct JsonStyle {
  static constexpr std::string_view begin{"{\"model\": "}, end{"}"}, none{"null"};
  static std::string model(const std::string& name) { return json_text(name); }
  static std::string field(std::string_view key, const Json& value) {
    return fmt::format(", \"{}\": {}", key, value.dump());
  }
  static void name(Buffer& out, std::string_view key) {
    fmt::format_to(std::back_inserter(out), ", \"{}\": ", key);
  }
};

// The fields of a line's setting in the order in which they are declared, without the two lengths.
Json without_lengths(const SweepLine& line) {
  Json fields = setting_columns(*line.model, line.setting);
  fields.erase(std::string(setting_field::context.key));
  fields.erase(std::string(setting_field::prompt.key));
  return fields;
}

// Appends one point after another: the model, the lengths, the other fields of the setting, and the
// quantities. What is the same for all points of a line is formatted only once.
template <class Style>
class PointWriter {
 public:
  explicit PointWriter(const SweepPlan& plan) : plan_(plan) {}

  void append(Buffer& out, const SweptPoint& point) {
    if (line_ != point.line_index) begin_line(point);
    out += before_lengths_;
    length(out, setting_field::context, point.context);
    length(out, setting_field::prompt, point.prompt);
    out += after_lengths_;
    for (std::size_t i = 0; i < plan_.quantities.size(); ++i) {
      Style::name(out, plan_.quantities[i]->name);
      append_value(out, point.values[i], Style::none);
    }
    out += Style::end;
  }

 private:
  void begin_line(const SweptPoint& point) {
    line_ = point.line_index;
    before_lengths_ = std::string(Style::begin) + Style::model(point.line.model->spec.name);
    after_lengths_.clear();
    const Json fields = without_lengths(point.line);
    for (const auto& [key, value] : fields.items()) after_lengths_ += Style::field(key, value);
  }

  static void length(Buffer& out, const SettingField& field, Integer tokens) {
    Style::name(out, field.key);
    fmt::format_to(std::back_inserter(out), "{}", tokens.value());
  }

  const SweepPlan& plan_;
  std::optional<std::size_t> line_;  // the line that the texts below belong to
  std::string before_lengths_, after_lengths_;
};

std::string csv_header(const SweepPlan& plan) {
  std::string header =
      fmt::format("model,{},{}", setting_field::context.key, setting_field::prompt.key);
  const Json fields = without_lengths(lines_of(plan).front());
  for (const auto& [key, value] : fields.items()) header += "," + key;
  for (const Quantity* quantity : plan.quantities) header += fmt::format(",{}", quantity->name);
  return header + "\n";
}

void write_full_pieces(Buffer& out, const Write& write) {
  if (out.size() < kPiece) return;
  write(out);
  out.clear();
}

}  // namespace

void write_sweep_csv(const SweepPlan& plan, const Write& write) {
  PointWriter<CsvStyle> points(plan);
  Buffer out = csv_header(plan);
  for_each_point(plan, [&](const SweptPoint& point) {
    points.append(out, point);
    write_full_pieces(out, write);
  });
  write(out);
}

void write_sweep_json(const SweepPlan& plan, const std::vector<Crossing>& crossings,
                      const Write& write) {
  PointWriter<JsonStyle> points(plan);
  Buffer out = "{\n  \"points\": [";
  const char* separator = "\n    ";
  for_each_point(plan, [&](const SweptPoint& point) {
    out += separator;
    separator = ",\n    ";
    points.append(out, point);
    write_full_pieces(out, write);
  });
  const std::vector<SweepLine> lines = lines_of(plan);
  Json turns = Json::array();
  for (const Crossing& crossing : crossings) {
    turns.push_back(crossing_json(words_of(crossing, lines), crossing));
  }
  out += fmt::format("\n  ],\n  \"crossovers\": {}\n}}\n",
                     turns.dump(2, ' ', false, Json::error_handler_t::replace));
  write(out);
}

}  // namespace llmarch::reports
