// Served points: the time of a token against the floor of a decode step of one sequence that is as
// long as its prompt, with the cache in 8 bits. More sequences, longer ones and a wider cache only
// take longer, so this bounds every point, whatever the engine did. Several devices are taken for
// one.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/formats/scheme_names.h"
#include "sim/study/fit.h"
#include "sim/study/mix.h"
#include "sim/study/point_figures.h"
#include "tests/measured/serving.h"
#include "tests/support/spec_folder.h"

namespace llmarch::measured {

const std::map<std::string, Served>& served_models() {
  static const std::map<std::string, Served> models{
      {"MiniMaxAI/MiniMax-M2.5", {"minimax-m2", "fp8-block"}},
      {"deepseek-ai/DeepSeek-R1", {"deepseek-v3", "fp8-block"}},
      {"deepseek-ai/DeepSeek-V3", {"deepseek-v3", "fp8-block"}},
      {"nvidia/DeepSeek-R1-NVFP4", {"deepseek-v3", "fp8-block"}},
      {"nvidia/DeepSeek-V3.1-NVFP4", {"deepseek-v3", "fp8-block"}},
      {"meta-llama/Llama-3.1-70B", {"llama-3.1-70b"}},
      {"meta-llama/Llama-3.1-8B-Instruct", {"llama-3.1-8b"}},
      {"nvidia/Llama-3.1-8B-Instruct-FP8", {"llama-3.1-8b", "fp8-tensor"}},
      {"openai/gpt-oss-120b", {"gpt-oss-120b", "mxfp4"}},
      {"Qwen/Qwen3-32B", {"qwen3-32b"}},
      {"nvidia/Qwen3-32B-NVFP4", {"qwen3-32b", "nvfp4"}},
      {"Qwen/Qwen3.5-397B-A17B", {"qwen3.5-397b-a17b"}},
      {"Qwen/Qwen3-235B-A22B-FP8", {"qwen3-235b-a22b", "fp8-block"}},
      {"moonshotai/Kimi-K2.5", {"kimi-k2"}}};
  return models;
}

const Model& model_called(const std::string& spec) {
  static std::map<std::string, Model> models;
  const auto known = models.find(spec);
  if (known != models.end()) return known->second;
  return models.emplace(spec, make_model(model_spec(spec), {})).first->second;
}

std::int64_t degree_of(const Row& row, const char* column) {
  return std::max<std::int64_t>(row.number(column), 1);
}

std::int64_t devices_of(const Row& row) {
  const auto degree = [&](const char* column) { return degree_of(row, column); };
  return degree("pp") *
         std::max(degree("tp") * degree("attention_dp"), degree("moe_tp") * degree("moe_ep"));
}

namespace {

// A blank precision is that of the published weights, which of DeepSeek are in fp8.
std::string scheme_of(const Row& row, const std::string& spec) {
  const std::string& precision = row.text("precision");
  if (precision == "fp4") return "nvfp4";
  if (precision == "fp8") return "fp8";
  if (precision == "int4") return "int4";
  return spec == "deepseek-v3" ? "fp8" : "bf16";
}

Setting setting_of(const Row& row, const std::string& spec) {
  Hardware hardware = machine_called(row.text("system"));
  hardware.devices = devices_of(row);
  return {.context = row.number("input_tokens"),
          .weights = Names<Scheme>::read(scheme_of(row, spec)).value,
          .kv = DType::fp8,
          .machine = std::make_shared<const Hardware>(std::move(hardware))};
}

Floor decode_floor(const Model& model, const Setting& setting) {
  const Rates rates = rates_of(*setting.machine, arithmetic_of(model, setting));
  const OpGraph graph = stored(model, setting);
  const CostCurve curve(graph, Phase::decode, setting.batch);
  return FloorCurve(curve, rates, ExpertLoad::fewest).at(setting.context);
}

void hold(const Row& row, Holding& holding) {
  const auto spec = served_models().find(row.text("model"));
  if (spec == served_models().end()) {
    ++holding.left_out["served points of models that are not in the tree"];
    return;
  }
  const Model& model = model_called(spec->second.spec);
  const Setting setting = setting_of(row, spec->second.spec);
  if (footprint(model, setting).total() > Bytes(setting.machine->memory_bytes())) {
    ++holding.left_out["served points whose weights need more memory than there is"];
    return;
  }
  const char* kind =
      setting.machine->devices == 1 ? "served, one device" : "served, several devices";
  holding.rows.push_back({kind, row.text("system"), row.text("id"), decode_floor(model, setting),
                          row.real("tpot_ms") * kMilliseconds, 0});
}

}  // namespace

std::string stored_scheme(const std::string& precision, const std::string& published) {
  if (precision.empty()) return published;
  if (precision == "fp8") return published.starts_with("fp8") ? published : "fp8-tensor";
  if (precision == "fp4") return published == "mxfp4" ? published : "nvfp4";
  return precision;
}

ServedRow as_measured(const Row& row, const std::string& spec) {
  ServedRow served{row.text("id"),
                   spec,
                   row.text("system"),
                   row.text("backend"),
                   row.number("input_tokens"),
                   row.number("output_tokens")};
  served.seconds = row.real("tpot_ms") * kMilliseconds;
  served.first = row.real("ttft_ms") * kMilliseconds;
  served.part = row.text("part") == "judge" ? Part::judge : Part::fit;
  return served;
}

Machine timed_machine(const std::string& gpu, const std::vector<MachineTimes>& machines) {
  Hardware hardware = machine_called(gpu);
  const std::string& measured = machines_like(gpu).front();
  const auto times = std::ranges::find(machines, measured, &MachineTimes::measured);
  if (times == machines.end()) return nullptr;
  hardware.times = std::make_shared<const MachineTimes>(*times);
  return std::make_shared<const Hardware>(std::move(hardware));
}

namespace {

Estimate estimate_of(const Model& model, const Setting& setting, Phase phase, Integer length) {
  const OpGraph graph = stored(model, setting);
  const CostCurve curve(graph, phase, setting.batch);
  return EstimateCurve(curve, *setting.machine, arithmetic_of(model, setting)).at(length);
}

ServedRow served_row(const Row& row, const Served& of, const Machine& machine) {
  const Model& model = model_called(of.spec);
  const std::string scheme = stored_scheme(row.text("precision"), of.published);
  ServedRow served = as_measured(row, of.spec);
  Setting setting{.weights = Names<Scheme>::read(scheme).value,
                  .kv = scheme == "bf16" ? DType::bf16 : DType::fp8,
                  .machine = machine};
  const Room room = served_room(Bytes(machine->memory_bytes()), served.engine);
  const Mix mix{row.number("concurrency"), served.prompt, served.output};
  served.running = std::max<std::int64_t>(running_at_a_time(model, setting, mix, room).value(), 1);
  setting.context = served.prompt + served.output / 2;  // in the middle of its tokens
  served.prefill = estimate_of(model, setting, Phase::prefill, served.prompt).median;
  setting.batch = served.running;
  served.decode = estimate_of(model, setting, Phase::decode, setting.context).median;
  served.waits = served.running < row.number("concurrency");
  return served;
}

}  // namespace

std::vector<ServedRow> served_rows(const std::filesystem::path& folder,
                                   const std::vector<MachineTimes>& machines) {
  std::vector<ServedRow> served;
  for (const Row& row : rows_of(folder / "serving.csv")) {
    const auto spec = served_models().find(row.text("model"));
    if (spec == served_models().end() || devices_of(row) > 1) continue;
    const Machine machine = timed_machine(row.text("system"), machines);
    if (machine == nullptr) continue;
    served.push_back(served_row(row, spec->second, machine));
  }
  return served;
}

void hold_serving(const std::filesystem::path& folder, Holding& holding) {
  for (const Row& row : rows_of(folder / "serving.csv")) hold(row, holding);
}

}  // namespace llmarch::measured
