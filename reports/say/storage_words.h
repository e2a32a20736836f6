// What the bytes of a model's weights are of, in words.
#pragma once

#include <string>

#include "reports/document/document.h"
#include "sim/study/model.h"
#include "sim/study/stored_weights.h"

namespace llmarch::reports {

// "17.28 GiB: q4_k_m, 4.86 bits a weight; matrices q4_k 73 %, q6_k 27 %, embedding q4_k, head q6_k,
// routers f32, norms and biases f32".
std::string storage_phrase(const Scheme& scheme, const StoredWeights& stored);

// The phrase after the model's name; nothing where every tensor is stored in one number format,
// which the table says.
void add_storage_note(const Model& model, const Scheme& scheme, const StoredWeights& stored,
                      Notes& notes);

// Names what is held beside the text model and takes memory, although no operation of the text
// model reads it; nothing where there is nothing.
void add_beside_note(const Model& model, Notes& notes);

}  // namespace llmarch::reports
