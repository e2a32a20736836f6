#include "sim/study/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace llmarch {

Step step_of(const Work& work) {
  Step step;
  step.work = work;
  step.flops = work.flops();
  Traffic& traffic = step.traffic;
  traffic.weights_read = work.weight_bytes_read;
  traffic.cache_read = work.cache_bytes_read;
  traffic.cache_written = work.cache_bytes_written;
  traffic.total = work.bytes();
  traffic.activations = bytes_of(work.activations_read + work.activations_written, kActivations);
  traffic.sent = bytes_of(work.sent, kActivations);
  const double bytes = traffic.total.amount().as_double();
  step.intensity = bytes > 0 ? step.flops.amount().as_double() / bytes : 0;
  return step;
}

void check_forms(const Model& model, const Setting& setting) {
  if (setting.prefill_form() == RecurrenceForm::by_step) return;
  for (const Block& block : model.graph.blocks) {
    for (const Node& node : block.nodes) {
      if (!std::holds_alternative<SelectiveScan>(node.op)) continue;
      throw RefusedSetting(
          fmt::format("{}: the selective scan of Mamba-1 does not run by chunks", model.spec.name),
          "leave out 'recurrence': a prefill then runs it token by token");
    }
  }
}

void check_placement(const Model& model, const Setting& setting) {
  if (!setting.place) return;
  const auto fault = fault_of(*setting.place, model.graph);
  if (!fault) return;
  throw RefusedSetting(
      fmt::format("{}: '{}': {}", model.spec.name, text_of(*setting.place), *fault),
      "'llmarch show MODEL' lists its layers");
}

Machine host_of(const Setting& setting) {
  if (setting.host != nullptr || setting.machine == nullptr) return setting.host;
  return setting.machine->host_machine;
}

void check_host(const Setting& setting) {
  const auto refuse_if = [](bool refused, const char* problem, const char* remedy) {
    if (refused) throw RefusedSetting(problem, remedy);
  };
  if (!setting.place) {
    return refuse_if(setting.host != nullptr,
                     "a host holds nothing unless a part of the model is placed in its memory",
                     "add --place experts=host");
  }
  refuse_if(host_of(setting) == nullptr,
            "a part of the model is placed in the memory of a host, and no host is named",
            "add --host ryzen-9950x@128GB: a machine of 'llmarch list', with the memory fitted");
  refuse_if(setting.parallel.has_value(),
            "a model that is divided among devices is not placed in a host's memory too",
            "leave out 'place' or 'parallel': without it several devices are taken for one");
  refuse_if(setting.draft.has_value(),
            "drafts are not priced where a part of the model is placed in a host's memory",
            "leave out 'place' or 'draft'");
  const bool crosses = setting.place->computed == PlacedBy::device;
  refuse_if(crosses && setting.machine != nullptr && !setting.machine->host_link,
            "the file of the machine states no link to a host, and by=device reads over it",
            "leave out by=device, or state a host_link: 'llmarch help hardware-format'");
}

const Scheme& weights_of(const Model& model, const Setting& setting) {
  return setting.weights ? *setting.weights : model.published_in;
}

DType arithmetic_of(const Model& model, const Setting& setting) {
  return setting.compute.value_or(weights_of(model, setting).arithmetic());
}

Setting with_common_weights(Setting setting, const std::vector<const Model*>& models) {
  if (setting.weights || models.empty()) return setting;
  const Scheme& first = models.front()->published_in;
  const bool common =
      std::ranges::all_of(models, [&](const Model* model) { return model->published_in == first; });
  if (common) setting.weights = first;
  return setting;
}

OpGraph stored(const Model& model, const Setting& setting) {
  check_forms(model, setting);
  check_placement(model, setting);
  const Scheme& weights = weights_of(model, setting);
  if (weights.number_format() && !setting.place) {
    return with_formats(model.graph, {weights, setting.kv});
  }
  return with_formats(with_layers_stored_alike(model.spec, model.graph, weights, setting.place),
                      {weights, setting.kv});
}

DType unquantised_format(const Model& model, const Setting& setting) {
  const DType arithmetic = weights_of(model, setting).arithmetic();
  return bits_of(arithmetic) < bits_of(DType::bf16) ? DType::bf16 : arithmetic;
}

std::optional<OpGraph> stored_prediction(const Model& model, const OpGraph& stored,
                                         const Setting& setting) {
  if (!model.prediction) return std::nullopt;
  return stored_as_the_last_layer(*model.prediction, stored, setting.kv,
                                  plain(unquantised_format(model, setting)));
}

Integer length_of(Phase phase, const Setting& setting) {
  switch (phase) {
    case Phase::decode: return setting.context;
    case Phase::prefill: return setting.prefill_tokens();
  }
  throw std::logic_error("length_of: a phase outside the enumeration");
}

Workload workload_of(Phase phase, const Setting& setting) {
  Workload workload = workload_of(phase, length_of(phase, setting), setting.batch);
  if (phase == Phase::prefill) workload.forms.recurrence = setting.prefill_form();
  return workload;
}

}  // namespace llmarch
