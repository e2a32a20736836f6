#include "kernels/engine/operands.h"

namespace llmarch::fast {
namespace {

template <class Map>  // in -> out
Operands mapped(const Map& op) {
  return {{op.in}, {op.out}};
}

Operands operands(const Embed& op) {
  return {{}, {op.out}};
}
Operands operands(const AddPositions& op) {
  return mapped(op);
}
Operands operands(const Scale& op) {
  return mapped(op);
}
Operands operands(const ScaleByPosition& op) {
  return mapped(op);
}
Operands operands(const GateRows& op) {
  return {{op.in, op.gate}, {op.out}};
}
Operands operands(const SoftCap& op) {
  return mapped(op);
}
Operands operands(const Normalize& op) {
  return mapped(op);
}
Operands operands(const Project& op) {
  return mapped(op);
}
Operands operands(const Rotate& op) {
  return mapped(op);
}
Operands operands(const Store& op) {
  return {{op.in}, {}};
}
Operands operands(const Attend& op) {
  return {{op.query}, {op.out}};
}
Operands operands(const AbsorbQuery& op) {
  return {{op.query}, {op.out}};
}
Operands operands(const AttendLatent& op) {
  return {{op.absorbed, op.query}, {op.out}};
}
Operands operands(const ExpandAttended& op) {
  return mapped(op);
}
Operands operands(const ExpandLatents& op) {
  return {{}, {op.keys, op.values}};
}
Operands operands(const AttendExpanded& op) {
  return {{op.query, op.keys, op.values}, {op.out}};
}
Operands operands(const Activate& op) {
  return mapped(op);
}
Operands operands(const Gate& op) {
  return {{op.gate, op.up}, {op.out}};
}
Operands operands(const Add& op) {
  return {{op.left, op.right}, {op.out}};
}
Operands operands(const Route& op) {
  return mapped(op);
}
Operands operands(const RunExperts& op) {
  return {{op.in, op.choice}, {op.out}};
}
Operands operands(const SelectRows& op) {
  return mapped(op);
}

Operands operands(const ProjectEach& op) {
  return mapped(op);
}
Operands operands(const ScaleColumns& op) {
  return mapped(op);
}
Operands operands(const Sparsify& op) {
  return mapped(op);
}
Operands operands(const SelectColumns& op) {
  return mapped(op);
}
Operands operands(const JoinColumns& op) {
  return {{op.left, op.right}, {op.out}};
}
Operands operands(const MatchMagnitude& op) {
  return {{op.in, op.reference}, {op.out}};
}
Operands operands(const AverageVectors& op) {
  return mapped(op);
}
Operands operands(const PredictStreams& op) {
  return {{op.in, op.coefficients}, {op.out}};
}
Operands operands(const CorrectStreams& op) {
  return {{op.in, op.activated, op.coefficients}, {op.out}};
}
Operands operands(const AddToOtherStreams& op) {
  return {{op.in, op.added}, {op.out}};
}

template <class Kind>
constexpr bool kElementByElement =
    std::is_same_v<Kind, AddPositions> || std::is_same_v<Kind, Scale> ||
    std::is_same_v<Kind, ScaleByPosition> || std::is_same_v<Kind, GateRows> ||
    std::is_same_v<Kind, SoftCap> || std::is_same_v<Kind, Normalize> ||
    std::is_same_v<Kind, Rotate> || std::is_same_v<Kind, ScaleColumns> ||
    std::is_same_v<Kind, Activate> || std::is_same_v<Kind, Gate> || std::is_same_v<Kind, Add>;

}  // namespace

Operands operands_of(const Op& op) {
  return std::visit([](const auto& kind) { return operands(kind); }, op);
}

bool works_in_place(const Op& op) {
  return std::visit(
      [](const auto& kind) { return kElementByElement<std::decay_t<decltype(kind)>>; }, op);
}

}  // namespace llmarch::fast
