#include "sim/spec/spec_format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <type_traits>
#include <vector>

#include "sim/spec/fields.h"

namespace llmarch {
namespace {

// Visits the fields of one struct and writes a line for each; the structs it meets are written after.
class FormatWriter {
 public:
  std::string take() { return std::move(text_); }

  template <class Struct>
  void section(const std::string& heading, const std::string& introduction = "") {
    begin(heading, introduction);
    Struct empty{};
    visit_fields(*this, empty);
    write_pending();
  }

  template <class... Alternatives>
  void variant_sections(const std::string& heading, const std::variant<Alternatives...>&) {
    std::size_t index = 0;
    (alternative<Alternatives>(
         heading, std::string(Names<std::variant<Alternatives...>>::alternatives[index++])),
     ...);
  }

  void operator()(const Field& field, Integer&, const Range& range) {
    line(field, fmt::format("whole number, {} to {}", range.least, range.most), kRequired);
  }
  void operator()(const Field& field, double&, const RealRange& range) {
    line(field, fmt::format("number above {}, at most {:g}", range.above, range.most), kRequired);
  }
  void operator()(const Field& field, std::string&) { line(field, "text", kRequired); }
  void operator()(const Field& field, bool&) { line(field, "`true` or `false`", "no: false"); }
  void operator()(const Field& field, Reference&) { line(field, "a name", kRequired); }
  void operator()(const Field& field, std::vector<Reference>&) {
    line(field, "list of names", kRequired);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void operator()(const Field& field, Enum&) {
    std::vector<std::string> names;
    for (const auto& [name, value] : Names<Enum>::values) names.push_back(fmt::format("`{}`", name));
    line(field, fmt::format("{}", fmt::join(names, ", ")), kRequired);
  }
  template <class Value, class... Bounds>
  void operator()(const Field& field, std::optional<Value>&, const Bounds&... bounds) {
    required_ = "no: not there";
    Value value{};
    (*this)(field, value, bounds...);
    required_.clear();
  }
  template <class... Alternatives>
  void operator()(const Field& field, std::variant<Alternatives...>& variant) {
    line(field, "table with a `kind`", kRequired);
    const std::string heading = child(field);
    later([heading, variant](FormatWriter& out) { out.variant_sections(heading, variant); });
  }
  template <class Struct>
    requires std::is_class_v<Struct>
  void operator()(const Field& field, Struct&) {
    line(field, "table", kRequired);
    const std::string heading = child(field);
    later([heading](FormatWriter& out) { out.section<Struct>(heading); });
  }
  template <class Value>
  void operator()(const Field& field, std::vector<Named<Value>>&) {
    line(field, fmt::format("tables `[{}.NAME]`", field.key), kRequired);
    named(fmt::format("{}.NAME", field.key), Value{});
  }
  void operator()(const Field& field, std::vector<Segment>&) {
    line(field, "list of tables `[[stack]]`", kRequired);
    later([](FormatWriter& out) { out.section<Segment>("[stack]"); });
  }

 private:
  static constexpr const char* kRequired = "yes";

  void begin(const std::string& heading, const std::string& introduction) {
    heading_ = heading;
    text_ += fmt::format("\n## {}\n\n", heading.empty() ? "The top of the file"
                                                        : fmt::format("`[{}]`", heading));
    text_ += introduction;
    text_ += "| key | value | required | meaning |\n|---|---|---|---|\n";
  }

  template <class Struct>
  void alternative(const std::string& heading, const std::string& kind) {
    section<Struct>(heading, fmt::format("With `kind = \"{}\"`:\n\n", kind));
  }

  template <class Alternatives>
    requires requires { Names<Alternatives>::alternatives; }
  void named(const std::string& heading, const Alternatives& variant) {
    later([heading, variant](FormatWriter& out) { out.variant_sections(heading, variant); });
  }
  void named(const std::string& heading, const Layer&) {
    later([heading](FormatWriter& out) { out.section<Layer>(heading); });
  }

  std::string child(const Field& field) const {
    return heading_.empty() ? std::string(field.key) : fmt::format("{}.{}", heading_, field.key);
  }

  void line(const Field& field, const std::string& value, const std::string& required) {
    text_ += fmt::format("| `{}` | {} | {} | {} |\n", field.key, value,
                         required_.empty() ? required : required_, field.meaning);
  }

  // Sub-tables are described once, behind the table that first holds them.
  template <class Write>
  void later(Write write) {
    pending_.emplace_back(write);
  }

  void write_pending() {
    std::vector<std::function<void(FormatWriter&)>> pending = std::move(pending_);
    pending_.clear();
    const std::string heading = heading_;
    for (const auto& write : pending) write(*this);
    heading_ = heading;
  }

  std::string text_;
  std::string heading_;
  std::string required_;
  std::vector<std::function<void(FormatWriter&)>> pending_;
};

constexpr const char* kPreamble = R"(# Spec files

One architecture per file, `models/NAME.toml`. This page is made from the field declarations that the
loader itself visits (`build/llmarch help spec-format > arch_specs/README.md`), and a test keeps it so.

* Every number carries its source as a comment on its line: a field of the published config, or the
  modelling code that fixes it.
* A key that is required is never guessed. A key that adds a part may be left out: then the part is
  not there.
* An unknown key, a wrong type, a size out of bounds and a name that is not defined are errors.
  `llmarch check FILE` shows every problem at once.
* `llmarch compare ... --specs DIR` adds the `.toml` files of a folder to the built-in ones; a spec of
  the same name takes the built-in's place. A path works wherever a model's name does.
)";

}  // namespace

std::string describe_spec_format() {
  FormatWriter writer;
  writer.section<ArchSpec>("");
  return kPreamble + writer.take();
}

}  // namespace llmarch
