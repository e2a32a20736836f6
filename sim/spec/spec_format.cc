#include "sim/spec/spec_format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/spec/fields.h"

namespace llmarch {
namespace {

constexpr std::string_view kExample = R"(name = "my-model"
title = "My Model 1B"
source = "my-model's config.json"

vocabulary = 32000    # config: vocab_size
hidden = 2048         # config: hidden_size
context_limit = 8192  # config: max_position_embeddings
head = "tied"         # config: tie_word_embeddings = true
norm = { kind = "rms", epsilon = 1e-5, placement = "before" }  # config: rms_norm_eps

[attention.gqa]
kind = "grouped"
query_heads = 16  # config: num_attention_heads
kv_heads = 4      # config: num_key_value_heads
head_dim = 128    # config: head_dim

[attention.gqa.rotary]
theta = 10000          # config: rope_theta
layout = "half_split"  # the modelling code rotates halves

[feed_forward.mlp]
kind = "dense"
width = 8192         # config: intermediate_size
activation = "silu"  # config: hidden_act
gated = true         # the modelling code has gate, up and down projections

[layer.block]
attention = "gqa"
feed_forward = "mlp"

[[stack]]
layers = ["block"]
repeat = 16  # config: num_hidden_layers
)";

constexpr std::string_view kBefore = R"(# Spec files

One architecture per file, `NAME.toml`, in [TOML](https://toml.io). The tables below are made from
the declarations that the loader itself reads by; `llmarch help spec-format` prints this page, and
a test holds the two together. A complete spec, to begin from:

```toml
)";

constexpr std::string_view kAfter = R"(```

How it hangs together:

* **Kinds have names.** `[attention.gqa]` defines one kind of attention and calls it `gqa`; there
  may be several, each with a name of its own. So it is with `[feed_forward.NAME]` and
  `[layer.NAME]`. A name is made of letters, digits, `-` and `_`, and means nothing outside its
  file.
* **A layer refers to them.** `[layer.block]` says which attention and which feed-forward that
  kind of layer has, by their names.
* **The stack lists the layers** from first to last. Each `[[stack]]` is a segment: its `layers`
  in order, the whole sequence `repeat` times. A segment with `layers = ["local", "global"]` and
  `repeat = 3` is six layers; the next `[[stack]]` goes on behind it. Three dense layers and then
  58 mixtures are two segments.
* **`kind` chooses between tables.** Where a table has a `kind`, it decides which other keys there
  are.
* **Every number carries its source** as a comment on its line: a field of the published config,
  or the modelling code that fixes it. The loader does not ask for it; the specs in `models/` are
  tested for it.

What is an error: a required key that is missing (nothing is guessed), an unknown key, a wrong
type (`8.0` is no whole number, `1` is no `true`), a number out of bounds, a name that is not
defined, a kind that is defined and never used, and sizes that contradict each other, such as
key/value heads that do not divide the query heads. A key that is not required adds a part: left
out, the part is not there. `llmarch check FILE` shows every problem at once, each with its place
and what to do.

A path to a spec works wherever a model's name does. `llmarch compare ... --specs DIR` adds the
`.toml` files of a folder to the built-in ones; there the file must be called after its `name`,
and takes the place of a built-in spec of that name.
)";

// 16777216 as "16,777,216".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

// Visits the fields of one struct and writes a line for each. The tables it meets inside are
// written behind the one that first holds them, once.
class FormatWriter {
 public:
  std::string take() { return std::move(text_); }

  template <class Struct>
  void section(const std::string& heading) {
    if (!begin(heading)) return;
    fields<Struct>();
    write_pending();
  }

  template <class... Alternatives>
  void section_of_kinds(const std::string& heading, const std::variant<Alternatives...>&) {
    if (!begin(heading)) return;
    std::size_t index = 0;
    (kind<Alternatives>(Names<std::variant<Alternatives...>>::alternatives[index++]), ...);
    write_pending();
  }

  void operator()(const Field& field, Integer&, const Range& range) {
    line(field, fmt::format("whole number, {} to {}", grouped(range.least), grouped(range.most)));
  }
  void operator()(const Field& field, double&, const RealRange& range) {
    const bool whole = range.most >= 1;
    line(field, fmt::format("number above {}, at most {}", range.above,
                            whole ? grouped(static_cast<std::int64_t>(range.most))
                                  : fmt::format("{}", range.most)));
  }
  void operator()(const Field& field, std::string&) { line(field, "text"); }
  void operator()(const Field& field, bool&) {
    required_ = "no: `false`";
    line(field, "`true` or `false`");
    required_ = kRequired;
  }
  void operator()(const Field& field, Reference&) { line(field, "a name"); }
  void operator()(const Field& field, std::vector<Reference>&) { line(field, "list of names"); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Field& field, Enum&) {
    std::vector<std::string> names;
    for (const auto& [name, value] : Names<Enum>::values) {
      names.push_back(fmt::format("`\"{}\"`", name));
    }
    line(field, fmt::format("{}", fmt::join(names, " or ")));
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
  void operator()(const Field& field, std::vector<Named<Layer>>&) {
    const std::string heading = fmt::format("{}.NAME", field.key);
    line(field, fmt::format("tables `[{}]`", heading));
    later([heading](FormatWriter& out) { out.section<Layer>(heading); });
  }
  void operator()(const Field& field, std::vector<Segment>&) {
    const std::string heading = fmt::format("[{}]", field.key);
    line(field, fmt::format("tables `[{}]`", heading));
    later([heading](FormatWriter& out) { out.section<Segment>(heading); });
  }

 private:
  static constexpr std::string_view kRequired = "yes";
  static constexpr std::string_view kTableHead =
      "\n| key | value | required | meaning |\n|---|---|---|---|\n";

  // False when this table has been described.
  bool begin(const std::string& heading) {
    if (!described_.insert(heading).second) return false;
    heading_ = heading;
    text_ += fmt::format("\n## {}\n",
                         heading.empty() ? "The top of the file" : fmt::format("`[{}]`", heading));
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

  std::string child(const Field& field) const {
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
  std::vector<std::function<void(FormatWriter&)>> pending_;
};

}  // namespace

std::string_view example_spec() {
  return kExample;
}

std::string describe_spec_format() {
  FormatWriter writer;
  writer.section<ArchSpec>("");
  return fmt::format("{}{}{}{}", kBefore, kExample, kAfter, writer.take());
}

}  // namespace llmarch
