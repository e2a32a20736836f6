// Operators measured one by one. Bytes are those that a kernel has to read from memory whatever it
// fuses: weights, keys and values, states; not the rows, which may come from the chip's cache.
#include <fmt/format.h>

#include <algorithm>

#include "sim/cost/price.h"
#include "sim/cost/roofline.h"
#include "tests/measured/rows.h"

namespace llmarch::measured {
namespace {

// Every third row of all operations is kept to judge by.
constexpr std::int64_t kJudged = 3;

struct Least {
  std::int64_t flops;
  std::int64_t bytes;
  DType arithmetic;
};

void enter(const char* kind, const Row& row, const Least& least, const std::string& what,
           Holding& holding) {
  Work work;
  work.matrix = Flops(least.flops);
  work.weight_bytes_read = Bytes(least.bytes);
  const Rates rates = rates_of(machine_called(row.text("gpu")), least.arithmetic);
  holding.rows.push_back({kind, row.text("gpu"), what, floor_of(work, rates),
                          row.real("latency_ms") * kMilliseconds, least.bytes});
}

// The row as an estimate sees it; `rows` are those that the operation reads and writes, in bytes.
void time(TimedOperation operation, const Row& row, const std::string& format,
          const LaunchWork& work, Holding& holding) {
  const auto before = static_cast<std::int64_t>(holding.timed.size());
  holding.timed.push_back({row.text("gpu"), operation, format, work,
                           row.real("latency_ms") * kMilliseconds,
                           before % kJudged == kJudged - 1 ? Part::judge : Part::fit});
}

double real(std::int64_t number) {
  return static_cast<double>(number);
}

void hold_gemm(const Row& row, Holding& holding) {
  const std::int64_t m = row.number("m");
  const std::int64_t n = row.number("n");
  const std::int64_t k = row.number("k");
  const MeasuredFormat& format = format_called(row.text("gemm_dtype"));
  const std::int64_t bytes = n * k * format.bits / 8;
  enter("gemm", row, {2 * m * n * k, bytes, format.arithmetic},
        fmt::format("{} x {} x {} {}", m, n, k, format.name), holding);
  time(TimedOperation::product, row, format.name,
       {real(2 * m * n * k), real(bytes), real(2 * m * (n + k))}, holding);
}

struct Heads {
  explicit Heads(const Row& row)
      : batch(row.number("batch_size")),
        heads(row.number("num_heads")),
        kv_heads(row.number("num_key_value_heads")),
        width(row.number("head_dim")),
        window(row.number("window_size")),
        fp8(row.text("kv_cache_dtype") == "fp8") {}
  // Keys that the query at a position attends to.
  [[nodiscard]] std::int64_t keys(std::int64_t position) const {
    return window > 0 ? std::min(window, position + 1) : position + 1;
  }
  [[nodiscard]] std::int64_t flops(std::int64_t pairs) const {
    return 4 * width * heads * batch * pairs;
  }
  [[nodiscard]] std::int64_t bytes(std::int64_t held) const {
    return 2 * width * kv_heads * batch * held * (fp8 ? 1 : 2);
  }
  // Bytes of queries and outputs, two for each element.
  [[nodiscard]] double rows(std::int64_t tokens) const {
    return real(2 * 2 * width * heads * batch * tokens);
  }
  [[nodiscard]] std::string format() const { return fp8 ? "fp8" : "bfloat16"; }
  [[nodiscard]] std::string what(std::int64_t length) const {
    return fmt::format("{} x {} keys, {} of {} heads of {}", batch, length, kv_heads, heads, width);
  }
  // A kernel that reads fp8 may multiply in it.
  [[nodiscard]] DType arithmetic() const { return fp8 ? DType::fp8 : DType::bf16; }
  std::int64_t batch, heads, kv_heads, width, window;
  bool fp8;
};

void hold_prefill_attention(const Row& row, Holding& holding) {
  const Heads heads(row);
  const std::int64_t length = row.number("isl");
  std::int64_t pairs = 0;
  for (std::int64_t position = 0; position < length; ++position) pairs += heads.keys(position);
  enter("prefill attention", row, {heads.flops(pairs), heads.bytes(length), heads.arithmetic()},
        heads.what(length), holding);
  time(TimedOperation::prefill_attention, row, heads.format(),
       {real(heads.flops(pairs)), real(heads.bytes(length)), heads.rows(length)}, holding);
}

void hold_decode_attention(const Row& row, Holding& holding) {
  const Heads heads(row);
  const std::int64_t keys = heads.keys(row.number("step"));
  enter("decode attention", row, {heads.flops(keys), heads.bytes(keys), heads.arithmetic()},
        heads.what(keys), holding);
  time(TimedOperation::decode_attention, row, heads.format(),
       {real(heads.flops(keys)), real(heads.bytes(keys)), heads.rows(1)}, holding);
}

// Latents of 512 and rotary keys of 64, in the absorbed form.
void hold_latent_attention(const Row& row, Holding& holding) {
  constexpr std::int64_t kLatent = 512;
  constexpr std::int64_t kKey = kLatent + 64;
  const std::int64_t keys = row.number("batch_size") * (row.number("step") + 1);
  const bool fp8 = row.text("kv_cache_dtype") == "fp8";
  const std::int64_t bytes = keys * kKey * (fp8 ? 1 : 2);
  const std::int64_t heads = row.number("num_heads");
  const std::int64_t flops = 2 * (kKey + kLatent) * keys * heads;
  enter("latent attention", row, {flops, bytes, fp8 ? DType::fp8 : DType::bf16},
        fmt::format("{} keys, {} heads", keys, heads), holding);
  time(TimedOperation::latent_attention, row, fp8 ? "fp8" : "bfloat16",
       {real(flops), real(bytes), real(2 * row.number("batch_size") * heads * (kKey + kLatent))},
       holding);
}

// Two matrices an expert, since some rows are of experts without a gate. Where experts are divided
// among ranks, a router may choose none of one rank: nothing bounds such a row.
void hold_experts(const Row& row, Holding& holding) {
  if (row.number("moe_ep_size") > 1) {
    ++holding.left_out["experts of one rank of several, of which a router may choose none"];
    return;
  }
  const MeasuredFormat& format = format_called(row.text("moe_dtype"));
  const std::int64_t chosen = row.number("topk");
  const std::int64_t tokens = row.number("num_tokens");
  const std::int64_t width = row.number("inter_size") / row.number("moe_tp_size");
  const std::int64_t each = 2 * row.number("hidden_size") * width;
  const std::int64_t bytes = each * format.bits / 8;
  const std::string what = fmt::format("{} tokens choose {} of {} experts, {}", tokens, chosen,
                                       row.number("num_experts"), row.text("distribution"));
  const std::int64_t flops = 2 * tokens * chosen * each;
  enter("experts, the fewest", row, {flops, chosen * bytes, format.arithmetic}, what, holding);
  const double expected = expected_distinct_experts(row.number("num_experts"), chosen, tokens);
  const auto read = static_cast<std::int64_t>(expected * static_cast<double>(bytes));
  enter("experts, expected (no bound)", row, {flops, read, format.arithmetic}, what, holding);
  // An estimate is of gated experts, as nearly all are.
  time(TimedOperation::experts, row, format.name,
       {1.5 * real(flops), 1.5 * real(read),
        real(2 * 2 * tokens * chosen * row.number("hidden_size"))},
       holding);
}

// The state of each head, read and written in 16 bits at least; the columns of a convolution. An
// estimate takes states in f32, which is what engines keep.
void hold_delta_net(const Row& row, Holding& holding) {
  const std::int64_t keys = row.number("num_k_heads") * row.number("head_k_dim");
  const std::int64_t values = row.number("num_v_heads") * row.number("head_v_dim");
  const bool convolution = row.text("kernel_source").starts_with("causal_conv1d");
  const bool prefill = row.text("phase") == "context";
  const std::int64_t columns = 2 * keys + values;
  const std::int64_t state = values * row.number("head_k_dim");
  const std::int64_t elements = convolution ? columns * (row.number("d_conv") - 1) : state;
  const std::int64_t sequences = row.number("batch_size");
  const std::int64_t bytes = 2 * 2 * elements * sequences;
  enter("gated DeltaNet", row, {0, bytes, DType::bf16},
        fmt::format("{}, {} sequences", row.text("kernel_source"), sequences), holding);
  const std::int64_t tokens = prefill ? row.number("num_tokens") : sequences;
  const std::int64_t flops = convolution ? 2 * row.number("d_conv") * columns : 7 * state;
  const std::int64_t rows = convolution ? 2 * columns : columns + values;
  const auto of_phase = [&](TimedOperation in_prefill, TimedOperation in_decode) {
    return prefill ? in_prefill : in_decode;
  };
  time(convolution
           ? of_phase(TimedOperation::prefill_convolution, TimedOperation::decode_convolution)
           : of_phase(TimedOperation::prefill_delta_rule, TimedOperation::decode_delta_rule),
       row, "float32", {real(flops * tokens), real(2 * bytes), real(2 * rows * tokens)}, holding);
}

}  // namespace

void hold_operators(const std::filesystem::path& folder, Holding& holding) {
  using Hold = void (*)(const Row&, Holding&);
  for (const auto& [file, hold] : {std::pair<const char*, Hold>{"gemm.csv", hold_gemm},
                                   {"context_attention.csv", hold_prefill_attention},
                                   {"generation_attention.csv", hold_decode_attention},
                                   {"generation_mla.csv", hold_latent_attention},
                                   {"moe.csv", hold_experts},
                                   {"gdn.csv", hold_delta_net}}) {
    for (const Row& row : rows_of(folder / file)) hold(row, holding);
  }
}

}  // namespace llmarch::measured
