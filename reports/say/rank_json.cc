#include "reports/say/rank_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

void add_memory(const StageFigures& stage, Json& json) {
  json["weight_bytes"] = stage.memory.weights.value();
  json["beside_bytes"] = stage.memory.beside.value();
  json["kv_bytes"] = stage.memory.cache.value();
  json["kv_bytes_per_token"] = stage.cache_per_token.value();
  json["activation_bytes"] = stage.memory.activations.value();
  json["memory_bytes"] = stage.memory.total().value();
}

Json exchanges_json(const RankStep& step) {
  Json exchanges = Json::array();
  for (const ExchangeFigures& each : step.exchanges) {
    exchanges.push_back({{"operation", each.operation},
                         {"ranks", each.ranks.value()},
                         {"times", each.times.value()},
                         {"payload_bytes", each.payload.value()},
                         {"sent_bytes", each.sent.value()},
                         {"rounds", each.rounds.value()},
                         {"wire", each.wire == Wire::link ? "link" : "fabric"},
                         {"seconds", seconds_json(each.seconds)}});
  }
  return exchanges;
}

Json step_of_stages(const RankFigures& ranks, RankStep StageFigures::*which) {
  const RankStep& fullest = ranks.fullest().*which;
  return {{"sent_bytes", fullest.sent().value()},
          {"rounds", fullest.work.rounds.value()},
          {"exchange_seconds", seconds_json(ranks.over_stages(which, &RankStep::exchange_seconds))},
          {"floor_seconds", seconds_json(ranks.over_stages(which, &RankStep::seconds))},
          {"uniform_floor_seconds",
           seconds_json(ranks.over_stages(which, &RankStep::uniform_seconds))}};
}

}  // namespace

Json seconds_json(double seconds) {
  return std::isfinite(seconds) ? Json(seconds) : Json(nullptr);
}

Json ranks_json(const RankFigures& ranks, Bytes replicated_weights) {
  Json json = {{"ranks", ranks.deployment.ranks().value()},
               {"batch_of_rank", ranks.batch_of_rank.value()}};
  add_memory(ranks.fullest(), json);
  json["replicated_weight_bytes"] = replicated_weights.value();
  json["fits"] = ranks.fits();
  json["bubble"] = ranks.bubble();
  json["decode"] = step_of_stages(ranks, &StageFigures::decode);
  json["prefill"] = step_of_stages(ranks, &StageFigures::prefill);
  return json;
}

Json stages_json(const RankFigures& ranks) {
  Json stages = Json::array();
  for (const StageFigures& stage : ranks.stages) {
    Json json = {{"rank", stage.rank.value()}, {"layers", stage.layers.value()}};
    add_memory(stage, json);
    json["decode_exchanges"] = exchanges_json(stage.decode);
    json["prefill_exchanges"] = exchanges_json(stage.prefill);
    stages.push_back(std::move(json));
  }
  return stages;
}

}  // namespace llmarch::reports
