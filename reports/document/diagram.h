// Models as stacked blocks, without coordinates: the order of the blocks, which branches leave the
// residual stream and are added back, and the texts on each. diagram_layout.h knows where things
// are in a picture, terminal_diagram.h how they are drawn in characters, and model_diagram.h what
// the blocks of a model are.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "reports/document/emphasis.h"

namespace llmarch::reports {

// Decides a box's colour.
enum class BoxKind { table, norm, attention, feed_forward, experts, addition };

struct DiagramText {
  std::string text = {};
  Emphasis emphasis = Emphasis::plain;  // differs: not all panels have this text
  bool operator==(const DiagramText&) const = default;
};

struct NoAside {
  bool operator==(const NoAside&) const = default;
};

// The cache that a block keeps for later tokens, drawn as a drum beside it.
struct CacheAside {
  std::vector<DiagramText> lines = {};
  bool operator==(const CacheAside&) const = default;
};

// The inside of a feed-forward: one path (up, activation, down), or two whose product goes down.
struct PathsAside {
  enum class Paths { one, gated } paths = Paths::gated;
  std::string activation = {};
  bool operator==(const PathsAside&) const = default;
};

// The experts that a router chooses from, `chosen` of them highlighted; shared experts are listed
// separately.
struct ExpertsAside {
  enum class Shared { no, yes } shared = Shared::no;
  std::int64_t experts = 0;
  std::int64_t chosen = 0;
  bool operator==(const ExpertsAside&) const = default;
};

using Aside = std::variant<NoAside, CacheAside, PathsAside, ExpertsAside>;

// How a part relates to the one before it in its box. alternative: a layer has one of the two. sum:
// both take the same input, and their outputs are added.
enum class Join { alternative, sum };

struct DiagramPart {
  Join join = Join::alternative;
  DiagramText where = {};  // which layers have it: "58 of 61 layers: 4-61"; empty: all
  BoxKind kind = BoxKind::norm;
  DiagramText title = {};
  std::vector<DiagramText> details = {};
  Aside aside = {};
};

// A box that data passes through. Its parts are combined as their `join` says.
struct DiagramBox {
  std::vector<DiagramPart> parts = {};
};

// A branch that leaves the residual stream, passes through `steps` and is added back.
struct DiagramBranch {
  std::vector<DiagramBox> steps = {};
};

using FrameItem = std::variant<DiagramBox, DiagramBranch>;

// The content of every layer, drawn in a frame.
struct DiagramFrame {
  DiagramText repeat = {};  // "61 layers"
  std::vector<FrameItem> items = {};
};

using DiagramItem = std::variant<DiagramBox, DiagramFrame>;

// One model, from the tokens at the bottom upwards.
struct DiagramPanel {
  std::string title = {};
  std::vector<DiagramText> subtitle = {};
  std::vector<DiagramItem> items = {};
};

struct Diagram {
  std::string name = {};  // the picture's file without its ending: "blocks"
  std::string caption = {};
  std::vector<DiagramPanel> panels = {};  // side by side
  DiagramText legend = {};                // what a mark means; empty for one model
};

}  // namespace llmarch::reports
