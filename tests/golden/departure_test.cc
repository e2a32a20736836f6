// verify is able to fail: one wrong weight makes every golden model depart, in both runs, and the
// first departure names the layer where the fault is. field_departure_test.cc does the same with
// one wrong field.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/golden/departures.h"

namespace llmarch {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::Matcher;

class AGoldenModel : public ::testing::TestWithParam<std::string> {
 protected:
  const GoldenModel model_{GetParam()};
};

// --- One weight tensor that is wrong.

// Changes every other element of a norm's weight: scaled as a whole, it would be undone by a norm
// after the block.
void spoil_vector(std::span<float> vector, WeightKind kind) {
  const std::size_t step = kind == WeightKind::norm ? 2 : 1;
  for (std::size_t i = 0; i < vector.size(); i += step) {
    vector[i] = kind == WeightKind::norm ? vector[i] * 1.5F : 0.0F;
  }
}

// Swaps the first copy and the last.
void swap_copies(std::span<float> weight, const Weight& shape) {
  const auto size = static_cast<std::size_t>(shape.elements_of_copy().value());
  const auto first = weight.first(size);
  std::swap_ranges(first.begin(), first.end(), weight.last(size).begin());
}

void swap_rows(std::span<float> matrix, const Weight& shape, std::size_t one, std::size_t other) {
  const auto columns = static_cast<std::size_t>(shape.columns.value());
  const auto row = matrix.subspan(one * columns, columns);
  std::swap_ranges(row.begin(), row.end(), matrix.subspan(other * columns, columns).begin());
}

// Tables are spoiled in a row that the sequence uses: a token id, a position. Before the first
// layer all streams are alike, so that only the weights of what is added to each stream matter
// there: these come after as many others as there are streams.
std::size_t row_in_use(WeightRole role, const GoldenModel& model) {
  switch (role) {
    case WeightRole::attention_stream_weights:
    case WeightRole::feed_forward_stream_weights:
      return static_cast<std::size_t>(model.spec.hyper_connections->count.value());
    case WeightRole::token_embedding:
    case WeightRole::per_layer_embedding:
      return static_cast<std::size_t>(model.expected.input_ids.at(0));
    case WeightRole::position_embedding:
      return static_cast<std::size_t>(model.spec.position_offset.value_or(0).value());
    default: return 0;
  }
}

// Lists the next expert for a token that the sequence has.
void spoil_list(std::span<float> lists, const Weight& shape, const GoldenModel& model) {
  const auto token = static_cast<std::size_t>(model.expected.input_ids.at(0));
  float& id = lists[token * static_cast<std::size_t>(shape.columns.value())];
  id = id == 0 ? 1 : id - 1;
}

// What has to change as a whole: the three scales of a hyper-connection, of which the first and the
// last do nothing where all streams are alike, and gates on which no choice of so few tokens hangs
// by a little.
bool changes_as_a_whole(WeightRole role) {
  return role == WeightRole::attention_stream_scale ||
         role == WeightRole::feed_forward_stream_scale ||
         role == WeightRole::index_entry_gate_before;
}

void spoil(std::span<float> weight, const Weight& shape, const GoldenModel& model) {
  const WeightKind kind = kind_of(shape.role);
  if (changes_as_a_whole(shape.role)) {
    for (float& element : weight) element *= -8;
    return;
  }
  // Corrections as small as a training makes them may change no choice of so few tokens: the first
  // expert is made the choice of every token.
  if (shape.role == WeightRole::router_correction_bias) return void(weight[0] += 10);
  if (kind == WeightKind::norm || kind == WeightKind::bias) return spoil_vector(weight, kind);
  if (shape.role == WeightRole::router_list) return spoil_list(weight, shape, model);
  if (shape.copies > 1) return swap_copies(weight, shape);
  if (shape.rows == 1) return spoil_vector(weight, WeightKind::norm);
  const std::size_t row = row_in_use(shape.role, model);
  const bool last = row + 1 == static_cast<std::size_t>(shape.rows.value());
  swap_rows(weight, shape, row, last ? row - 1 : row == 1 ? 2 : row + 1);
}

std::size_t last_layer_of(const OpGraph& graph, std::size_t block) {
  const auto last = std::find(graph.layers.rbegin(), graph.layers.rend(), block);
  return static_cast<std::size_t>(graph.layers.rend() - last) - 1;
}

Matcher<std::string> departure_of(const OpGraph& graph, const Weight& weight) {
  // What is passed to every layer is first seen in the first one.
  if (weight.role == WeightRole::per_layer_embedding ||
      weight.role == WeightRole::per_layer_projection ||
      weight.role == WeightRole::per_layer_projection_norm) {
    return out_of_layer(0);
  }
  switch (graph.blocks.at(weight.block).kind) {
    case BlockKind::input: return "hidden state into layer 0";
    case BlockKind::output: return "logits";
    case BlockKind::layer: break;
  }
  const std::size_t layer = last_layer_of(graph, weight.block);
  const Matcher<std::string> output = out_of_layer(layer);
  if (component_of(weight.role) == Component::router) return routing_of_layer(layer);
  // The index, or else the router, is the first to see faults in attention.
  return AnyOf(output, keys_of_layer(layer), routing_of_layer(layer));
}

// Without rotation, a key's bias adds the same to every score of a query, and the softmax removes
// it again.
bool changes_nothing(const Weight& weight, const ArchSpec& spec) {
  const auto* attention = std::get_if<GroupedAttention>(&spec.attention.front().value);
  return weight.role == WeightRole::key_bias && attention != nullptr && !attention->rotary;
}

TEST_P(AGoldenModel, DepartsWhereAnyOneWeightIsWrong) {
  const WeightStore right = model_.weights_for(model_.graph);
  for (WeightId id = 0; id < model_.graph.weights.size(); ++id) {
    const Weight& weight = model_.graph.weight(id);
    const auto instances = static_cast<std::size_t>(model_.graph.instances(weight).value());
    WeightStore wrong = right;
    spoil(wrong.of(id, instances - 1), weight, model_);
    const auto first = departures(model_.graph, wrong, model_.expected);
    if (changes_nothing(weight, model_.spec)) {
      EXPECT_THAT(first, Each("")) << name_of(weight.role);
    } else {
      EXPECT_THAT(first, Each(departure_of(model_.graph, weight))) << name_of(weight.role);
    }
  }
}

// --- How verify judges values that are not numbers.

TEST_P(AGoldenModel, DepartsWhereAWeightIsNotANumber) {
  WeightStore wrong = model_.weights_for(model_.graph);
  wrong.of(0, 0)[static_cast<std::size_t>(model_.expected.input_ids.at(0)) *
                 static_cast<std::size_t>(model_.graph.weight(0).columns.value())] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(departures(model_.graph, wrong, model_.expected), Each("hidden state into layer 0"));
}

TEST_P(AGoldenModel, DepartsWhereOneLogitIsExpectedOtherwise) {
  Expected other = model_.expected;
  other.logits.back() += 2 * static_cast<float>(model_.tolerance());
  EXPECT_THAT(departures(model_.graph, model_.weights_for(model_.graph), other), Each("logits"));
}

INSTANTIATE_TEST_SUITE_P(Departures, AGoldenModel, ::testing::ValuesIn(golden_names()),
                         folder_name);

}  // namespace
}  // namespace llmarch
