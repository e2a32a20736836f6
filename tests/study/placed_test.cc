// A model of which a part lies in a host's memory: what each memory holds, what is read there, and
// the times of both.
#include <gmock/gmock.h>

#include "sim/study/compare.h"
#include "sim/study/quantities.h"
#include "tests/support/model_specs.h"
#include "tests/support/toy_machine.h"

namespace llmarch {
namespace {

using ::testing::HasSubstr;

Model known(const std::string& name) {
  return make_model(model_spec(name), {});
}

Placement placed(const std::string& text) {
  return read_placement(text).value.value();
}

// A tenth of the toy machine's bandwidth, 2^38 bytes of memory, and no peak.
Machine toy_host() {
  return std::make_shared<const Hardware>(Hardware{.name = "host",
                                                   .title = "Host",
                                                   .memory = {std::int64_t{1} << 38, "-"},
                                                   .bandwidth = {1e11, "-"}});
}

Setting setting_of(const std::string& place) {
  return {.context = 1024, .machine = toy_machine(), .place = placed(place), .host = toy_host()};
}

OnMachine on_toy(const std::string& model, const Setting& setting) {
  const Model one = known(model);
  return compare({&one}, setting).models.front().on.front();
}

// 48 layers of 128 experts, each three matrices of 2,048 x 768 in two bytes, of which a token
// chooses 8.
constexpr std::int64_t kExpert = 3 * 2'048 * 768 * 2;

TEST(ExpertsInAHost, AreAllThatLiesThere) {
  const OnMachine on = on_toy("qwen3-30b-a3b", setting_of("experts=host"));
  EXPECT_EQ(on.needed.host->weights.value(), 48 * 128 * kExpert);
  EXPECT_EQ(on.needed.host->cache.value(), 0);
  EXPECT_EQ(on.needed.weights + on.needed.host->weights, Bytes(2 * 30'532'122'624));
  // 2 x 48 layers x 4 heads x 128 x 2 bytes of cache a token.
  EXPECT_EQ(on.needed.cache.value(), 1024 * 2 * 48 * 4 * 128 * 2);
}

TEST(ExpertsInAHost, AreReadAtItsBandwidth) {
  const OnMachine on = on_toy("qwen3-30b-a3b", setting_of("experts=host"));
  const PlacedStep& step = on.decode.placed.value();
  EXPECT_EQ(step.host_bytes.value(), 48 * 8 * kExpert);
  EXPECT_DOUBLE_EQ(step.floor.host.seconds, 48 * 8 * kExpert / 1e11);
  EXPECT_DOUBLE_EQ(step.floor.device.memory_seconds, step.device_bytes.amount().as_double() / 1e12);
}

// Shared experts and routers stay: of DeepSeek-V3's 58 layers with 256 routed experts of three
// matrices of 7,168 x 2,048, these alone are moved, 18 layers of them where so many are named.
TEST(ExpertsInAHost, AreThoseOfTheLayersThatAreNamed) {
  const std::int64_t layer = std::int64_t{256} * 3 * 7'168 * 2'048 * 2;
  const auto weights = [](const std::string& place) {
    return on_toy("deepseek-v3", setting_of(place)).needed.host->weights.value();
  };
  EXPECT_EQ(weights("experts=host"), 58 * layer);
  EXPECT_EQ(weights("experts=..20=host"), 18 * layer);  // the first three layers are dense
}

// 16 of 32 layers: projections of 4,096 x (4,096 + 2 x 1,024 + 4,096), a feed-forward of three
// matrices of 4,096 x 14,336 and two norms; and the cache of 8 heads of 128.
TEST(LayersInAHost, TakeTheirCacheWithThem) {
  const OnMachine on = on_toy("llama-3.1-8b", setting_of("layers=16..=host"));
  const std::int64_t layer = 4'096 * (4'096 + 2 * 1'024 + 4'096) + 3 * 4'096 * 14'336 + 2 * 4'096;
  EXPECT_EQ(on.needed.host->weights.value(), 16 * layer * 2);
  EXPECT_EQ(on.needed.host->cache.value(), 1024 * 16 * 2 * 8 * 128 * 2);
  EXPECT_EQ(on.needed.cache, on.needed.host->cache);
  EXPECT_EQ(on.needed.weights + on.needed.host->weights, Bytes(2 * 8'030'261'248));
}

TEST(AFloorOfTwoMemories, IsTheSlowerOfBoth) {
  const PlacedStep by_host =
      on_toy("qwen3-30b-a3b", setting_of("experts=host")).decode.placed.value();
  EXPECT_EQ(by_host.floor.slower().seconds, by_host.floor.host.seconds);
  EXPECT_GT(by_host.floor.host.seconds, by_host.floor.device.seconds);
  EXPECT_DOUBLE_EQ(by_host.floor.in_turn_seconds(),
                   by_host.floor.device.seconds + by_host.floor.host.seconds);
  // A hundredth of the model's layers and a tenth of the bandwidth.
  const OnMachine on = on_toy("llama-3.1-8b", setting_of("layers=31..=host"));
  EXPECT_DOUBLE_EQ(on.decode.floor.seconds, on.decode.placed->floor.device.seconds);
}

// The link reads as fast as it sends where the host's memory is faster, and the peak is the
// device's: 10^14 FLOPs a second.
TEST(ADeviceThatComputesWithAHostsMemory, ReadsOverItsLink) {
  Setting setting = setting_of("experts=host,by=device");
  Hardware linked = *setting.machine;
  linked.host_link = Link{4e10, {}, "-"};
  setting.machine = std::make_shared<const Hardware>(linked);
  const OnMachine on = on_toy("qwen3-30b-a3b", setting);
  EXPECT_DOUBLE_EQ(on.decode.placed->floor.host.seconds, 48 * 8 * kExpert / 4e10);
  EXPECT_DOUBLE_EQ(on.host_rates->flops_per_second, 1e14);
  EXPECT_EQ(on.needed.host->activations, Bytes());
  linked.host_link = Link{4e11, {}, "-"};
  setting.machine = std::make_shared<const Hardware>(linked);
  EXPECT_DOUBLE_EQ(on_toy("qwen3-30b-a3b", setting).decode.placed->floor.host.seconds,
                   48 * 8 * kExpert / 1e11);
}

// Nothing is lost or counted twice between the two memories, whatever kinds of layers there are.
class AnyPlacement : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};

INSTANTIATE_TEST_SUITE_P(
    Placed, AnyPlacement,
    ::testing::Combine(::testing::Values("gpt-oss-20b", "qwen3-next-80b-a3b", "nemotron-3-nano-30b",
                                         "llama-4-scout", "deepseek-v4-flash",
                                         "kimi-linear-48b-a3b"),
                       ::testing::Values("experts=host", "experts=5..9=host", "layers=7..=host")));

TEST_P(AnyPlacement, DividesTheModelBetweenTwoMemories) {
  const auto& [name, place] = GetParam();
  const Model model = known(name);
  Setting setting = setting_of(place);
  setting.batch = 3;
  const ModelCurves curves(model, setting);
  const Setting undivided{.context = 1024, .batch = 3};
  const OpGraph whole = stored(model, undivided);
  const auto& [device, host] = *curves.placed;
  EXPECT_EQ(weight_bytes(device.graph).total + weight_bytes(host.graph).total,
            weight_bytes(whole).total);
  EXPECT_GT(weight_bytes(host.graph).total, Bytes());
  EXPECT_EQ(device.cache.peak(1024) + host.cache.peak(1024), CacheCurve(whole, 3).peak(1024));
  const Work decode = predict_total(whole, workload_of(Phase::decode, undivided));
  Work in_parts = device.decode.total(1024);
  in_parts += host.decode.total(1024);
  EXPECT_EQ(in_parts.matrix, decode.matrix);
  EXPECT_EQ(in_parts.cache_bytes_read, decode.cache_bytes_read);
  // Distinct experts are rounded once in each block.
  EXPECT_NEAR(in_parts.weight_bytes_read.amount().as_double(),
              decode.weight_bytes_read.amount().as_double(), 1e3);
}

// 2^34 bytes on the device hold all but the experts; which memory ends the context is named.
TEST(AFitInTwoMemories, SaysWhichOneRunsOut) {
  const Model model = known("qwen3-30b-a3b");
  Setting setting = setting_of("experts=host");
  const Room room{.each = Bytes(std::int64_t{1} << 33)};
  const Fit fit = largest_context(model, setting, room);
  const std::int64_t a_token = 2 * 48 * 4 * 128 * 2;
  const Bytes left = room.memory() - fit.footprint.weights - fit.footprint.activations;
  EXPECT_EQ(fit.room.value(), left.value() / a_token);
  setting.host = std::make_shared<const Hardware>(Hardware{.name = "small",
                                                           .title = "-",
                                                           .memory = {48 * 128 * kExpert - 1, "-"},
                                                           .bandwidth = {1e11, "-"}});
  const Fit none = largest_context(model, setting, room);
  EXPECT_EQ(none.limit, Limit::host_memory);
  EXPECT_EQ(none.found, 0);
  const Bytes rows = none.footprint.host->activations;
  EXPECT_EQ(missing_for(*none.one_more, none.setting, room), rows + Bytes(1));
}

TEST(AQuantityOfTwoMemories, IsThatOfTheComparison) {
  const Model model = known("qwen3-30b-a3b");
  const Setting setting = setting_of("experts=host");
  const ModelCurves curves(model, setting);
  const PlacedStep step = on_toy("qwen3-30b-a3b", setting).decode.placed.value();
  const auto value = [&](const char* name) {
    return as_double(evaluate(*find_quantity(name), curves, 1024, 1024));
  };
  EXPECT_DOUBLE_EQ(value("host_time"), step.floor.host.seconds);
  EXPECT_DOUBLE_EQ(value("device_time"), step.floor.device.seconds);
  EXPECT_DOUBLE_EQ(value("floor_time"), step.floor.slower().seconds);
  EXPECT_DOUBLE_EQ(value("in_turn_tokens_per_second"), 1 / step.floor.in_turn_seconds());
  EXPECT_DOUBLE_EQ(value("drafted_tokens_per_second"), value("tokens_per_second"));
  EXPECT_DOUBLE_EQ(value("host_weight_bytes"), 48. * 128 * kExpert);
  const Footprint needed = footprint(model, setting);
  EXPECT_DOUBLE_EQ(value("device_memory"), needed.total().amount().as_double());
  EXPECT_DOUBLE_EQ(value("host_memory"), needed.host->total().amount().as_double());
}

// What a setting's refusal says, whose remedy is checked on the command line.
std::string refusal(const std::string& model, const Setting& setting) {
  const Model one = known(model);
  try {
    const ModelCurves curves(one, setting);
  } catch (const RefusedSetting& refused) {
    return refused.what();
  }
  return "";
}

TEST(APlacement, IsRefusedWhereItMeansNothing) {
  EXPECT_THAT(refusal("llama-3.1-8b", setting_of("experts=host")), HasSubstr("no routed experts"));
  EXPECT_THAT(refusal("deepseek-v3", setting_of("experts=..2=host")),
              HasSubstr("none of these layers has routed experts"));
  EXPECT_THAT(refusal("llama-3.1-8b", setting_of("layers=32..=host")),
              HasSubstr("it has 32 layers, 0 to 31"));
  EXPECT_THAT(refusal("qwen3-30b-a3b", setting_of("experts=host,by=device")),
              HasSubstr("states no link to a host"));
  Setting setting = setting_of("experts=host");
  setting.host = nullptr;
  EXPECT_THAT(refusal("qwen3-30b-a3b", setting), HasSubstr("no host is named"));
}

}  // namespace
}  // namespace llmarch
