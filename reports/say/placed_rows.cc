#include "reports/say/placed_rows.h"

#include <fmt/format.h>

#include <array>

#include "reports/document/format.h"
#include "sim/cost/predict.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

// The host beside machine `n`.
const Hardware& host_beside(const Comparison& comparison, std::size_t n) {
  Setting there = comparison.setting;
  there.machine = comparison.machines[n];
  return *host_of(there);
}

// What the times of the host's part are of.
std::string host_part(const Comparison& comparison, std::size_t n) {
  const std::string& host = host_beside(comparison, n).name;
  return comparison.setting.place->computed == PlacedBy::host
             ? host
             : fmt::format("{} from {}", comparison.machines[n]->name, host);
}

// "in 24 GiB of rtx-4090"
std::string in_memory_of(const Hardware& machine) {
  return fmt::format("in {} of {}", binary_bytes(machine.memory_bytes().value()), machine.name);
}

Cell yes_or_no(bool yes) {
  return yes ? Cell{.text = "yes", .emphasis = Emphasis::good}
             : Cell{.text = "no", .emphasis = Emphasis::bad};
}

// One of the two memories, as a table shows it.
struct MemoryPart {
  std::string_view where, key;
  Bytes weights, cache;
  Work decode;
};

std::array<MemoryPart, 2> held_in_both(const OpGraph& stored, const Setting& setting) {
  const auto held = [&](std::string_view where, std::string_view key, Memory memory) {
    const OpGraph part = part_in(stored, *setting.place, memory);
    return MemoryPart{where, key, weight_bytes(part).total,
                      cache_bytes(part, setting.context, setting.batch),
                      predict_total(part, workload_of(Phase::decode, setting))};
  };
  return {held("on the device", "device", Memory::device),
          held("in the host's memory", "host", Memory::host)};
}

}  // namespace

void write_placed_memory(const Comparison& comparison, std::size_t n, Digits digits,
                         const ComparisonWriter& write) {
  const Hardware& machine = *comparison.machines[n];
  const Hardware& host = host_beside(comparison, n);
  const auto bytes = [&](const std::string& label, const auto& figure) {
    write.row(label, [=](const ModelFigures& figures) {
      return bytes_cell(figure(figures.on[n].needed), digits);
    });
  };
  const auto fits = [&](const Hardware& memory, const auto& figure) {
    const Bytes all(memory.memory_bytes());
    write.row("fits " + in_memory_of(memory), [=](const ModelFigures& figures) {
      return yes_or_no(figure(figures.on[n].needed) <= all);
    });
  };
  const auto on_device = [](const Footprint& needed) { return needed.total(); };
  const auto on_host = [](const Footprint& needed) { return needed.host->total(); };
  bytes(fmt::format("needed on {}", machine.name), on_device);
  bytes("  weights", [](const Footprint& needed) { return needed.weights; });
  bytes("  KV cache", [](const Footprint& needed) { return needed.cache; });
  bytes(fmt::format("needed in the memory of {}", host.name), on_host);
  bytes("  weights", [](const Footprint& needed) { return needed.host->weights; });
  bytes("  KV cache", [](const Footprint& needed) { return needed.host->cache; });
  fits(machine, on_device);
  fits(host, on_host);
}

