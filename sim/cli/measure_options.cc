#include "sim/cli/measure_options.h"

#include <fmt/format.h>

#include "sim/cli/common_options.h"
#include "sim/cli/errors.h"
#include "sim/cli/machine.h"
#include "sim/cli/output.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

po::typed_value<std::string>* text(const char* name) {
  return po::value<std::string>()->value_name(name);
}

}  // namespace

Options measure_options() {
  Options options("options");
  options.add_options()(
      "context,c", text("TOKENS"),
      "keys that the decoded token attends (4k, or the model's limit; scaled: 9)")(
      "prompt,p", text("TOKENS"), "tokens of the prefill (512; scaled: 8)")(
      "batch,b", text("N"), "sequences at a time (1)")("weights", text("FORMAT"),
                                                       "weights are stored as bf16 or f32 (bf16)")(
      "kv", text("FORMAT"), "the KV cache likewise (as the weights)")(
      "threads,t", text("N"), "threads (all that there are)")(
      "memory", text("BYTES"), "use at most this much, as 16GiB (most of what is free)")(
      "repeat,r", text("N"), "time each step N times (as often as fits into 4 s, at least 3)")(
      "checkpoint", text("DIR"), "the weights of a checkpoint instead of synthetic ones")(
      "seed", text("N"), "of the synthetic weights (1)")(
      "scaled", "count, do not time, on an instance that is scaled down and keeps its structure");
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

Integer tokens_or(const Values& values, const std::string& option, Integer otherwise) {
  if (values.count(option) == 0) return otherwise;
  return parse_tokens(option, values[option].as<std::string>());
}

Integer threads_of(const Values& values) {
  const Integer usable = usable_threads();
  const Integer threads = tokens_or(values, "threads", usable);
  if (threads <= usable) return threads;
  throw UsageError(
      fmt::format("--threads {}: {} can run here at a time", threads.value(), usable.value()),
      fmt::format("at most {}", usable.value()));
}

}  // namespace llmarch::cli
