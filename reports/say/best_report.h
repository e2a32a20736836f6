// The deployments of a model on a machine that fit, the best first.
#pragma once

#include <string>

#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/best_deployment.h"

namespace llmarch::reports {

Document best_document(const BestQuestion& question, const DeploymentChoices& choices,
                       Digits digits);
std::string best_json(const BestQuestion& question, const DeploymentChoices& choices);

}  // namespace llmarch::reports
