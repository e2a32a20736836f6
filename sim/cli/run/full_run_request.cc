#include "sim/cli/run/full_run_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/engine/held_caches.h"
#include "kernels/measure/timed_engine.h"
#include "kernels/weights/checkpoint.h"
#include "kernels/weights/gguf_weights.h"
#include "reports/document/format.h"
#include "reports/runs/measurement_report.h"
#include "sim/cli/errors.h"
#include "sim/cli/models.h"
#include "sim/cli/run/machine.h"

namespace llmarch::cli {
namespace {

constexpr std::int64_t kContext = 4096;
constexpr std::int64_t kPrompt = 512;

// The part of the free memory that a run may use; the rest is left to the system and to other
// programs.
constexpr std::int64_t kUsedOfTwenty = 19;

const Repeats kRepeats{.count = std::nullopt, .seconds = 4, .at_least = 3};

void require_weight_kernels(const OpGraph& graph, const Scheme& weights) {
  const auto format = without_kernels(graph);
  if (!format) return;
  throw UsageError(fmt::format("there are no kernels for --weights {}: it stores weights in {}",
                               weights.name(), format->name),
                   "f32, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q2_k to q6_k, iq4_nl, iq4_xs, mxfp4 "
                   "and int8 by channel can be run here; "
                   "'llmarch compare' prices the others");
}

// A model with learned positions cannot run beyond them.
void require_positions(const SettingField& field, Integer wanted, const Model& model) {
  const auto learned = learned_positions(model.graph);
  if (!learned || wanted <= *learned) return;
  throw UsageError(fmt::format("--{} {}: the model has learned positions up to {}", field.key,
                               wanted.value(), learned->value()),
                   "ask for a shorter one");
}

bool is_gguf(const std::optional<std::filesystem::path>& checkpoint) {
  return checkpoint && checkpoint->extension() == ".gguf";
}

// A GGUF file's weights are held as they are stored, unless something else is asked for.
Setting setting_of(const MeasureRequest& request, const Model& model) {
  const PartialSetting& asked = request.setting;
  Integer most = model.spec.context_limit;
  if (const auto learned = learned_positions(model.graph)) most = std::min(most, *learned);
  Setting setting{.context = std::min(Integer(kContext), most),
                  .prompt = std::min(Integer(kPrompt), most),
                  .weights = is_gguf(request.checkpoint) ? model.published_in : DType::bf16};
  const auto number_format = asked.weights ? asked.weights->number_format() : std::nullopt;
  if (stored_as(number_format)) setting.kv = *number_format;
  setting = laid_over(setting, asked);
  require_positions(setting_field::context, setting.context, model);
  require_positions(setting_field::prompt, setting.prefill_tokens(), model);
  return setting;
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

fast::Held held_of(const Model& model, const OpGraph& graph, const RunSetting& run,
                   const MemoryBound& bound) {
  const auto chosen = choose_held(graph, run, bound.bytes);
  if (const auto* held = std::get_if<fast::Held>(&chosen)) return *held;
  const auto& shortage = std::get<Shortage>(chosen);
  throw NotPossible(shortage_text(model, run, shortage, bound), shortage_remedy(shortage));
}

std::string needed(const fast::Footprint& need) {
  return fmt::format("weights {}, KV cache {}, rows between operations {}",
                     reports::binary_bytes(need.weights.value()),
                     reports::binary_bytes(need.caches.value()),
                     reports::binary_bytes(need.work.value()));
}

// A checkpoint is run whole: nothing says which of its layers could stand for the others.
void refuse_slice(const FullRunRequest& request, const MemoryBound& bound) {
  if (!request.checkpoint || fast::is_whole(request.graph, request.held)) return;
  const auto need = memory_need(request.graph, fast::hold_everything(request.graph), request.run);
  throw NotPossible(fmt::format("the checkpoint takes {} ({}), and {} may be used ({})",
                                reports::binary_bytes(need.total().value()), needed(need),
                                reports::binary_bytes(bound.bytes.value()), bound.limited_by),
                    "without --checkpoint a slice of the model is run on synthetic weights");
}

}  // namespace

void require_cache_kernels(const OpGraph& graph) {
  const auto reason = fast::why_no_cache_kernels(graph);
  if (!reason) return;
  throw UsageError("--kv: " + *reason,
                   "f32, bf16, f16, fp8 and q8_0 can be run here, keys and values apart too; "
                   "'llmarch compare' prices the others");
}

FullRunRequest full_run_request(const MeasureRequest& asked, const Model& model) {
  FullRunRequest request;
  request.run = {setting_of(asked, model), asked.threads};
  request.graph = held_graph(model, request.run);
  require_weight_kernels(request.graph, *request.run.setting.weights);
  require_cache_kernels(request.graph);
  request.repeats = kRepeats;
  request.repeats.count = asked.repeats;
  request.checkpoint = asked.checkpoint;
  request.seed = asked.seed;
  const MemoryBound bound = memory_bound(asked.memory);
  request.held = held_of(model, request.graph, request.run, bound);
  refuse_slice(request, bound);
  return request;
}

FullRunRequest fitting_request(const Model& model, const RunSetting& run, const Repeats& repeats) {
  FullRunRequest request;
  request.run = run;
  request.graph = held_graph(model, run);
  request.repeats = repeats;
  request.held = held_of(model, request.graph, run, memory_bound(std::nullopt));
  return request;
}

std::unique_ptr<Bench> make_bench(const FullRunRequest& request, const Model& model) {
  const fast::EngineOptions options = engine_options(request.run, request.held);
  if (!request.checkpoint) {
    return std::make_unique<EngineBench>(request.graph, [&](const OpGraph& graph) {
      return fast::Engine::synthetic(graph, options, request.seed);
    });
  }
  if (is_gguf(request.checkpoint)) {
    const GgufModel file = GgufModel::open(*request.checkpoint);
    return std::make_unique<EngineBench>(request.graph, [&](const OpGraph& graph) {
      return fast::Engine::loaded(
          graph, options, [&](const TakeWeights& take) { load_gguf_weights(graph, file, take); });
    });
  }
  const CheckpointNaming naming =
      naming_for(load_config_file(*request.checkpoint), *request.checkpoint);
  const auto checkpoint = SafetensorsCheckpoint::open(*request.checkpoint);
  return std::make_unique<EngineBench>(request.graph, [&](const OpGraph& graph) {
    return fast::Engine::loaded(graph, options, [&](const TakeWeights& take) {
      load_weights(graph, checkpoint, naming, model.spec.head, take.rows);
    });
  });
}

std::string shortage_text(const Model& model, const RunSetting& run, const Shortage& shortage,
                          const MemoryBound& bound) {
  return fmt::format(
      "{} with a context of {}, a prompt of {} and batch {} takes at least {}, and {} may be used "
      "({})\n      = with {}: {}",
      model.spec.name, reports::context_tokens(run.setting.context.value()),
      reports::context_tokens(run.setting.prefill_tokens().value()), run.setting.batch.value(),
      reports::binary_bytes(shortage.need.total().value()),
      reports::binary_bytes(bound.bytes.value()), bound.limited_by,
      reports::held_phrase(held_counts(held_graph(model, run), shortage.smallest)),
      needed(shortage.need));
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
