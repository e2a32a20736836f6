#include "sim/study/drafting.h"

#include <cmath>

#include "sim/cost/predict.h"

namespace llmarch {
namespace {

// The model's run on the newest token and `drafts` more of each sequence. The choice at every one
// of these positions is wanted, and so are its logits.
Workload verification(const Setting& setting, Integer drafts) {
  Workload workload = decode(setting.context, setting.batch);
  workload.tokens = drafts + 1;
  workload.logits = Logits::all;
  return workload;
}

void add(const OpGraph& graph, const Workload& workload, const Rates* rates, Work& work,
         DraftedStep& step) {
  work += predict_total(graph, workload);
  if (rates == nullptr) return;
  for (const BookLine& line : predict(graph, workload, ExpertLoad::fewest).lines) {
    *step.floor += floor_of(line.work, *rates);
  }
}

Integer per_token(Integer amount, double tokens) {
  return static_cast<std::int64_t>(std::llround(amount.as_double() / tokens));
}

}  // namespace

double tokens_per_step(Integer drafts, double accepted) {
  if (accepted > 1) return 1 + accepted;
  double tokens = 1;
  for (Integer i = 0; i < drafts; i += 1) tokens = 1 + accepted * tokens;
  return tokens;
}

Work DraftedStep::total() const {
  Work total = model;
  total += drafts;
  return total;
}

Flops DraftedStep::flops_per_token() const {
  return Flops(per_token(total().flops().amount(), tokens));
}

Bytes DraftedStep::bytes_per_token() const {
  return Bytes(per_token(total().bytes().amount(), tokens));
}

bool drafts_in(const Model& model, const Setting& setting) {
  return setting.draft && setting.accepted && model.prediction;
}

DraftedStep drafted_step(const Model& model, const OpGraph& stored, const Setting& setting) {
  const Integer drafts = drafts_in(model, setting) ? *setting.draft : Integer(0);
  DraftedStep step;
  step.tokens = setting.batch.as_double() * tokens_per_step(drafts, setting.accepted.value_or(0));
  std::optional<Rates> rates;
  if (setting.machine != nullptr) {
    rates = rates_of(*setting.machine, arithmetic_of(model, setting));
    step.floor.emplace();
  }
  const Rates* const known = rates ? &*rates : nullptr;
  add(stored, verification(setting, drafts), known, step.model, step);
  if (drafts == 0) return step;
  const OpGraph prediction = stored_prediction(model, stored, setting).value();
  for (Integer i = 0; i < drafts; i += 1) {
    add(prediction, decode(setting.context + i, setting.batch), known, step.drafts, step);
  }
  return step;
}

}  // namespace llmarch
