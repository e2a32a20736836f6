#include "reports/say/study_json.h"

#include <nlohmann/json.hpp>

#include "reports/say/figure_json.h"
#include "reports/say/model_json.h"
#include "sim/study_spec/study_fields.h"

namespace llmarch::reports {
namespace {

using Json = nlohmann::ordered_json;

Json sides_json(const Sides& sides) {
  Json json{{"check", sides.label},
            {"left", figure_json(sides.left)},
            {"relation", sign_of(sides.relation)},
            {"right", figure_json(sides.right)},
            {"unit", unit_json(sides.form)},
            {"holds", sides.holds}};
  if (sides.tolerance) json["tolerance"] = *sides.tolerance;
  if (sides.context) json["context"] = sides.context->value();
  return json;
}

Json case_json(const CaseResult& one) {
  Json json;
  if (!one.title.empty()) json["case"] = one.title;
  json["verdict"] = name_of(one.verdict);
  json["checks"] = Json::array();
  for (const Sides& sides : one.sides) json["checks"].push_back(sides_json(sides));
  if (!one.unrun.empty()) json["not_run"] = one.unrun;
  if (one.stretches.empty()) return json;
  json["contexts"] = Json::array();
  for (const Stretch& stretch : one.stretches) {
    json["contexts"].push_back(
        {{"from", stretch.from.value()}, {"to", stretch.to.value()}, {"holds", stretch.holds}});
  }
  return json;
}

Json claim_json(const ClaimResult& claim) {
  Json json{{"id", claim.id},
            {"section", claim.claim->section},
            {"text", claim.claim->text},
            {"kind", name_of(claim.claim->kind)},
            {"verdict", name_of(claim.verdict)},
            {"expected", name_of(claim.expected)}};
  if (claim.claim->reading) json["reading"] = *claim.claim->reading;
  if (claim.claim->reason) json["reason"] = *claim.claim->reason;
  json["cases"] = Json::array();
  for (const CaseResult& one : claim.cases) json["cases"].push_back(case_json(one));
  json["beside"] = Json::array();
  for (const ShownFigure& shown : claim.shown) {
    json["beside"].push_back({{"label", shown.label},
                              {"value", shown.figure ? figure_json(*shown.figure) : Json()},
                              {"unit", unit_json(shown.form)}});
  }
  return json;
}

}  // namespace

std::string study_json(const StudyResult& result) {
  Json json{{"study", result.study->name},
            {"title", result.study->title},
            {"source", result.study->source},
            {"claims", Json::array()}};
  for (const ClaimResult& claim : result.claims) json["claims"].push_back(claim_json(claim));
  return indented(json);
}

}  // namespace llmarch::reports
