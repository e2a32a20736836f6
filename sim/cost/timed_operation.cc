#include "sim/cost/timed_operation.h"

#include "sim/one_of.h"

namespace llmarch {
namespace {

struct TimedAs {
  const OpGraph& graph;
  bool prefill;
  using Result = std::optional<Timed>;

  // Operations on rows.
  template <
      OneOf<Embed, AddPositions, Scale, ScaleByPosition, ScaleColumns, ScaleByConstant, GateRows,
            SoftCap, Clip, ActivateXielu, Sparsify, Normalize, Rotate, Store, Activate, Gate, Add,
            Multiply, NormalizeLength, Decay, SelectRows, SelectColumns, JoinColumns,
            MatchMagnitude, AverageVectors, PredictStreams, CorrectStreams, AddToOtherStreams,
            RepeatVector, WeighStreams, CollapseStreams, MixStreams, AttendVectors, AddToLastVector>
          Rows>
  Result operator()(const Rows&) const {
    return std::nullopt;
  }
  // Nobody has timed these: an index over keys, the scan of Mamba-1, compressed attention, and
  // exchanges, which one device has none of. What was measured of the delta rule in prefill was
  // fitted to its work step by step, and says nothing of its work by chunks.
  template <OneOf<ChooseKeys, ChunkedRecurrence, SelectiveScan, Compress, AttendShared, WeighPart,
                  DispatchRows, CombineRows, Exchange, Send, Receive>
                Other>
  Result operator()(const Other&) const {
    return std::nullopt;
  }

  Result operator()(const Project& op) const { return product(op.weight); }
  Result operator()(const ProjectEach& op) const { return product(op.weight); }
  Result operator()(const Route& op) const { return product(op.weight); }
  Result operator()(const AbsorbQuery& op) const { return product(op.key_up); }
  Result operator()(const ExpandAttended& op) const { return product(op.value_up); }
  Result operator()(const ExpandLatents& op) const { return product(op.key_up); }
  Result operator()(const RunExperts& op) const {
    return Timed{TimedOperation::experts, graph.weight(op.up).format.name};
  }

  Result operator()(const Attend& op) const { return attention(op.keys); }
  Result operator()(const AttendExpanded& op) const { return attention(op.rope_keys); }
  Result operator()(const AttendLatent& op) const {
    if (prefill) return std::nullopt;  // measured in decode only
    return Timed{TimedOperation::latent_attention, format_of(op.latents)};
  }

  Result operator()(const Convolve& op) const {
    return Timed{prefill ? TimedOperation::prefill_convolution : TimedOperation::decode_convolution,
                 format_of(op.state)};
  }
  // Measured is the gated delta rule; without a strength it is Mamba-2's sum.
  Result operator()(const Recurrence& op) const {
    if (!op.strength) return std::nullopt;
    return Timed{prefill ? TimedOperation::prefill_delta_rule : TimedOperation::decode_delta_rule,
                 format_of(op.state)};
  }

 private:
  [[nodiscard]] std::string_view format_of(CacheId cache) const {
    return graph.cache(cache).format.name;
  }
  [[nodiscard]] Timed product(WeightId weight) const {
    return {TimedOperation::product, graph.weight(weight).format.name};
  }
  [[nodiscard]] Timed attention(CacheId keys) const {
    return {prefill ? TimedOperation::prefill_attention : TimedOperation::decode_attention,
            format_of(keys)};
  }
};

}  // namespace

std::optional<Timed> timed(const OpGraph& graph, const Op& op, Phase phase) {
  return std::visit(TimedAs{graph, phase == Phase::prefill}, op);
}

}  // namespace llmarch
