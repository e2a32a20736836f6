#include "sim/hardware/hardware_format.h"

#include "sim/hardware/hardware_fields.h"
#include "sim/toml/format_writer.h"

namespace llmarch {
namespace {

constexpr std::string_view kBefore = R"(# Hardware files

One device per file, `NAME.toml`, in [TOML](https://toml.io): a GPU, a chip, a socket. Every figure
carries its source. `--on` takes a built-in name or alias, or the path of such a file; `llmarch
check FILE` shows every problem of one at once. A complete file, to begin from:

```toml
name = "my-card"
title = "My Card 24 GB"

[memory]
bytes = 25_769_803_776
source = "its datasheet: 24 GB"

[bandwidth]
bytes_per_second = 936e9
source = "its datasheet: 936 GB/s"

[peak.f16]
flops_per_second = 71e12
source = "its datasheet: 142 TFLOPS with sparsity, half of it dense"

[link]
bytes_per_second = 31.5e9
source = "PCIe 4.0 x16"
```

A peak that is not stated is left out, and not guessed. Products in its format are then bound by
the peak of a wider one, which the machine can use in its place; if no wider one is stated, by the
lowest that is, since wider operands are never faster; and if none is, by bytes alone.

`8xNAME` stands for a system of eight devices, joined by the `link`; `2x8xNAME` for two such
systems, joined by the `fabric`. Floors then divide the work and the bytes evenly among all devices
and count nothing for what crosses the links, unless `--parallel` says how the model is divided.

`NAME@128GB` stands for the machine with so much memory in each device, where it is sold with
several sizes or has sockets for more.

`--place` puts a part of a model into the memory of a host, which is a machine like any other:
`--on rtx-4090 --host ryzen-9950x@128GB`. How fast its memory is read, and what it computes, is in
its own file. `host_link` is the way from there to the device, for `by=device`. A device whose host
is always the same, as on a board with both, names it: `host = "grace"`.
)";

}  // namespace

std::string describe_hardware_format() {
  FormatWriter writer;
  writer.section<Hardware>("");
  return std::string(kBefore) + writer.take();
}

}  // namespace llmarch
