// Tables for people, made from the declarations of fields that a loader visits, so that what is
// described cannot drift from what is accepted.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <variant>
#include <vector>

#include "sim/spec/fields.h"
#include "sim/spec/spec_keys.h"

namespace llmarch {

// 16777216 as "16,777,216".
inline std::string grouped_digits(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

// Visits the fields of one struct and writes a line for each. The tables that it finds inside are
// written after the one that first holds them, once.
class FormatWriter {
 public:
  std::string take() { return std::move(text_); }

  template <class Struct>
  void section(const std::string& heading) {
    section_of<Struct>(heading, fmt::format("[{}]", heading));
  }

  template <class... Alternatives>
  void section_of_kinds(const std::string& heading, const std::variant<Alternatives...>&) {
    if (!begin(heading, fmt::format("[{}]", heading))) return;
    std::size_t index = 0;
    (kind<Alternatives>(Names<std::variant<Alternatives...>>::alternatives[index++]), ...);
    write_pending();
  }

  void operator()(const Field& field, Integer&, const Range& range) {
    line(field, fmt::format("whole number, {} to {}", grouped_digits(range.least),
                            grouped_digits(range.most)));
  }
  void operator()(const Field& field, double&, const RealRange& range) {
    const bool whole = range.most >= 1;
    line(field, fmt::format("number above {}, at most {}", range.above,
                            whole ? grouped_digits(static_cast<std::int64_t>(range.most))
                                  : fmt::format("{}", range.most)));
  }
  void operator()(const Field& field, std::vector<double>&, const RealRange& range) {
    line(field, fmt::format("numbers above {}, at most {}", range.above,
                            grouped_digits(static_cast<std::int64_t>(range.most))));
  }
  void operator()(const Field& field, std::string&) { line(field, "text"); }
  void operator()(const Field& field, bool&) {
    required_ = "no: `false`";
    line(field, "`true` or `false`");
    required_ = kRequired;
  }
  void operator()(const Field& field, Reference&) { line(field, "a name"); }
  void operator()(const Field& field, std::vector<Reference>&) { line(field, "list of names"); }
  void operator()(const Field& field, std::vector<std::string>&) { line(field, "list of texts"); }
  void operator()(const Field& field, SpecKeys&) { line(field, "keys of a spec"); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, Enum&) {
    std::vector<std::string> names;
    for (const auto& [name, value] : Names<Enum>::values) {
      names.push_back(fmt::format("`\"{}\"`", name));
    }
    line(field, fmt::format("{}", fmt::join(names, " or ")));
  }
  template <SpelledOut Value>
  void operator()(const Field& field, std::optional<Value>&) {
    required_ = "no";
    line(field, std::string(Names<Value>::described));
    required_ = kRequired;
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, std::optional<Value>&, const Bounds&... bounds) {
    required_ = "no";
    Value value{};
    (*this)(field, value, bounds...);
    required_ = kRequired;
  }
  template <class... Alternatives>
  void operator()(const Field& field, std::variant<Alternatives...>& variant) {
    const std::string heading = child(field);
    line(field, fmt::format("table `[{}]`", heading));
    later([heading, variant](FormatWriter& out) { out.section_of_kinds(heading, variant); });
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void operator()(const Field& field, Struct&) {
    const std::string heading = child(field);
    const std::string& first = first_heading_.try_emplace(typeid(Struct), heading).first->second;
    if (first != heading) return line(field, fmt::format("table with the keys of `[{}]`", first));
    line(field, fmt::format("table `[{}]`", heading));
    later([heading](FormatWriter& out) { out.section<Struct>(heading); });
  }
  template <class... Alternatives>
  void operator()(const Field& field, std::vector<Named<std::variant<Alternatives...>>>&) {
    const std::string heading = fmt::format("{}.NAME", field.key);
    line(field, fmt::format("tables `[{}]`", heading));
    later([heading](FormatWriter& out) {
      out.section_of_kinds(heading, std::variant<Alternatives...>{});
    });
  }
  template <class Struct>
  void operator()(const Field& field, std::vector<Named<Struct>>&) {
    const std::string heading = child(field) + ".NAME";
    line(field, fmt::format("tables `[{}]`", heading));
    later([heading](FormatWriter& out) { out.section<Struct>(heading); });
  }
  template <ListItem Struct>
  void operator()(const Field& field, std::vector<Struct>&) {
    const std::string heading = child(field);
    line(field, fmt::format("tables `[[{}]]`", heading));
    later([heading](FormatWriter& out) {
      out.section_of<Struct>(heading, fmt::format("[[{}]]", heading));
    });
  }

 private:
  static constexpr std::string_view kRequired = "yes";
  static constexpr std::string_view kTableHead =
      "\n| key | value | required | meaning |\n|---|---|---|---|\n";

  template <class Struct>
  void section_of(const std::string& heading, const std::string& shown) {
    if (!begin(heading, shown)) return;
    fields<Struct>();
    write_pending();
  }

  // False when this table has been described.
  bool begin(const std::string& heading, const std::string& shown) {
    if (!described_.insert(heading).second) return false;
    heading_ = heading;
    text_ += fmt::format("\n## {}\n",
                         heading.empty() ? "The top of the file" : fmt::format("`{}`", shown));
    return true;
  }

  template <class Struct>
  void fields() {
    text_ += kTableHead;
    Struct empty{};
    visit_fields(*this, empty);
  }

  template <class Alternative>
  void kind(std::string_view name) {
    text_ += fmt::format("\nWith `kind = \"{}\"`:\n", name);
    fields<Alternative>();
  }

  [[nodiscard]] std::string child(const Field& field) const {
    return heading_.empty() ? std::string(field.key) : fmt::format("{}.{}", heading_, field.key);
  }

  void line(const Field& field, const std::string& value) {
    text_ += fmt::format("| `{}` | {} | {} | {} |\n", field.key, value, required_, field.meaning);
  }

  template <class Write>
  void later(Write write) {
    pending_.emplace_back(write);
  }

  void write_pending() {
    const std::vector<std::function<void(FormatWriter&)>> pending = std::exchange(pending_, {});
    for (const auto& write : pending) write(*this);
  }

  std::string text_;
  std::string heading_;
  std::string_view required_ = kRequired;
  std::set<std::string> described_;
  std::map<std::type_index, std::string> first_heading_;  // of each struct that is a table
  std::vector<std::function<void(FormatWriter&)>> pending_;
};

}  // namespace llmarch
