// The comparison of models as plain values. Every figure of a side-by-side table is computed here;
// reports/say only puts it into words.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/cost/estimate.h"
#include "sim/cost/roofline.h"
#include "sim/cost/skew.h"
#include "sim/describe/structure.h"
#include "sim/study/drafting.h"
#include "sim/study/fit.h"
#include "sim/study/model.h"
#include "sim/study/point_figures.h"
#include "sim/study/ranks.h"
#include "sim/study/step.h"
#include "sim/study/stored_weights.h"

namespace llmarch {

// Which convention a published active figure follows.
enum class ActiveConvention { all, without_input_embedding, without_embeddings };

struct ActiveMatch {
  ActiveConvention convention;
  double deviation;  // predicted / published - 1
};

// What a step is estimated to take, and of which of its operations nothing was measured.
struct StepEstimate {
  Estimate time;
  std::set<std::string> unmeasured;
};

// A step where a part of the model lies in a host's memory.
struct PlacedStep {
  Bytes device_bytes, host_bytes;  // weights and cache that are read and written in each memory
  PlacedFloor floor;
};

// The times of one step there.
struct StepOnMachine {
  Floor floor;
  Floor uniform;                              // if experts are chosen uniformly: no bound
  std::optional<Floor> skewed = {};           // if they are chosen by the comparison's skew
  std::optional<PlacedStep> placed = {};      // where a part lies in a host's memory
  std::optional<StepEstimate> estimate = {};  // absent where nothing was measured
};

struct OnMachine {
  Rates rates;
  StepOnMachine decode;
  StepOnMachine prefill;
  Footprint needed;  // for sequences that grow to the context
  Bytes cache_peak;  // of the text model, on the way to the context
  bool fits = false;
  std::optional<Rates> host_rates;   // of who computes with what a host holds, where one does
  std::optional<RankFigures> ranks;  // where the setting divides the model
  Bytes replicated_weights;          // of the ranks
  // How often the experts of the busiest rank are chosen under the comparison's skew, over the mean
  // of all ranks; absent where there is no skew, or ranks do not divide experts.
  std::optional<double> expert_imbalance = {};
  std::optional<double> busiest_decode_seconds = {};  // likewise: of a step that waits for them
};

struct ModelFigures {
  const Model* model;
  Scheme scheme = DType::bf16;  // of the weights
  StoredWeights stored;
  Bytes weight_bytes;
  Bytes resident_weight_bytes;  // without per-layer embedding tables
  Bytes cache_bytes;
  Bytes cache_bytes_per_token;
  Bytes state_bytes_per_sequence;    // of fixed states
  Bytes beside_bytes;                // what the repository holds beside the text model
  Bytes prediction_cache_per_token;  // of the prediction layers, which is no part of the others
  Step decode;
  Step prefill;
  std::optional<DraftedStep> drafted;       // present where the setting drafts and the model can
  std::optional<ActiveMatch> active_match;  // present where an active figure is published
  bool beyond_context_limit = false;
  std::vector<OnMachine> on;  // for each machine of the comparison
};

// Where a step runs, and how its tokens choose experts there.
struct ComparedOn {
  std::vector<Machine> machines = {};
  std::optional<Skew> skew = {};
};

struct Comparison {
  Setting setting;  // its machine is the only one, or none
  std::vector<Machine> machines;
  std::optional<Skew> skew;
  std::vector<ModelFigures> models;
  std::vector<StructureRow> structure;
};

Elements active_under(const ActiveParameters& active, ActiveConvention convention);

// The models must outlive the comparison. Throws Overflow when a figure exceeds 64 bits, and
// CannotShard where the setting's deployment does not fit a model.
Comparison compare(const std::vector<const Model*>& models, const Setting& setting);
// The same on several machines, side by side; the setting's machine is not used.
// Throws std::invalid_argument where a skew is of another number of experts.
Comparison compare(const std::vector<const Model*>& models, Setting setting, const ComparedOn& on);

}  // namespace llmarch
