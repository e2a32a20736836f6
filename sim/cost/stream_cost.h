// The prices of the operations on parallel residual streams and beside the residual
// (sim/graph/stream_ops.h). op_cost.cc has all others, and the conventions of all.
#pragma once

#include "sim/cost/operands.h"

namespace llmarch {

class StreamPricer : public Operands {
 public:
  using Operands::Operands;

  Work operator()(const TakeColumns& op) const {
    Work work = Work::none();  // a copy of the columns that are wanted
    work.activations_read = elements(op.out);
    work.activations_written = elements(op.out);
    return work;
  }

  Work operator()(const JoinColumns& op) const {
    Work work = Work::none();  // a copy
    work.activations_read = elements(op.out);
    work.activations_written = elements(op.out);
    return work;
  }

  // Both mean squares: square and add per element, the mean and a root per row; their ratio, and
  // the product of each element with it.
  Work operator()(const MatchMagnitude& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.reference);
    work.other = Flops(rows(op.in) * (5 * columns(op.in) + 3));
    work.transcendentals = Transcendentals(2 * rows(op.in));
    return work;
  }

  // For each column a product of the coefficients, (streams, streams), with the streams; then the
  // sum with what was there.
  Work operator()(const MixStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.coefficients);
    work.matrix = Flops(2 * rows(op.in) * op.streams * columns(op.in));
    work.other = Flops(rows(op.in) * columns(op.in));
    return work;
  }

  // The difference once, for each stream a factor, and a product and a sum per element.
  Work operator()(const CorrectStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.coefficients) + elements(op.result);
    work.other = Flops(rows(op.in) * (columns(op.result) + op.streams + 2 * columns(op.in)));
    return work;
  }

  Work operator()(const AddToStreams& op) const {
    Work work = moved(op.in, op.out);
    work.activations_read += elements(op.addend);
    work.other = Flops(rows(op.in) * (op.streams - op.first) * columns(op.addend));
    return work;
  }

  Work operator()(const ScaleColumns& op) const {
    Work work = per_element(op.in, op.out, {1, 0});
    work.weights_read = weight(op.weight);
    return work;
  }

  // Mean (1 per element, 1 per row), distance and square and sum (3), variance, root, cutoff (3 per
  // row), what is left (1).
  Work operator()(const Sparsify& op) const {
    Work work = moved(op.in, op.out);
    work.other = Flops(rows(op.in) * (5 * columns(op.in) + 4));
    work.transcendentals = Transcendentals(rows(op.in));
    return work;
  }
};

}  // namespace llmarch
