// verify is able to fail: one weight or one field that is wrong makes every golden model depart, in
// both runs, and the first departure names the layer where the fault is.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "sim/graph/lower.h"
#include "tests/golden/golden_models.h"

namespace llmarch {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::Eq;
using testing::Matcher;

std::string out_of_layer(std::size_t layer) {
  return "hidden state out of layer " + std::to_string(layer);
}

// The router's work is compared before its layer's output.
Matcher<std::string> routing_of_layer(std::size_t layer) {
  return AnyOf("experts of layer " + std::to_string(layer),
               "expert weights of layer " + std::to_string(layer));
}

class AGoldenModel : public ::testing::TestWithParam<std::string> {
 protected:
  const GoldenModel model_{GetParam()};
};

// --- One weight tensor that is wrong.

void spoil_vector(std::span<float> vector, WeightKind kind) {
  for (float& element : vector) element = kind == WeightKind::norm ? element * 1.5F : 0.0F;
}

// The last copy in the first one's place and the other way round.
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

// Tables are spoiled where the sequence looks: a token id, a position.
std::size_t row_in_use(WeightRole role, const Expected& expected) {
  return role == WeightRole::token_embedding ? static_cast<std::size_t>(expected.input_ids.at(0))
                                             : 0;
}

void spoil(std::span<float> weight, const Weight& shape, const Expected& expected) {
  const WeightKind kind = kind_of(shape.role);
  if (kind == WeightKind::norm || kind == WeightKind::bias) return spoil_vector(weight, kind);
  if (shape.copies > 1) return swap_copies(weight, shape);
  const std::size_t row = row_in_use(shape.role, expected);
  swap_rows(weight, shape, row, row == 1 ? 2 : row + 1);
}

std::size_t last_layer_of(const OpGraph& graph, std::size_t block) {
  const auto last = std::find(graph.layers.rbegin(), graph.layers.rend(), block);
  return static_cast<std::size_t>(graph.layers.rend() - last) - 1;
}

Matcher<std::string> departure_of(const OpGraph& graph, const Weight& weight) {
  switch (graph.blocks.at(weight.block).kind) {
    case BlockKind::input: return "hidden state into layer 0";
    case BlockKind::output: return "logits";
    case BlockKind::layer: break;
  }
  const std::size_t layer = last_layer_of(graph, weight.block);
  const Matcher<std::string> output = out_of_layer(layer);
  if (component_of(weight.role) == Component::router) return routing_of_layer(layer);
  // The router sees the attention's faults first.
  return AnyOf(output, routing_of_layer(layer));
}

// A key's bias adds the same to every score of a query, and softmax takes it off again; rotation
// would have made it differ by position.
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
    spoil(wrong.of(id, instances - 1), weight, model_.expected);
    const auto first = departures(model_.graph, wrong, model_.expected);
    if (changes_nothing(weight, model_.spec)) {
      EXPECT_THAT(first, Each("")) << name_of(weight.role);
    } else {
      EXPECT_THAT(first, Each(departure_of(model_.graph, weight))) << name_of(weight.role);
    }
  }
}

// --- One field of the spec that is wrong.

struct FieldFault {
  std::string field;
  Matcher<std::string> departure;
  std::function<void(ArchSpec&)> make;
};

using Faults = std::vector<FieldFault>;

template <class Kind, class Value>
Kind& kind_at(std::vector<Named<Value>>& all, std::size_t index) {
  return std::get<Kind>(all.at(index).value);
}

Activation another(Activation activation) {
  return activation == Activation::gelu_tanh ? Activation::gelu_erf : Activation::gelu_tanh;
}

// Attention stands in layer 0; a router behind it may be the first to see.
Matcher<std::string> of_the_first_layer() {
  return AnyOf(out_of_layer(0), routing_of_layer(0));
}

using GetRotary = std::function<Rotary&(ArchSpec&)>;

void add_scaling_faults(Faults& faults, const GetRotary& rotary, const Llama3Scaling&) {
  const auto add = [&](const char* field, double Llama3Scaling::*member) {
    faults.push_back({field, of_the_first_layer(), [=](ArchSpec& spec) {
                        std::get<Llama3Scaling>(*rotary(spec).scaling).*member *= 2;
                      }});
  };
  add("llama3 factor", &Llama3Scaling::factor);
  add("llama3 high_frequency_factor", &Llama3Scaling::high_frequency_factor);
  faults.push_back({"llama3 original_context", of_the_first_layer(), [=](ArchSpec& spec) {
                      std::get<Llama3Scaling>(*rotary(spec).scaling).original_context *= 2;
                    }});
}

void add_scaling_faults(Faults& faults, const GetRotary& rotary, const YarnScaling&) {
  const auto add = [&](const char* field, const std::function<void(YarnScaling&)>& make) {
    faults.push_back({field, of_the_first_layer(),
                      [=](ArchSpec& spec) { make(std::get<YarnScaling>(*rotary(spec).scaling)); }});
  };
  add("yarn factor", [](YarnScaling& yarn) { yarn.factor *= 2; });
  add("yarn original_context", [](YarnScaling& yarn) { yarn.original_context *= 1024; });
  add("yarn mscale", [](YarnScaling& yarn) { yarn.mscale = 0.5; });
  add("yarn mscale_all_dim", [](YarnScaling& yarn) { yarn.mscale_all_dim = 0.5; });
  add("yarn mscales dropped", [](YarnScaling& yarn) {
    yarn.mscale.reset();
    yarn.mscale_all_dim.reset();
  });
  add("yarn attention_factor", [](YarnScaling& yarn) { yarn.attention_factor = 1.5; });
}

