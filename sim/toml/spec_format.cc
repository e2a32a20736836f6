#include "sim/toml/spec_format.h"

#include <fmt/format.h>

#include "sim/spec/fields.h"
#include "sim/toml/format_writer.h"

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
  kind of layer has, by their names. Each is a sublayer, attention's first; a layer may have one of
  the two alone.
* **A layer with other sublayers lists them** as `sublayers`. Within a sublayer, `blocks` run side by
  side on the same input, and their outputs are summed:
  `sublayers = [{ blocks = [{ attention = "gqa" }, { feed_forward = "mlp" }] }]` is a layer whose
  attention and feed-forward are parallel. A `norm` of a sublayer takes the place of the spec's; a
  `norm` of a block surrounds that block alone.
* **The stack lists the layers** from first to last. Each `[[stack]]` is a segment: its `layers`
  in order, the whole sequence `repeat` times. A segment with `layers = ["local", "global"]` and
  `repeat = 3` is six layers; the next `[[stack]]` continues after it. Three dense layers and then
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
