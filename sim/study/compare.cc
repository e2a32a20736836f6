#include "sim/study/compare.h"

#include <array>
#include <cmath>
#include <stdexcept>

#include "sim/study/quantities.h"

namespace llmarch {
namespace {

// The nearest of the three: makers round and choose differently, and none says which it is.
std::optional<ActiveMatch> match_active(const Model& model) {
  if (!model.spec.published || !model.spec.published->active) return std::nullopt;
  const double published = model.spec.published->active->as_double();
  std::optional<ActiveMatch> best;
  for (const ActiveConvention convention :
       {ActiveConvention::all, ActiveConvention::without_input_embedding,
        ActiveConvention::without_embeddings}) {
    const Elements active = active_under(model.parameters.active, convention);
    const double deviation = active.amount().as_double() / published - 1;
    if (!best || std::abs(deviation) < std::abs(best->deviation)) best = {convention, deviation};
  }
  return best;
}

ModelFigures figures(const Model& model, const Settings& settings) {
  const OpGraph& graph = model.graph;
  ModelFigures figures;
  figures.model = &model;
  figures.weight_bytes = bytes_of(model.parameters.total, settings.weights);
  figures.resident_weight_bytes = bytes_of(model.parameters.resident, settings.weights);
  figures.cache_bytes =
      bytes_of(cache_elements(graph, settings.context, settings.batch), settings.kv);
  figures.cache_bytes_per_token = bytes_of(cache_elements_per_token(graph), settings.kv);
  figures.decode =
      step_of(predict_total(graph, decode(settings.context, settings.batch)), settings);
  figures.prefill =
      step_of(predict_total(graph, prefill(settings.context, settings.batch)), settings);
  figures.active_match = match_active(model);
  figures.beyond_context_limit = settings.context > model.spec.context_limit;
  return figures;
}

OnHardware on_hardware(const Model& model, const Settings& settings, const Hardware& hardware) {
  const Point point{settings.context, settings.context, settings.batch,
                    settings.weights, settings.kv,      &hardware};
  const ModelCurves curves(model, point);
  PointFigures figures(curves, point.context, point.prompt);
  OnHardware on;
  on.decode = figures.decode_floor();
  on.prefill = figures.prefill_floor();
  on.needed = figures.total_memory();
  on.fits = on.needed.amount() <= hardware.memory.bytes;
  return on;
}

}  // namespace

Step step_of(const Work& work, const Settings& settings) {
  Step step;
  step.work = work;
  step.flops = work.matrix + work.other;
  Traffic& traffic = step.traffic;
  traffic.weights_read = bytes_of(work.weights_read, settings.weights);
  traffic.cache_read = bytes_of(work.cache_read, settings.kv);
  traffic.cache_written = bytes_of(work.cache_written, settings.kv);
  traffic.total = traffic.weights_read + traffic.cache_read + traffic.cache_written;
  traffic.activations = bytes_of(work.activations_read + work.activations_written, kActivations);
  const double bytes = traffic.total.amount().as_double();
  step.intensity = bytes > 0 ? step.flops.amount().as_double() / bytes : 0;
  return step;
}

Elements active_under(const ActiveParameters& active, ActiveConvention convention) {
  switch (convention) {
    case ActiveConvention::all: return active.all;
    case ActiveConvention::without_input_embedding: return active.without_input_embedding;
    case ActiveConvention::without_embeddings: return active.without_embeddings;
  }
  throw std::logic_error("active_under: a convention outside the enumeration");
}

Comparison compare(const std::vector<const Model*>& models, const Settings& settings,
                   const std::optional<Hardware>& hardware) {
  Comparison comparison;
  comparison.settings = settings;
  comparison.hardware = hardware;
  std::vector<const ArchSpec*> specs;
  for (const Model* model : models) {
    comparison.models.push_back(figures(*model, settings));
    if (hardware) comparison.models.back().on = on_hardware(*model, settings, *hardware);
    specs.push_back(&model->spec);
  }
  comparison.structure = structure(specs);
  return comparison;
}

}  // namespace llmarch
