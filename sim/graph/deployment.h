// Deployment: over how many ranks a model is spread, and in which ways; a rank is a device with its
// share of the model. This file knows how ranks are numbered and which of them exchange rows; what
// a rank's share of a graph is, is known by shard.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/graph/exchange_op.h"
#include "sim/spec/names.h"

namespace llmarch {

// How tokens come to experts on other ranks. gather: every token goes to all ranks that have
// experts of its layer, and sums come back (an all-gather and a reduce-scatter). all_to_all: each
// goes to the ranks that have experts which it chooses, so that what is sent depends on the
// routing.
enum class Dispatch { gather, all_to_all };

// There are tp x cp x dp x pp ranks. The experts of a layer are spread over `expert` of its tp x dp
// ranks, first over those with sequences of their own; where there are fewer than that, each expert
// is divided among tp ranks as a dense feed-forward is.
//
// The ranks of a cp group have the same sequences and the same weights, and each caches every cp-th
// position of them, in turn: what engines call decode context parallelism. All of them make the
// query of every token, each attends to the keys that it has, and what they find is merged (see
// WeighPart). So a prompt's attention is divided, and its projections and feed-forwards are not.
// Rejected: to divide the rows of a prompt and gather its keys and values. That divides a prefill
// further, but a decode step has one row, which still attends to every key; it would be a second
// form of every attention, and a step whose tokens do not divide would have unequal rows.
struct Deployment {
  Integer tensor = 1;    // tp: ranks that divide each layer's heads and widths among them
  Integer expert = 1;    // ep: ranks that divide a layer's experts among them
  Integer pipeline = 1;  // pp: stages, each with some of the layers
  Integer data = 1;      // dp: ranks with sequences of their own
  Integer context = 1;   // cp: ranks that divide the positions of a growing cache among them
  Algorithm algorithm = Algorithm::ring;
  Dispatch dispatch = Dispatch::gather;

  [[nodiscard]] Integer ranks_of_stage() const { return tensor * context * data; }
  [[nodiscard]] Integer ranks() const { return ranks_of_stage() * pipeline; }
  friend bool operator==(const Deployment&, const Deployment&) = default;
};

// How the ranks among which experts are spread are made up: so many with sequences of their own,
// times so many of one tensor-parallel group.
struct ExpertSpread {
  Integer data, tensor;
};
// None where the experts' ranks are no part of a layer's.
std::optional<ExpertSpread> expert_spread(const Deployment& deployment);

// A rank's place in each way. Ranks are numbered so that those of a tensor-parallel group follow
// one another, then those with the same sequences, and those of a stage.
struct RankPlace {
  Integer tensor, context, data, pipeline;
};
RankPlace place_of(const Deployment& deployment, Integer rank);

// The ranks with which `rank` exchanges the rows of one layer; those with the other positions of
// its sequences; those that run experts on each other's tokens; and the rank with the same share of
// the stage that is `stages` further on.
Ranks tensor_ranks(const Deployment& deployment, Integer rank);
Ranks context_ranks(const Deployment& deployment, Integer rank);
Ranks expert_ranks(const Deployment& deployment, Integer rank);
Integer stage_neighbour(const Deployment& deployment, Integer rank, Integer stages);

// "tp=2,pp=4", without what is 1; "tp=1" for a single rank.
std::string text_of(const Deployment& deployment);

// A deployment, or why the text is none and what to write instead.
struct DeploymentReading {
  std::optional<Deployment> value;
  std::string problem = {}, remedy = {};
};
DeploymentReading read_deployment(std::string_view text);

template <>
struct Names<Deployment> {
  static constexpr std::string_view described =
      "how a model is spread over devices, as `tp=8` or `dp=8,ep=8`";
  static DeploymentReading read(std::string_view text) { return read_deployment(text); }
};

}  // namespace llmarch
