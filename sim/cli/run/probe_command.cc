#include "kernels/probe/probe.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "reports/document/format.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/run/machine.h"
#include "sim/cli/run/measure_options.h"
#include "sim/cli/run/run_context.h"
#include "sim/hardware/hardware_file.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

// The GiB of memory that the readers stream, and the program's own.
constexpr std::int64_t kNeeded = std::int64_t{1200} << 20;

Options probe_options() {
  Options options("options");
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                        "write the hardware file to FILE instead of standard output")(
      "name", po::value<std::string>()->value_name("NAME")->default_value("this-machine"),
      "what the hardware is called on the command line")(
      "threads,t", po::value<std::string>()->value_name("N"), "threads (all of this machine's)");
  return options;
}

std::string rates(const Probe& found) {
  const auto giga = [](double per_second) { return reports::decimal(per_second / 1e9); };
  return fmt::format("{} thread{}: read {} GB/s; f32 {}, bf16 {} GFLOP/s, int8 {} GOP/s",
                     found.threads, found.threads == 1 ? "" : "s", giga(found.read_bandwidth),
                     giga(found.f32_peak), giga(found.bf16_peak), giga(found.int8_peak));
}

// Probes with one thread, and with all.
std::vector<Probe> probe_threads(std::size_t threads) {
  std::vector<Probe> found;
  for (std::size_t count : {std::size_t{1}, threads}) {
    if (!found.empty() && found.back().threads == count) continue;
    fast::Team team(count, fast::best_isa());
    found.push_back(probe(team, Effort::full));
  }
  return found;
}

Hardware probed_hardware(const std::string& name, const std::vector<Probe>& probes, Bytes memory) {
  const Probe& all = probes.back();
  std::string how = fmt::format("timed by 'llmarch probe', {} thread{}, {}", all.threads,
                                all.threads == 1 ? "" : "s", fast::name_of(all.isa));
  Hardware hardware;
  hardware.name = name;
  hardware.title = processor_name();
  hardware.memory = {memory.amount(), "free when it was probed, within its control groups' limits"};
  hardware.bandwidth = {all.read_bandwidth,
                        how + ": the highest reading of the best of several readers"};
  how += ": the highest reading of the best of several kernels";
  hardware.peak.f32 = PeakRate{all.f32_peak, how};
  hardware.peak.bf16 = {all.bf16_peak, how};
  hardware.peak.int8 = {all.int8_peak, how};
  return hardware;
}

ExitStatus run_probe(const Arguments& arguments, KeptModels& /*kept*/) {
  const Values values = parse_arguments(probe_options(), "argument", arguments);
  if (!positional_values(values, "argument").empty()) {
    throw UsageError("probe takes no arguments", "llmarch probe -o this-machine.toml");
  }
  const Integer threads = threads_of(values);
  const auto memory = usable_memory();
  if (memory && memory->bytes < Bytes(kNeeded)) {
    throw NotPossible(fmt::format("the readers need {} of memory, and {} may be used ({})",
                                  reports::binary_bytes(kNeeded),
                                  reports::binary_bytes(memory->bytes.value()), memory->limited_by),
                      "");
  }
  std::optional<OutputFile> file = output_file(values);
  const MachineWatch machine;
  const std::vector<Probe> probes = probe_threads(static_cast<std::size_t>(threads.value()));
  std::vector<std::string> remarks;
  for (const Probe& found : probes) remarks.push_back(rates(found));
  for (const std::string& warning : timing_warnings(machine)) {
    warn(warning);
    remarks.push_back("beware: " + warning);
  }
  const Hardware hardware =
      probed_hardware(values["name"].as<std::string>(), probes, memory ? memory->bytes : Bytes(0));
  const std::string text = write_toml_hardware(hardware, remarks);
  write_to(file, text);
  return ExitStatus::done;
}

}  // namespace

Command probe_command() {
  return {
      kProbe.name,
      kProbe.summary,
      kProbe.usage,
      "Reads a GiB of memory and multiplies in registers, in several ways each, with one thread\n"
      "and with all. A limit is the highest reading of the best way, not a mean or a median, so "
      "that\n"
      "a share of it is never flattered. Takes some seconds. What comes out is a hardware file "
      "for\n"
      "--on.\n\n"
      "  llmarch probe\n"
      "  llmarch probe --name my-laptop -o my-laptop.toml\n"
      "  llmarch compare qwen3-0.6b llama-3.2-1b --on my-laptop.toml",
      probe_options,
      run_probe,
      CommandWords::none};
}

}  // namespace llmarch::cli
