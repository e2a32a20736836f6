// What becomes of the operations that work on whole rows, of one vector or of several streams of
// them: every rank computes them. Private to sim/graph.
#pragma once

#include "sim/graph/shard_layouts.h"

namespace llmarch {

class WholeRowRules {
 public:
  explicit WholeRowRules(RankBlock& block) : block_(block) {}

  void operator()(JoinColumns op) const {
    op.left = block_.whole(op.left);
    op.right = block_.whole(op.right);
    made_whole(block_, op);
  }
  void operator()(MatchMagnitude op) const {
    op.in = block_.whole(op.in);
    op.reference = block_.whole(op.reference);
    made_whole(block_, op);
  }
  void operator()(WeighStreams op) const {
    op.scale = block_.weight(op.scale);
    op.bias = block_.weight(op.bias);
    in_whole(block_, op);
  }
  void operator()(CollapseStreams op) const {
    op.weights = block_.whole(op.weights);
    in_whole(block_, op);
  }
  void operator()(MixStreams op) const {
    op.added = block_.whole(op.added);
    op.weights = block_.whole(op.weights);
    in_whole(block_, op);
  }
  void operator()(AttendVectors op) const {
    op.query = block_.weight(op.query);
    op.keys = block_.whole(op.keys);
    op.values = block_.whole(op.values);
    made_whole(block_, op);
  }
  void operator()(AddToLastVector op) const {
    op.added = block_.whole(op.added);
    in_whole(block_, op);
  }
  void operator()(PredictStreams op) const {
    op.in = block_.whole(op.in);
    op.coefficients = block_.whole(op.coefficients);
    made_whole(block_, op);
  }
  void operator()(CorrectStreams op) const {
    op.in = block_.whole(op.in);
    op.activated = block_.whole(op.activated);
    op.coefficients = block_.whole(op.coefficients);
    made_whole(block_, op);
  }
  void operator()(AddToOtherStreams op) const {
    op.in = block_.whole(op.in);
    op.added = block_.whole(op.added);
    made_whole(block_, op);
  }

 private:
  RankBlock& block_;
};

}  // namespace llmarch
