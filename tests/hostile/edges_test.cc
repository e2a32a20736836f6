// Arithmetic at the edges of 64 bits, through every command that takes such numbers: the result is
// a figure or a clear refusal, never a number that wrapped. Figures are compared with products
// where these can be redone by hand; the others must be whole numbers from 0 on and grow with the
// arguments.
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/cost/predict.h"
#include "sim/study/compare.h"
#include "sim/toml/toml_loader.h"
#include "tests/support/run_program.h"

namespace llmarch::testing {
namespace {

using ::testing::HasSubstr;

__extension__ typedef __int128 Wide;  // of 128 bits, where nothing here can wrap

// A mixture with that many experts in each of that many layers.
std::string mixture(std::int64_t layers, std::int64_t experts, std::int64_t width) {
  return "name = \"edge\"\ntitle = \"Edge\"\nsource = \"made for a test\"\n"
         "vocabulary = 1024\nhidden = 64\ncontext_limit = 1099511627776\nhead = \"tied\"\n"
         "norm = { kind = \"rms\", epsilon = 1e-6, placement = \"before\" }\n"
         "[attention.a]\nkind = \"grouped\"\nquery_heads = 2\nkv_heads = 1\nhead_dim = 32\n"
         "[feed_forward.f]\nkind = \"mixture\"\nexperts = " +
         std::to_string(experts) +
         "\nexperts_per_token = 2\nexpert_width = " + std::to_string(width) +
         "\nactivation = \"silu\"\nrouter = { scoring = \"softmax\" }\n"
         "[layer.l]\nattention = \"a\"\nfeed_forward = \"f\"\n"
         "[[stack]]\nrepeat = " +
         std::to_string(layers) + "\nlayers = [\"l\"]\n";
}

// The same in exact arithmetic of 128 bits: keys and values of every layer.
Wide cache_elements_by_hand(std::int64_t layers, std::int64_t context, std::int64_t batch) {
  return static_cast<Wide>(layers) * 2 * 32 * context * batch;
}

bool fits(Wide value) {
  return value <= INT64_MAX;
}

std::int64_t near_a_power_of_two(int most) {
  const int power = *rc::gen::inRange(0, most + 1);
  const std::int64_t value = (std::int64_t{1} << power) + *rc::gen::inRange(-1, 2);
  return std::clamp<std::int64_t>(value, 1, std::int64_t{1} << most);
}

TEST(Edges, OfACacheAreTheProductOrARefusal) {
  EXPECT_TRUE(rc::check([] {
    const std::int64_t layers = std::min<std::int64_t>(near_a_power_of_two(17), 100'000);
    const std::int64_t context = near_a_power_of_two(40);
    const std::int64_t batch = near_a_power_of_two(20);
    const SpecLoad load = load_toml_spec(mixture(layers, 4, 8));
    RC_ASSERT(load.spec.has_value());
    const Model model = make_model(*load.spec, {});
    const Wide expected = cache_elements_by_hand(layers, context, batch);
    try {
      const Elements held = cache_elements(model.graph, context, batch);
      RC_ASSERT(fits(expected));
      RC_ASSERT(held.value() == static_cast<std::int64_t>(expected));
    } catch (const Overflow&) {
      RC_ASSERT(!fits(expected));
    }
  }));
}

// Only the experts count: three matrices of `width` by 64 each.
TEST(Edges, OfParametersAreTheProductOrARefusal) {
  EXPECT_TRUE(rc::check([] {
    const std::int64_t layers = std::min<std::int64_t>(near_a_power_of_two(17), 100'000);
    const std::int64_t experts = std::clamp<std::int64_t>(near_a_power_of_two(20), 2, 1'000'000);
    const std::int64_t width = near_a_power_of_two(24);
    const Wide expected = static_cast<Wide>(layers) * experts * width * 64 * 3;
    const SpecLoad load = load_toml_spec(mixture(layers, experts, width));
    RC_ASSERT(load.spec.has_value());
    try {
      const Model model = make_model(*load.spec, {});
      const auto found = std::find_if(
          model.parameters.components.begin(), model.parameters.components.end(),
          [](const ComponentParameters& each) { return each.component == Component::experts; });
      RC_ASSERT(found != model.parameters.components.end());
      RC_ASSERT(found->elements.value() == static_cast<std::int64_t>(expected));
    } catch (const Overflow&) {
      // The other parameters are less than a thousandth of what 64 bits hold.
      RC_ASSERT(expected > INT64_MAX / 1024 * 1023);
    }
  }));
}

// More is asked for, so no column is less; a wrapped one would be.
TEST(Edges, OfAStepNeverShrinkWhenMoreIsAsked) {
  const Model model = make_model(*load_toml_spec(mixture(100'000, 1'000'000, 8)).spec, {});
  EXPECT_TRUE(rc::check([&] {
    const std::int64_t context = near_a_power_of_two(40);
    const std::int64_t batch = near_a_power_of_two(20);
    for (const auto step : {decode, prefill}) {
      try {
        const Work less =
            predict_total(model.graph, step(std::max<std::int64_t>(1, context / 2), batch));
        const Work more = predict_total(model.graph, step(context, batch));
        RC_ASSERT(less.matrix.value() > 0);
        RC_ASSERT(more.matrix >= less.matrix);
        RC_ASSERT(more.other >= less.other);
        RC_ASSERT(more.weights_read >= less.weights_read);
        RC_ASSERT(more.cache_read >= less.cache_read);
        RC_ASSERT(more.activations_read >= less.activations_read);
      } catch (const Overflow&) {
        RC_DISCARD("refused");
      }
    }
  }));
}

void require_whole_numbers(const nlohmann::json& value) {
  if (value.is_number_integer()) {
    EXPECT_GE(value.get<std::int64_t>(), 0);
  }
  if (value.is_number_float()) {
    EXPECT_TRUE(value.get<double>() >= 0);
  }
  if (!value.is_structured()) return;
  for (const auto& [key, inner] : value.items()) {
    if (key != "difference") require_whole_numbers(inner);  // of predicted and published
  }
}

// Succeeds with figures from 0 on, or is refused with a message about 64 bits.
void expect_figures_or_refusal(const std::string& arguments) {
  const Seen seen = run_shell(std::string("timeout 60 '") + LLMARCH_PROGRAM + "' " + arguments);
  if (seen.status == 0) {
    require_whole_numbers(nlohmann::json::parse(seen.output));
  } else {
    EXPECT_EQ(seen.status, 2) << arguments << "\n" << seen.errors;
    EXPECT_THAT(seen.errors, HasSubstr("64 bits")) << arguments;
  }
}

class EdgesOfCommands : public ::testing::Test {
 protected:
  EdgesOfCommands() { write_file(spec_, mixture(100'000, 1'000'000, 1)); }
  TemporaryFolder folder_;
  std::string spec_ = folder_.file("edge.toml");
};

TEST_F(EdgesOfCommands, AreKeptByEveryCommandThatTakesThem) {
  for (const std::string& model : {std::string("gpt2"), std::string("kimi-k2"), spec_}) {
    for (const char* at : {"-c 1099511627776 -b 1048576", "-c 1099511627776", "-b 1048576"}) {
      expect_figures_or_refusal("compare gpt2 '" + model + "' --format json " + at);
      expect_figures_or_refusal("compare gpt2 '" + model + "' --format json --on h100-sxm " + at);
      expect_figures_or_refusal("sweep '" + model + "' --format json " + at);
    }
    expect_figures_or_refusal("show '" + model + "' --format json");
    for (const char* memory : {"1MiB", "1GiB", "900000TB"}) {
      expect_figures_or_refusal("fit '" + model + "' --format json -c 1,1099511627776" +
                                " -b 1,1048576 --memory " + memory);
    }
  }
}

TEST_F(EdgesOfCommands, OfTheArgumentsThemselvesAreSaid) {
  for (const char* context : {"1099511627777", "9223372036854775807", "18446744073709551616",
                              "1024g", "1025g", "-1", "0", "99999999999999999999999g"}) {
    for (const char* command : {"compare gpt2 gpt2-xl", "sweep gpt2", "fit gpt2 --memory 1GiB"}) {
      const Seen seen = run_llmarch(std::string(command) + " --format json --context=" + context);
      const bool most = std::string(context) == "1024g";
      if (most && seen.status == 0) continue;
      EXPECT_EQ(seen.status, 2) << command << " " << context << seen.errors;
      EXPECT_THAT(seen.errors, HasSubstr(most ? "64 bits" : "is not a number from 1 to"));
    }
  }
}

TEST_F(EdgesOfCommands, OfASpecAreCheckedAndImported) {
  EXPECT_EQ(run_llmarch("check '" + spec_ + "'").status, 0);
  write_file(spec_, mixture(100'000, 1'000'000, 16'777'216));
  const Seen seen = run_llmarch("check '" + spec_ + "'");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.errors, HasSubstr("the parameters of this architecture exceed 64 bits"));
  std::string config = read_file(LLMARCH_PROJECT "/tests/spec/configs/qwen3-30b-a3b.json");
  for (const auto& [key, value] : {std::pair{"\"num_hidden_layers\": ", "100000"},
                                   {"\"num_experts\": ", "1000000"},
                                   {"\"moe_intermediate_size\": ", "16777216"}}) {
    const std::size_t at = config.find(key);
    ASSERT_NE(at, std::string::npos) << key;
    const std::size_t begin = at + std::string(key).size();
    config.replace(begin, config.find_first_of(",\n}", begin) - begin, value);
  }
  write_file(folder_.file("edge.json"), config);
  const Seen imported = run_llmarch("import '" + folder_.file("edge.json") + "'");
  EXPECT_EQ(imported.status, 2);
  EXPECT_THAT(imported.errors, HasSubstr("exceed 64 bits"));
}

TEST_F(EdgesOfCommands, OfAStudyAreAFigureOrARefusal) {
  write_file(
      folder_.file("s.toml"),
      "name = \"s\"\ntitle = \"t\"\ntext = \"x\"\nsource = \"s\"\n[claim.C1]\nsection = \"1\"\n"
      "text = \"x\"\nexpect = \"holds\"\nkind = \"figure\"\n"
      "check = [\"prefill_flops(gpt2, prompt = 1099511627776, batch = 1048576) > 0\"]\n");
  const Seen seen = run_llmarch("report '" + folder_.file("s.toml") + "'");
  EXPECT_EQ(seen.status, 2) << seen.output;
  EXPECT_THAT(seen.errors, HasSubstr("64 bits"));
}

TEST_F(EdgesOfCommands, AreRefusedByARun) {
  for (const char* at : {"--context 1099511627776", "--batch 1048576"}) {
    const Seen seen = run_llmarch(std::string("measure qwen3-0.6b --scaled ") + at);
    EXPECT_EQ(seen.status, 2) << seen.errors;
  }
  const Seen seen = run_llmarch("measure qwen3-0.6b --context 1099511627776 --batch 1048576");
  EXPECT_TRUE(seen.status == 2 || seen.status == 3) << seen.status << seen.errors;
  EXPECT_THAT(seen.errors, HasSubstr("error"));
}

}  // namespace
}  // namespace llmarch::testing
