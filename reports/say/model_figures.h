// Figures of models (reports/document/figure.h) from what sim/describe says of their blocks, and
// bars of figures that the cost model predicts.
#pragma once

#include <string_view>
#include <vector>

#include "reports/document/document.h"
#include "sim/study/model.h"
#include "sim/study_spec/study_spec.h"

namespace llmarch::reports {

// Without panels where none of the models has what it shows. `setting` says at which context, batch
// and format a cache is held.
Figure model_figure(FigureKind kind, const std::vector<const Model*>& models,
                    const Setting& setting);

// What models without such a figure lack: "latent attention".
std::string_view what_it_shows(FigureKind kind);

// The figures alone, under the names of the models.
Document figures_document(const std::vector<FigureKind>& kinds,
                          const std::vector<const Model*>& models, const Setting& setting);

}  // namespace llmarch::reports
