#include "sim/cli/run/run_context.h"

#include <fmt/format.h>

#include <cstdio>

#include "reports/document/format.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LLMARCH_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LLMARCH_SANITIZED
#endif
#endif

namespace llmarch::cli {
namespace {

// Other processes running on average, above which a timing is in doubt.
constexpr double kLoaded = 0.5;
// The part of the machine's processor time taken by others, above which a timing is in doubt.
constexpr double kDisturbed = 0.02;

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  return "unknown compiler";
#endif
}

}  // namespace

reports::RunContext run_context(const FullRunRequest& request) {
  return {.processor = processor_name(),
          .of_threads = usable_threads(),
          .instruction_set = std::string(fast::name_of(fast::best_isa())),
          .compiler = compiler(),
          .build_type = LLMARCH_BUILD_TYPE,
          .load = load_average(),
          .weights_from = request.checkpoint ? "the weights of " + request.checkpoint->string()
                                             : "synthetic weights"};
}

std::vector<std::string> build_warnings() {
  std::vector<std::string> warnings;
#ifdef LLMARCH_SANITIZED
  warnings.emplace_back("this build has sanitizers: its times say nothing of the architecture");
#endif
#ifndef NDEBUG
  warnings.emplace_back(
      "this is a debug build: its times say nothing of the architecture; build with --preset "
      "release");
#endif
  return warnings;
}

MachineWatch::MachineWatch()
    : load_before_(load_average()), before_(processor_times()), own_before_(own_processor_time()) {}

std::vector<std::string> MachineWatch::warnings() const {
  const auto now = processor_times();
  if (!before_ || !now) return machine_warnings(load_before_, {});
  return machine_warnings(load_before_,
                          disturbance(*before_, *now, own_processor_time() - own_before_));
}

std::vector<std::string> timing_warnings(const MachineWatch& machine) {
  std::vector<std::string> warnings = build_warnings();
  for (std::string& warning : machine.warnings()) warnings.push_back(std::move(warning));
  return warnings;
}

void warn(const std::string& text) {
  std::fprintf(stderr, "llmarch: warning: %s\n", text.c_str());
}

std::vector<std::string> machine_warnings(std::optional<double> load_before,
                                          const Disturbance& meanwhile) {
  std::vector<std::string> warnings;
  if (load_before && *load_before > kLoaded) {
    warnings.push_back(
        fmt::format("{:.1f} processes were running on average before the run", *load_before));
  }
  if (meanwhile.others > kDisturbed) {
    warnings.push_back(
        fmt::format("other processes took {} of this machine's processor time during the run",
                    reports::percent(meanwhile.others)));
  }
  if (meanwhile.stolen > kDisturbed) {
    warnings.push_back(
        fmt::format("other virtual machines took {} of this machine's processor time during the "
                    "run",
                    reports::percent(meanwhile.stolen)));
  }
  return warnings;
}

}  // namespace llmarch::cli
