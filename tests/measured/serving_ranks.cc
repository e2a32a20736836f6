// Served points of several devices: the deployment that a row names, and what a step of one of its
// ranks is estimated to take beside its exchanges.
#include <algorithm>
#include <optional>

#include "sim/study/fit.h"
#include "sim/study/point_figures.h"
#include "sim/study/ranks.h"
#include "sim/study/step.h"
#include "sim/study/structure_sizes.h"
#include "tests/measured/serving.h"

namespace llmarch::measured {
namespace {

// None where experts are divided in another way than a Deployment says.
std::optional<Deployment> deployment_of(const Row& row, const Model& model) {
  Deployment deployment{.tensor = degree_of(row, "tp"),
                        .pipeline = degree_of(row, "pp"),
                        .data = degree_of(row, "attention_dp")};
  const Integer attention = deployment.ranks_of_stage();
  const Integer divided = degree_of(row, "moe_tp");
  const Integer experts = divided * degree_of(row, "moe_ep");
  if (!has_experts(model.spec) || experts == 1) return deployment;
  deployment.expert = degree_of(row, "moe_ep");
  const auto spread = expert_spread(deployment);
  const bool known =
      experts == attention && spread && deployment.tensor / spread->tensor == divided;
  return known ? std::optional(deployment) : std::nullopt;
}

// As many devices as there are ranks, in systems as they are sold.
std::optional<Machine> machine_of(const Machine& device, const std::string& gpu, Integer ranks) {
  const Integer largest = gpu == "gb200" ? 72 : 8;
  Hardware hardware = *device;
  hardware.devices = std::min(ranks, largest);
  hardware.systems = ranks / hardware.devices;
  if (hardware.all_devices() != ranks) return std::nullopt;
  return std::make_shared<const Hardware>(std::move(hardware));
}

// A row, and the step of a rank that it is about.
struct OfRanks {
  const Model& model;
  Setting setting;  // with the deployment, its machine, and as many sequences as run
  const Hardware& device;

  [[nodiscard]] double seconds(const RankHoldings& held, Phase phase, Integer length) const {
    const Integer token_ranks = expert_spread(*setting.parallel).value().data;
    double sum = 0;
    for (const StageHolding& stage : held.stages) {
      const Integer batch = phase == Phase::decode ? held.of_rank.batch : Integer(1);
      const CostCurve curve(stage.graph, phase, batch, token_ranks);
      sum += EstimateCurve(curve, device, arithmetic_of(model, setting)).at(length).median;
    }
    return sum;
  }

  void estimate(ServedRow& served) const {
    const RankPlan plan(model, setting, stored(model, setting));
    const RankHoldings held = plan.holdings(setting.context, setting.batch);
    served.decode = seconds(held, Phase::decode, setting.context);
    served.prefill = seconds(held, Phase::prefill, served.prompt);
    const Integer groups = setting.parallel->data;
    const RankFigures decode = plan.at(setting.context, 1, setting.batch);
    const RankFigures prefill = plan.at(setting.context, served.prompt, groups);
    served.exchange = decode.over_stages(&StageFigures::decode, &RankStep::exchange_seconds);
    served.prefill_exchange =
        prefill.over_stages(&StageFigures::prefill, &RankStep::exchange_seconds);
    served.exchanges = decode.over_stages(&StageFigures::decode, [](const RankStep& step) {
      Integer times;
      for (const ExchangeFigures& each : step.exchanges) times += each.times;
      return times.as_double();
    });
    served.running = held.of_rank.batch.value();
  }
};

std::optional<ServedRow> served_on_ranks(const Row& row, const Served& of, const Machine& device,
                                         std::map<std::string, std::int64_t>& left_out) {
  const Model& model = model_called(of.spec);
  const auto deployment = deployment_of(row, model);
  const auto machine =
      deployment ? machine_of(device, row.text("system"), deployment->ranks()) : std::nullopt;
  if (!machine || deployment->pipeline > 1) {
    ++left_out["estimates of served points whose deployment is not known here"];
    return std::nullopt;
  }
  ServedRow served = as_measured(row, of.spec);
  const std::string scheme = stored_scheme(row.text("precision"), of.published);
  Setting setting{.weights = Names<Scheme>::read(scheme).value,
                  .kv = scheme == "bf16" ? DType::bf16 : DType::fp8,
                  .machine = *machine};
  setting.parallel = *deployment;
  const Room room = served_room(Bytes(device->memory_bytes()), served.engine);
  const Mix mix{row.number("concurrency"), served.prompt, served.output};
  try {
    setting.batch = std::max(running_at_a_time(model, setting, mix, room), deployment->data);
    setting.context = served.prompt + served.output / 2;
    OfRanks{model, setting, *device}.estimate(served);
  } catch (const CannotShard&) {
    ++left_out["estimates of served points whose model does not divide so here"];
    return std::nullopt;
  }
  served.running_of_all = setting.batch.value();
  served.waits = setting.batch < mix.requests;
  return served;
}

}  // namespace

std::vector<ServedRow> served_rows_of_ranks(const std::filesystem::path& folder,
                                            const std::vector<MachineTimes>& machines,
                                            std::map<std::string, std::int64_t>& left_out) {
  std::vector<ServedRow> served;
  for (const Row& row : rows_of(folder / "serving.csv")) {
    const auto spec = served_models().find(row.text("model"));
    if (spec == served_models().end() || devices_of(row) == 1) continue;
    const Machine device = timed_machine(row.text("system"), machines);
    if (device == nullptr) continue;
    if (auto each = served_on_ranks(row, spec->second, device, left_out)) {
      served.push_back(*std::move(each));
    }
  }
  return served;
}

}  // namespace llmarch::measured
