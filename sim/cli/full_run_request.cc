#include "sim/cli/full_run_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/measure/timed_engine.h"
#include "kernels/weights/checkpoint.h"
#include "reports/document/format.h"
#include "reports/say/measurement_report.h"
#include "sim/cli/errors.h"
#include "sim/cli/machine.h"
#include "sim/cli/measure_options.h"
#include "sim/cli/models.h"

namespace llmarch::cli {
namespace {

constexpr std::int64_t kContext = 4096;
constexpr std::int64_t kPrompt = 512;
constexpr std::int64_t kMostRepeats = 1'000'000;

// Of free memory, a part is left to the system and to others.
constexpr std::int64_t kUsedOfTwenty = 19;

const Repeats kRepeats{.count = std::nullopt, .seconds = 4, .at_least = 3};

DType kernel_format(const Values& values, const std::string& option, DType otherwise) {
  if (values.count(option) == 0) return otherwise;
  const DType dtype = parse_dtype(option, values[option].as<std::string>());
  if (dtype == DType::f32 || dtype == DType::bf16) return dtype;
  throw UsageError(fmt::format("there are no kernels for --{} {}", option, name_of(dtype)),
                   "f32 and bf16 can be run here; 'llmarch compare' prices the others");
}

// A model with learned positions has no others.
Integer positions(const Values& values, const std::string& option, std::int64_t usual,
                  const Model& model) {
  const auto learned = learned_positions(model.graph);
  Integer most = model.spec.context_limit;
  if (learned) most = std::min(most, *learned);
  const Integer wanted = tokens_or(values, option, std::min(Integer(usual), most));
  if (!learned || wanted <= *learned) return wanted;
  throw UsageError(fmt::format("--{} {}: the model has learned positions up to {}", option,
                               wanted.value(), learned->value()),
                   "ask for a shorter one");
}

RunSize size_of(const Values& values, const Model& model) {
  RunSize size;
  size.context = positions(values, "context", kContext, model);
  size.prompt = positions(values, "prompt", kPrompt, model);
  size.batch = tokens_or(values, "batch", 1);
  size.weights = kernel_format(values, "weights", DType::bf16);
  size.kv = kernel_format(values, "kv", size.weights);
  size.threads = threads_of(values);
  return size;
}

std::optional<Bytes> asked_memory(const Values& values) {
  if (values.count("memory") == 0) return std::nullopt;
  return parse_bytes("memory", values["memory"].as<std::string>());
}

MemoryBound memory_bound(std::optional<Bytes> asked) {
  const auto usable = usable_memory();
  if (!usable && !asked) {
    throw UsageError("this system does not say how much memory is free", "add --memory BYTES");
  }
  if (!usable) return {*asked, "--memory"};
  const Bytes most(usable->bytes.amount() / 20 * kUsedOfTwenty);
  if (asked && *asked <= most) return {*asked, "--memory"};
  return {most, usable->limited_by};
}

fast::Held held_of(const Model& model, const RunSize& size, const MemoryBound& bound) {
  const auto chosen = choose_held(model.graph, size, bound.bytes);
  if (const auto* held = std::get_if<fast::Held>(&chosen)) return *held;
  const auto& shortage = std::get<Shortage>(chosen);
  throw NotPossible(shortage_text(model, size, shortage, bound), shortage_remedy(shortage));
}

std::string needed(const fast::Footprint& need) {
  return fmt::format("weights {}, KV cache {}, rows between operations {}",
                     reports::binary_bytes(need.weights.value()),
                     reports::binary_bytes(need.caches.value()),
                     reports::binary_bytes(need.work.value()));
}

// A checkpoint is run whole: which of its layers stand for the others is nothing that it says.
void refuse_slice(const Model& model, const FullRunRequest& request, const MemoryBound& bound) {
  if (!request.checkpoint || fast::is_whole(model.graph, request.held)) return;
  const auto need = memory_need(model.graph, fast::hold_everything(model.graph), request.size);
  throw NotPossible(fmt::format("the checkpoint takes {} ({}), and {} may be used ({})",
                                reports::binary_bytes(need.total().value()), needed(need),
                                reports::binary_bytes(bound.bytes.value()), bound.limited_by),
                    "without --checkpoint a slice of the model is run on synthetic weights");
}

}  // namespace

FullRunRequest full_run_request(const Values& values, const Model& model) {
  FullRunRequest request;
  request.size = size_of(values, model);
  request.repeats = kRepeats;
  if (values.count("repeat") > 0) {
    request.repeats.count = parse_count("repeat", values["repeat"].as<std::string>(), kMostRepeats);
  }
  if (values.count("checkpoint") > 0) request.checkpoint = values["checkpoint"].as<std::string>();
  request.seed = static_cast<std::uint64_t>(tokens_or(values, "seed", 1).value());
  const MemoryBound bound = memory_bound(asked_memory(values));
  request.held = held_of(model, request.size, bound);
  refuse_slice(model, request, bound);
  return request;
}

FullRunRequest fitting_request(const Model& model, const RunSize& size, const Repeats& repeats) {
  FullRunRequest request;
  request.size = size;
  request.repeats = repeats;
  request.held = held_of(model, size, memory_bound(std::nullopt));
  return request;
}

std::unique_ptr<Bench> make_bench(const FullRunRequest& request, const Model& model) {
  const fast::EngineOptions options = engine_options(request.size, request.held);
  if (!request.checkpoint) {
    return std::make_unique<EngineBench>(
        model.graph, fast::Engine::synthetic(model.graph, options, request.seed));
  }
  const CheckpointNaming naming = load_config_file(*request.checkpoint).naming;
  const auto checkpoint = SafetensorsCheckpoint::open(*request.checkpoint);
  return std::make_unique<EngineBench>(
      model.graph, fast::Engine::loaded(model.graph, options, [&](const TakeWeight& take) {
        load_weights(model.graph, checkpoint, naming, model.spec.head, take);
      }));
}

std::string shortage_text(const Model& model, const RunSize& size, const Shortage& shortage,
                          const MemoryBound& bound) {
  return fmt::format(
      "{} with a context of {}, a prompt of {} and batch {} takes at least {}, and {} may be used "
      "({})\n      = with {}: {}",
      model.spec.name, reports::context_tokens(size.context.value()),
      reports::context_tokens(size.prompt.value()), size.batch.value(),
      reports::binary_bytes(shortage.need.total().value()),
      reports::binary_bytes(bound.bytes.value()), bound.limited_by,
      reports::held_phrase(held_counts(model.graph, shortage.smallest)), needed(shortage.need));
}

std::string shortage_remedy(const Shortage& shortage) {
  std::string remedy;
  if (shortage.context) remedy = fmt::format("--context {}", shortage.context->value());
  if (shortage.batch) {
    remedy += fmt::format("{}--batch {}", remedy.empty() ? "" : " or ", shortage.batch->value());
  }
  return remedy.empty() ? "no context and no batch of this model would fit"
                        : "what would fit: " + remedy;
}

}  // namespace llmarch::cli