void write_placed_step(const Comparison& comparison, std::size_t n, StepOnMachine OnMachine::*which,
                       Integer tokens, Digits digits, const ComparisonWriter& write) {
  const std::string& device = comparison.machines[n]->name;
  const std::string host = host_part(comparison, n);
  const auto row = [&](const std::string& label, const auto& cell) {
    write.row(label, [=](const ModelFigures& figures) {
      return cell((figures.on[n].*which).placed.value());
    });
  };
  const auto seconds = [&](const std::string& label, const auto& figure) {
    row(label, [=](const PlacedStep& step) { return duration_cell(figure(step.floor)); });
  };
  const auto rate = [&](const std::string& label, const auto& figure) {
    row(label, [=](const PlacedStep& step) {
      return rate_cell(tokens.as_double() / figure(step.floor), "tokens per second");
    });
  };
  const auto at_once = [](const PlacedFloor& floor) { return floor.slower().seconds; };
  const auto in_turn = [](const PlacedFloor& floor) { return floor.in_turn_seconds(); };
  row("bytes in the memory of " + device,
      [=](const PlacedStep& step) { return bytes_cell(step.device_bytes, digits); });
  row("bytes in the memory of " + host_beside(comparison, n).name,
      [=](const PlacedStep& step) { return bytes_cell(step.host_bytes, digits); });
  seconds("at least on " + device, [](const PlacedFloor& floor) { return floor.device.seconds; });
  seconds("at least on " + host, [](const PlacedFloor& floor) { return floor.host.seconds; });
  seconds("floor: the slower of both", at_once);
  seconds("one after the other", in_turn);
  rate("tokens per second, at most", at_once);
  rate("tokens per second, one after the other", in_turn);
  row("bound by", [=](const PlacedStep& step) {
    return text_cell(fmt::format("{} of {}", name_of(step.floor.slower().binds()),
                                 step.floor.slower_is_host() ? host : device));
  });
}

std::string placed_note(const Comparison& comparison, std::size_t n) {
  const Hardware& host = host_beside(comparison, n);
  const Rates& rates = comparison.models.front().on[n].host_rates.value();
  const auto rate = [](double per_second) {
    return decimal_count(static_cast<std::int64_t>(per_second));
  };
  const std::string peak =
      rates.has_peak()
          ? fmt::format("{} FLOP/s in {}", rate(rates.flops_per_second), name_of(rates.arithmetic))
          : "no peak";
  const std::string how =
      comparison.setting.place->computed == PlacedBy::host
          ? "the host computes with what lies in its memory"
          : "the device computes with what lies in the host's memory, and reads "
            "it over its link";
  return fmt::format(
      "{} ({}): {} and {} bytes/s; {}. The floor is the slower of the two, since one may work on "
      "some sequences, or on shared experts, while the other works on others. One after the other "
      "is what an engine takes at least that lets each wait for the other, as in a decode of one "
      "sequence. Rows that cross the link are not counted. What a repository holds beside the text "
      "model stays on the device.",
      host.name, host.title, peak, rate(rates.bytes_per_second), how);
}

Table placed_table(const OpGraph& stored, const Setting& setting, Digits digits) {
  Table table{
      .caption = "In two memories: " + text_of(*setting.place),
      .columns = {text_column(""), figure_column("weights"), figure_column("KV cache"),
                  figure_column("weights read by a decode step"), figure_column("KV read")}};
  for (const MemoryPart& held : held_in_both(stored, setting)) {
    table.rows.emplace_back(
        CellRow{{text_cell(std::string(held.where)), bytes_cell(held.weights, digits),
                 bytes_cell(held.cache, digits), bytes_cell(held.decode.weight_bytes_read, digits),
                 bytes_cell(held.decode.cache_bytes_read, digits)}});
  }
  return table;
}

Json placed_json(const OpGraph& stored, const Setting& setting) {
  Json json = Json::object();
  for (const MemoryPart& held : held_in_both(stored, setting)) {
    json[held.key] = {{"weight_bytes", held.weights.value()},
                      {"kv_bytes", held.cache.value()},
                      {"decode_weight_bytes", held.decode.weight_bytes_read.value()},
                      {"decode_kv_bytes", held.decode.cache_bytes_read.value()}};
  }
  return json;
}

Json placed_step_json(const PlacedStep& step, Integer tokens) {
  return {{"device_bytes", step.device_bytes.value()},
          {"host_bytes", step.host_bytes.value()},
          {"device_seconds", step.floor.device.seconds},
          {"host_seconds", step.floor.host.seconds},
          {"slower", step.floor.slower_is_host() ? "host" : "device"},
          {"in_turn_seconds", step.floor.in_turn_seconds()},
          {"in_turn_tokens_per_second", tokens.as_double() / step.floor.in_turn_seconds()}};
}

Json host_json(const HostShare& share, Bytes memory) {
  return {{"memory_bytes", memory.value()},
          {"weight_bytes", share.weights.value()},
          {"kv_bytes", share.cache.value()},
          {"activation_bytes", share.activations.value()},
          {"needed_bytes", share.total().value()}};
}

}  // namespace llmarch::reports
