// Documents on proofs: predicted beside counted, and a checkpoint's run beside the reference's.
#pragma once

#include <string>
#include <vector>

#include "kernels/measure/agreement.h"
#include "kernels/verify/verify.h"
#include "reports/document/document.h"

namespace llmarch::reports {

// `model` was scaled down; each agreement is one step of it.
Document agreement_document(const std::string& model, const std::vector<Agreement>& agreements);

Document verify_document(const std::string& folder, const std::vector<VerifiedRun>& runs);

}  // namespace llmarch::reports
