#include "sim/study/machine_quantities.h"

#include <array>

#include "sim/study/quantity_lines.h"

namespace llmarch {
namespace {

double over_floor(Integer tokens, const Floor& floor) {
  return tokens.as_double() / floor.seconds;
}

constexpr Quantity on_hardware(Quantity quantity) {
  quantity.needs = Needs::machine;
  return quantity;
}

constexpr Quantity on_ranks(Quantity quantity) {
  quantity.needs = Needs::deployment;
  return quantity;
}

constexpr Quantity in_two_memories(Quantity quantity) {
  quantity.needs = Needs::placement;
  return quantity;
}

constexpr Quantity by_times(Quantity quantity) {
  quantity.needs = Needs::times;
  return quantity;
}

constexpr std::array kMachineQuantities{
    // On hardware.
    on_hardware(at_context("floor_time", "the least that a decode step takes on the hardware",
                           Unit::seconds,
                           [](Figures& f) -> V { return f.decode_floor().seconds; })),
    on_hardware(at_context(
        "uniform_floor_time",
        "floor_time if a step's experts are chosen uniformly: an expectation, no bound",
        Unit::seconds, [](Figures& f) -> V { return f.uniform_decode_floor().seconds; })),
    on_hardware(at_context("arithmetic_time", "decode's FLOPs over the peak", Unit::seconds,
                           [](Figures& f) -> V { return f.decode_floor().arithmetic_seconds; })),
    on_hardware(at_context("memory_time", "decode's bytes over the bandwidth", Unit::seconds,
                           [](Figures& f) -> V { return f.decode_floor().memory_seconds; })),
    on_hardware(at_context(
        "tokens_per_second", "the most that decode gives without drafts, the whole batch together",
        Unit::tokens_per_second,
        [](Figures& f) -> V { return over_floor(f.setting().batch, f.decode_floor()); })),
    on_hardware(at_context(
        "drafted_tokens_per_second",
        "the most that decode gives with drafts, in expectation; the same where it does not draft",
        Unit::tokens_per_second,
        [](Figures& f) -> V {
          const DraftedStep& step = f.decode_by_drafting();
          return step.tokens / step.floor.value().seconds;
        })),
    on_hardware(at_prompt("prefill_floor_time", "the least that a prefill takes on the hardware",
                          Unit::seconds,
                          [](Figures& f) -> V { return f.prefill_floor().seconds; })),
    on_hardware(at_prompt(
        "prefill_uniform_floor_time",
        "prefill_floor_time if a step's experts are chosen uniformly: an expectation, no bound",
        Unit::seconds, [](Figures& f) -> V { return f.uniform_prefill_floor().seconds; })),
    on_hardware(at_prompt("prefill_tokens_per_second",
                          "the most that a prefill gives, the whole batch together",
                          Unit::tokens_per_second,
                          [](Figures& f) -> V {
                            return over_floor(f.setting().batch * f.prompt(), f.prefill_floor());
                          })),
    // On the ranks of a deployment: of the one that holds most, or of a step of all of them.
    on_ranks(constant("rank_weight_bytes", "weights of the fullest rank", Unit::bytes,
                      [](Figures& f) -> V { return f.ranks().fullest().memory.weights.amount(); })),
    on_ranks(constant(
        "rank_kv_bytes_per_token", "cache that one more position of a sequence adds to a rank",
        Unit::bytes, [](Figures& f) -> V { return f.ranks().fullest().cache_per_token.amount(); })),
    on_ranks(at_context("rank_kv_bytes", "cache of the fullest rank, at its largest on the way",
                        Unit::bytes,
                        [](Figures& f) -> V { return f.ranks().fullest().memory.cache.amount(); })),
    on_ranks(
        at_context("rank_memory", "weights, cache and rows in use of the fullest rank", Unit::bytes,
                   [](Figures& f) -> V { return f.ranks().fullest().memory.total().amount(); })),
    on_ranks(
        at_context("decode_sent_bytes", "what a rank sends in a decode step", Unit::bytes,
                   [](Figures& f) -> V { return f.ranks().fullest().decode.sent().amount(); })),
    on_ranks(at_context("rank_floor_time", "the least that a decode step takes on the ranks",
                        Unit::seconds, [](Figures& f) -> V { return f.ranks().decode_seconds(); })),
    on_ranks(at_context("rank_tokens_per_second",
                        "the most that decode gives on the ranks, the whole batch together",
                        Unit::tokens_per_second,
                        [](Figures& f) -> V {
                          return f.setting().batch.as_double() / f.ranks().decode_seconds();
                        })),
    on_ranks(
        at_prompt("prefill_sent_bytes", "what a rank sends in a prefill", Unit::bytes,
                  [](Figures& f) -> V { return f.ranks().fullest().prefill.sent().amount(); })),
    on_ranks(at_prompt("rank_prefill_floor_time", "the least that a prefill takes on the ranks",
                       Unit::seconds, [](Figures& f) -> V { return f.ranks().prefill_seconds(); })),
    // What lies in the memories of a device and of its host, and what these take.
    in_two_memories(constant(
        "device_weight_bytes", "weights that lie on the device", Unit::bytes,
        [](Figures& f) -> V { return weight_bytes(f.placed().device.graph).total.amount(); })),
    in_two_memories(constant(
        "host_weight_bytes", "weights that lie in the host's memory", Unit::bytes,
        [](Figures& f) -> V { return weight_bytes(f.placed().host.graph).total.amount(); })),
    in_two_memories(at_context("device_memory",
                               "total_memory without what lies in the host's memory", Unit::bytes,
                               [](Figures& f) -> V { return f.device_memory().amount(); })),
    in_two_memories(at_context("host_memory", "weights, cache and rows in use in the host's memory",
                               Unit::bytes,
                               [](Figures& f) -> V { return f.host_memory().amount(); })),
    in_two_memories(
        at_context("device_time", "the least that the device works in a decode step", Unit::seconds,
                   [](Figures& f) -> V { return f.placed_decode_floor().device.seconds; })),
    in_two_memories(at_context(
        "host_time", "the least that what lies in the host's memory takes in a decode step",
        Unit::seconds, [](Figures& f) -> V { return f.placed_decode_floor().host.seconds; })),
    in_two_memories(at_context(
        "in_turn_time",
        "the sum of both: the least where each waits for the other, as in a decode of one sequence",
        Unit::seconds, [](Figures& f) -> V { return f.placed_decode_floor().in_turn_seconds(); })),
    in_two_memories(at_context(
        "in_turn_tokens_per_second", "the most that decode gives where each waits for the other",
        Unit::tokens_per_second,
        [](Figures& f) -> V {
          return f.setting().batch.as_double() / f.placed_decode_floor().in_turn_seconds();
        })),
    in_two_memories(at_prompt(
        "prefill_in_turn_time", "the least that a prefill takes where each waits for the other",
        Unit::seconds, [](Figures& f) -> V { return f.placed_prefill_floor().in_turn_seconds(); })),
    // By what such operations were measured to take.
    by_times(at_context("estimated_time", "what a decode step is estimated to take", Unit::seconds,
                        [](Figures& f) -> V { return f.decode_estimate().median; })),
    by_times(at_context("estimated_time_p10", "the tenth part of its spread", Unit::seconds,
                        [](Figures& f) -> V { return f.decode_estimate().p10; })),
    by_times(at_context("estimated_time_p90", "nine tenths of its spread", Unit::seconds,
                        [](Figures& f) -> V { return f.decode_estimate().p90; })),
    by_times(at_context(
        "unmeasured_time", "of these the floors of operations of which nothing was measured",
        Unit::seconds, [](Figures& f) -> V { return f.decode_estimate().unmeasured; })),
    by_times(at_prompt("prefill_estimated_time", "what a prefill is estimated to take",
                       Unit::seconds, [](Figures& f) -> V { return f.prefill_estimate().median; })),
    by_times(at_prompt("prefill_estimated_time_p10", "the tenth part of its spread", Unit::seconds,
                       [](Figures& f) -> V { return f.prefill_estimate().p10; })),
    by_times(at_prompt("prefill_estimated_time_p90", "nine tenths of its spread", Unit::seconds,
                       [](Figures& f) -> V { return f.prefill_estimate().p90; })),
};

}  // namespace

std::span<const Quantity> machine_quantities() {
  return kMachineQuantities;
}

}  // namespace llmarch