void add_rotary_faults(Faults& faults, const Rotary& rotary, const GetRotary& get) {
  const auto add = [&](const char* field, const std::function<void(Rotary&)>& make) {
    faults.push_back({field, of_the_first_layer(), [=](ArchSpec& spec) { make(get(spec)); }});
  };
  add("theta", [](Rotary& r) { r.theta *= 2; });
  add("layout", [](Rotary& r) {
    const bool split = r.layout == RotaryLayout::half_split;
    r.layout = split ? RotaryLayout::interleaved : RotaryLayout::half_split;
  });
  if (!rotary.scaling) return;
  add("scaling dropped", [](Rotary& r) { r.scaling.reset(); });
  std::visit([&](const auto& kind) { add_scaling_faults(faults, get, kind); }, *rotary.scaling);
}

void add_faults(Faults& faults, const GroupedAttention& attention, std::size_t index) {
  if (!attention.rotary) return;
  add_rotary_faults(faults, *attention.rotary, [=](ArchSpec& spec) -> Rotary& {
    return *kind_at<GroupedAttention>(spec.attention, index).rotary;
  });
}

void add_faults(Faults& faults, const LatentAttention& attention, std::size_t index) {
  add_rotary_faults(faults, attention.rotary, [=](ArchSpec& spec) -> Rotary& {
    return kind_at<LatentAttention>(spec.attention, index).rotary;
  });
  faults.push_back({"latent_norm_epsilon", of_the_first_layer(), [=](ArchSpec& spec) {
                      kind_at<LatentAttention>(spec.attention, index).latent_norm_epsilon *= 1000;
                    }});
}

void add_faults(Faults& faults, const DenseFeedForward&, std::size_t index, std::size_t layer) {
  faults.push_back({"dense activation", out_of_layer(layer), [=](ArchSpec& spec) {
                      auto& dense = kind_at<DenseFeedForward>(spec.feed_forward, index);
                      dense.activation = another(dense.activation);
                    }});
}

void add_faults(Faults& faults, const MixtureFeedForward& mixture, std::size_t index,
                std::size_t layer) {
  faults.push_back({"expert activation", out_of_layer(layer), [=](ArchSpec& spec) {
                      auto& experts = kind_at<MixtureFeedForward>(spec.feed_forward, index);
                      experts.activation = another(experts.activation);
                    }});
  const auto add = [&](const char* field, const std::function<void(Router&)>& make) {
    faults.push_back({field, routing_of_layer(layer), [=](ArchSpec& spec) {
                        make(kind_at<MixtureFeedForward>(spec.feed_forward, index).router);
                      }});
  };
  add("scoring", [](Router& router) {
    const bool softmax = router.scoring == Scoring::softmax;
    router.scoring = softmax ? Scoring::sigmoid : Scoring::softmax;
  });
  add("normalized_weights",
      [](Router& router) { router.normalized_weights = !router.normalized_weights; });
  add("weight_scale",
      [](Router& router) { router.weight_scale = router.weight_scale.value_or(1) * 1.5; });
  if (mixture.router.weight_scale) {
    add("weight_scale dropped", [](Router& router) { router.weight_scale.reset(); });
  }
  if (mixture.router.groups) {
    add("groups dropped", [](Router& router) { router.groups.reset(); });
    add("fewer groups", [](Router& router) { router.groups->chosen = router.groups->chosen - 1; });
  }
}

std::size_t first_layer_with(const ArchSpec& spec, std::size_t feed_forward) {
  const std::vector<std::size_t> sequence = layer_sequence(spec);
  for (std::size_t layer = 0; layer < sequence.size(); ++layer) {
    if (spec.layer.at(sequence[layer]).value.feed_forward.index == feed_forward) return layer;
  }
  throw std::logic_error("a feed-forward that no layer has");
}

Faults faults_of(const ArchSpec& spec) {
  Faults faults{
      {"norm epsilon", of_the_first_layer(), [](ArchSpec& wrong) { wrong.norm.epsilon *= 1000; }}};
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    std::visit([&](const auto& kind) { add_faults(faults, kind, i); }, spec.attention[i].value);
  }
  for (std::size_t i = 0; i < spec.feed_forward.size(); ++i) {
    const std::size_t layer = first_layer_with(spec, i);
    std::visit([&](const auto& kind) { add_faults(faults, kind, i, layer); },
               spec.feed_forward[i].value);
  }
  return faults;
}

TEST_P(AGoldenModel, DepartsWhereAnyOneFieldIsWrong) {
  for (const auto& [field, departure, make] : faults_of(model_.spec)) {
    ArchSpec wrong = model_.spec;
    make(wrong);
    const OpGraph graph = lower(wrong);
    EXPECT_THAT(departures(graph, model_.weights_for(graph), model_.expected), Each(departure))
        << field;
  }
}

// --- What verify says of numbers that are no numbers.

TEST_P(AGoldenModel, DepartsWhereAWeightIsNotANumber) {
  WeightStore wrong = model_.weights_for(model_.graph);
  wrong.of(0, 0)[static_cast<std::size_t>(model_.expected.input_ids.at(0)) *
                 static_cast<std::size_t>(model_.graph.weight(0).columns.value())] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(departures(model_.graph, wrong, model_.expected), Each("hidden state into layer 0"));
}

TEST_P(AGoldenModel, DepartsWhereOneLogitIsExpectedOtherwise) {
  Expected other = model_.expected;
  other.logits.back() += 2e-4F;
  EXPECT_THAT(departures(model_.graph, model_.weights_for(model_.graph), other), Each("logits"));
}

std::string folder_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Departures, AGoldenModel, ::testing::ValuesIn(golden_names()),
                         folder_name);

}  // namespace
}  // namespace llmarch
