// Figures of one property of models side by side, without coordinates: how heads share keys, how
// latent attention flows, which keys a query attends to, in which order layers stand, and bars of
// one figure. figure_layout.h knows where things are in a picture; reports/say/model_figures.h
// makes them of models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace llmarch::reports {

// Each key/value head serves query_heads / kv_heads query heads.
struct HeadsFigure {
  std::int64_t query_heads = 0;
  std::int64_t kv_heads = 0;
};

// Latent attention from its input to its output, each box with the text on it. `query_latent` is
// empty where queries are projected in one step.
struct LatentFigure {
  std::string input = {};
  std::string query_latent = {};
  std::string queries = {};
  std::string kv_latent = {};
  std::string keys = {};
  std::string values = {};
  std::string shared_key = {};
  std::string attention = {};
  std::string output = {};
};

// What a query does with a key. entry: it attends to an entry that stands for the key and its
// neighbours. sink: a learned score beside the keys, in the first column.
enum class Attended { no, yes, entry, sink };
struct MaskFigure {
  std::vector<std::vector<Attended>> rows = {};  // one for each query, the oldest first
};

// One cell for each layer, by the place of its kind in `kinds`.
struct LayersFigure {
  std::vector<std::size_t> layers = {};
  std::vector<std::string> kinds = {};
};

// Bars from zero on, all to one scale; `part` of `value` is drawn apart where it is above zero.
struct Bar {
  std::string label = {};
  double value = 0;
  double part = 0;
  std::string text = {};
};
struct BarsFigure {
  std::vector<Bar> bars = {};
};

using FigureBody = std::variant<HeadsFigure, LatentFigure, MaskFigure, LayersFigure, BarsFigure>;

struct FigurePanel {
  std::string title = {};
  std::vector<std::string> details = {};
  FigureBody body = {};
};

struct Figure {
  std::string name = {};     // the picture's file without its ending: "heads"
  std::string caption = {};  // a sentence that says what is seen
  std::vector<FigurePanel> panels = {};
};

// What the picture shows, in lines of text.
std::string text_of(const Figure& figure);

}  // namespace llmarch::reports
