// What users see where several requests are served together, all with prompts of one length and as
// many tokens asked for: the time to the first token, that of each further one, tokens a second.
// The factors of engines are fitted by tests/measured, which asks here what they make.
#pragma once

#include <optional>
#include <string>

#include "sim/cost/estimate.h"
#include "sim/hardware/measured.h"
#include "sim/study/fit.h"
#include "sim/study/model.h"

namespace llmarch {

struct Mix {
  Integer requests;   // at a time, if the memory holds them
  Integer prompt;     // tokens of each
  Integer generated;  // and asked for by each
};

// Estimated seconds of the steps of a mix, and what an engine makes of them.
struct MixSteps {
  double decode = 0;   // of all that run
  double prefill = 0;  // of one prompt
  double running = 1;
  double generated = 1;
};
double token_seconds(const EngineTimes& engine, const MixSteps& steps);
double first_token_seconds(const EngineTimes& engine, const MixSteps& steps);

// No engine: steps one after another, and nothing between them.
EngineTimes no_engine();

// The memory of one device for what an engine of that name serves: its rules (engine.h), or where
// they are not known a tenth kept back.
Room served_room(Bytes memory, const std::string& engine);

// How many of the requests run at a time: there is room for each until its last token. 0 where not
// even one fits.
Integer running_at_a_time(const Model& model, Setting setting, const Mix& mix, const Room& room);

// The time of a token while the sequences have that many positions.
struct MixToken {
  Integer context;
  double floor;                      // of the decode step
  std::optional<Estimate> estimate;  // absent where nothing was measured on the machine
};

struct MixFigures {
  const Model* model;
  Setting setting;  // its batch is how many run
  Mix mix;
  double first_floor;  // of the prefill of one prompt
  std::optional<Estimate> first;
  MixToken mean;   // in the middle of the generated tokens
  MixToken worst;  // at the last
};

// The setting's machine is one device, and at least one request fits. `model` must outlive the
// figures. Throws Overflow.
MixFigures mix_figures(const Model& model, Setting setting, const Mix& mix, const Room& room,
                       const EngineTimes& engine);

}  // namespace llmarch
