#include "sim/study/study_format.h"

#include <fmt/format.h>

#include "sim/study/expression_call.h"
#include "sim/study/quantities.h"
#include "sim/study_spec/study_fields.h"
#include "sim/toml/format_writer.h"

namespace llmarch {
namespace {

constexpr std::string_view kExample = R"study(name = "small-models"
title = "Two small models"
source = "a remark in our team's chat"

[variant.qwen3-shallow]
of = "qwen3-0.6b"
title = "Qwen3 0.6B with half its layers"
set.stack = [{ layers = ["block"], repeat = 14 }]

[comparison.pair]
title = "Qwen3 0.6B and Llama 3.2 1B"
text = "Deeper and narrower against wider."
models = ["qwen3-0.6b", "llama-3.2-1b"]
chart = { quantity = "kv_bytes", from = 256, to = 32768 }

[claim.smaller]
section = "Memory"
text = "Qwen3 0.6B takes less memory than Llama 3.2 1B."
kind = "ordering"
expect = "holds under a condition"
check = ["weights and cache: weight_bytes(qwen3-0.6b) + kv_bytes(qwen3-0.6b) < weight_bytes(llama-3.2-1b) + kv_bytes(llama-3.2-1b)"]
over = { from = 1, to = 32768 }

[claim.half]
section = "Memory"
text = "With half its layers it caches half as much."
kind = "ratio"
expect = "holds"
check = ["KV per token: kv_bytes_per_token(qwen3-shallow) / kv_bytes_per_token(qwen3-0.6b) = 0.5"]
)study";

constexpr std::string_view kBefore = R"study(# Study files

A study puts models side by side and checks claims about them. `llmarch report STUDY` makes the
report: a name from this folder, or a path to a file of your own. The tables below are made from the
declarations that the loader itself reads by; `llmarch help study-format` prints this page, and a
test holds the two together. A complete study, to begin from:

```toml
)study";

constexpr std::string_view kAfter = R"study(```

How it hangs together:

* **Names** of comparisons and claims are what the report calls them: `[claim.C8]` is claim C8. They
  stand in the report in the order of the file.
* **A variant** is a model with some of its keys changed: those of `remove` go first, then those of
  `set` come in or take another's place. The keys are those of a spec (`llmarch help spec-format`),
  what comes of it must be a valid spec, and it can be named wherever a model can. A list, such as
  `stack`, is replaced whole. A study of variants alone puts each beside the model that it changes.
* **A claim** is decided by `check`: all that stand in the list must hold. With `over` they are
  checked at every context from `from` to `to`, one by one. A claim that can be read in several ways
  has `[claim.ID.case.NAME]` tables in place of `check`. One that no figure decides has
  `kind = "undecidable"` and a `reason`.
* **`expect`** is the verdict that the study expects; it is compared with the one that is computed,
  and does nothing to it. Where one departs, the report says so and the exit status is 1, so that a
  study works as a test.

How a verdict comes about:

| verdict | when |
|---|---|
| `holds` | every check holds, at every context, in every case |
| `holds under a condition` | at some contexts (the report says up to where, to the token), or in some cases |
| `does not hold` | at no context, in no case |
| `needs a run` | a figure is asked of a clock, and nothing was run |
| `not decidable by cost` | `kind = "undecidable"` |

How an expression is written: `quantity(model)`, numbers, `+ - * /` and brackets. A check puts one of
`<  <=  =  !=  >=  >` between two expressions; `= 671e9 within 1 %` allows that much of the right
side. Before either may stand a label and a colon: `"active share: active_parameters(deepseek-v3) /
parameters(deepseek-v3) < 0.1"`. Numbers are `1024`, `1_024`, `1.5`, `671e9`, and with `k` and `M`
1,024 and 1,048,576 of them. After the model a call may set what it needs otherwise:
`kv_bytes(gemma-3-27b, context = 32k, kv = fp8)`; the settings are in a table below. Whole numbers
are exact. Figures of different units are neither added nor compared, and nothing is divided by
zero: that is refused, as a name that is not known is, with its place.
)study";

std::string setting_table() {
  std::string text = "\n## Settings of a call\n\n| setting | meaning |\n|---|---|\n";
  const PartialSetting every;
  visit_setting(
      [&](const SettingField& field, const auto&) {
        text += fmt::format("| `{}` | {} |\n", field.key, field.meaning);
      },
      every);
  return text;
}

std::string_view needed_settings(Needs needs) {
  switch (needs) {
    case Needs::nothing: return "";
    case Needs::machine:
    case Needs::times: return "; needs `on`";
    case Needs::deployment: return "; needs `on` and `parallel`";
    case Needs::placement: return "; needs `on`, `place` and `host`";
  }
  throw std::logic_error("needed_settings: a need outside the enumeration");
}

std::string quantity_table() {
  std::string text = "\n## Quantities\n\n| quantity | unit | meaning |\n|---|---|---|\n";
  for (const Quantity& quantity : quantities()) {
    text += fmt::format("| `{}` | {} | {}{} |\n", quantity.name, name_of(quantity.unit),
                        quantity.meaning, needed_settings(quantity.needs));
  }
  return text;
}

std::string function_table() {
  std::string text = "\n## Other functions\n\n| function | meaning |\n|---|---|\n";
  for (const FunctionHelp& function : expression_functions()) {
    text += fmt::format("| `{}` | {} |\n", function.form, function.meaning);
  }
  return text;
}

}  // namespace

std::string_view example_study() {
  return kExample;
}

std::string describe_study_format() {
  FormatWriter writer;
  writer.section<Study>("");
  return fmt::format("{}{}{}{}{}{}{}", kBefore, kExample, kAfter, writer.take(), setting_table(),
                     quantity_table(), function_table());
}

}  // namespace llmarch
