#include "sim/cli/run/measure_options.h"

#include <fmt/format.h>

#include "sim/cli/common_options.h"
#include "sim/cli/errors.h"
#include "sim/cli/output.h"
#include "sim/cli/run/machine.h"

namespace llmarch::cli {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostRepeats = 1'000'000;

po::typed_value<std::string>* text(const char* name) {
  return po::value<std::string>()->value_name(name);
}

TakenFields measured_fields() {
  return {{setting_field::context, Arity::one, "", " (4k, or the model's limit; scaled: 9)"},
          {setting_field::prompt, Arity::one, "", " (512; scaled: 8)"},
          {setting_field::batch, Arity::one, "", " (1)"},
          {setting_field::weights, Arity::one, "",
           ": bf16, f32, q8_0, q4_0, q4_k_m, q5_k_m, q3_k_m, iq4_xs, mxfp4 (bf16)"},
          {setting_field::kv, Arity::one, "",
           ": bf16, f32, f16, fp8, q8_0, k=q8_0,v=f16 (as the weights)"},
          recurrence_field()};
}

// A checkpoint holds its own config, so with --checkpoint no model need be named.
std::string model_name(const Values& values) {
  if (values.count("model") == 0 && values.count("checkpoint") > 0) {
    return text_of(values, "checkpoint");
  }
  return only_value(values, "model", "measure", "llmarch measure qwen3-0.6b --context 4k");
}

Scale scale_of(const Values& values) {
  if (values.count("scaled") == 0) return Scale::full;
  for (const char* option : {"weights", "kv", "threads", "memory", "repeat", "checkpoint"}) {
    if (values.count(option) == 0) continue;
    throw UsageError(fmt::format("--{} has no meaning with --scaled", option),
                     "leave one of the two out");
  }
  return Scale::scaled_down;
}

}  // namespace

Options measure_options() {
  Options options("options");
  declare_setting(options, measured_fields());
  options.add_options()("threads,t", text("N"), "threads (all of this machine's)")(
      "memory", text("BYTES"), "use at most this much, as 16GiB (most of what is free)")(
      "repeat,r", text("N"), "time each step N times (as often as fits into 4 s, at least 3)")(
      "checkpoint", text("PATH"),
      "the weights of a checkpoint's folder or a GGUF file instead of synthetic ones")(
      "seed", text("N"), "of the synthetic weights (1)")(
      "scaled", "count, do not time, on an instance that is scaled down and keeps its structure");
  declare_specs(options);
  declare_digits(options);
  Outputs::declare(options);
  return options;
}

MeasureRequest measure_request(const Values& values) {
  MeasureRequest request;
  request.model = model_name(values);
  request.specs = specs_folder(values);
  request.scale = scale_of(values);
  request.setting = read_setting(values, measured_fields());
  request.threads = threads_of(values);
  request.digits = digits_of(values);
  const auto given = [&](const char* option, const auto& read) {
    if (values.count(option) > 0) read(text_of(values, option));
  };
  given("memory", [&](const auto& text) { request.memory = parse_bytes("memory", text); });
  given("repeat",
        [&](const auto& text) { request.repeats = parse_count("repeat", text, kMostRepeats); });
  given("checkpoint", [&](const auto& text) { request.checkpoint = text; });
  given("seed", [&](const auto& text) {
    request.seed = static_cast<std::uint64_t>(parse_tokens("seed", text).value());
  });
  return request;
}

Integer threads_of(const Values& values) {
  const Integer usable = usable_threads();
  if (values.count("threads") == 0) return usable;
  const Integer threads = parse_tokens("threads", text_of(values, "threads"));
  if (threads <= usable) return threads;
  throw UsageError(
      fmt::format("--threads {}: {} can run here at a time", threads.value(), usable.value()),
      fmt::format("at most {}", usable.value()));
}

}  // namespace llmarch::cli
