// What users of a mix of requests see, as a document and as JSON.
#pragma once

#include <string>
#include <vector>

#include "reports/document/document.h"
#include "sim/study/mix.h"

namespace llmarch::reports {

Document mix_document(const std::vector<MixFigures>& mixes, const EngineTimes& engine);

std::string mix_json(const std::vector<MixFigures>& mixes, const EngineTimes& engine);

}  // namespace llmarch::reports
