// What a checkpoint's folder holds, as a part of the page of its model.
#pragma once

#include "kernels/weights/reconcile.h"
#include "reports/document/document.h"
#include "reports/say/cells.h"
#include "sim/study/model.h"

namespace llmarch::reports {

// The tensors of the text model, of other parts, and what is not known, with their bytes; and the
// bytes that the model's own formats make. A note names what is missing and what is not known.
void add_reconciliation(const Model& model, const Reconciled& reconciled, Digits digits,
                        Document& document);

}  // namespace llmarch::reports
