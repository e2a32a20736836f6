// Served points: the time of a token against the floor of a decode step of one sequence that is as
// long as its prompt, with the cache in 8 bits. More sequences, longer ones and a wider cache only
// take longer, so this bounds every point, whatever the engine did. Several devices are taken for
// one.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/formats/scheme_names.h"
#include "sim/study/fit.h"
#include "sim/study/point_figures.h"
#include "tests/measured/rows.h"
#include "tests/support/spec_folder.h"

namespace llmarch::measured {
namespace {

// Names of the measurements, and the spec of the same text model; none is in the tree for others.
const std::map<std::string, std::string> kModels{
    {"MiniMaxAI/MiniMax-M2.5", "minimax-m2"},
    {"deepseek-ai/DeepSeek-R1", "deepseek-v3"},
    {"deepseek-ai/DeepSeek-V3", "deepseek-v3"},
    {"nvidia/DeepSeek-R1-NVFP4", "deepseek-v3"},
    {"nvidia/DeepSeek-V3.1-NVFP4", "deepseek-v3"},
    {"meta-llama/Llama-3.1-70B", "llama-3.1-70b"},
    {"meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"},
    {"nvidia/Llama-3.1-8B-Instruct-FP8", "llama-3.1-8b"},
    {"openai/gpt-oss-120b", "gpt-oss-120b"},
    {"Qwen/Qwen3-32B", "qwen3-32b"},
    {"nvidia/Qwen3-32B-NVFP4", "qwen3-32b"},
    {"Qwen/Qwen3.5-397B-A17B", "qwen3.5-397b-a17b"},
    {"Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b-a22b"},
    {"moonshotai/Kimi-K2.5", "kimi-k2"}};

const Model& model_called(const std::string& spec) {
  static std::map<std::string, Model> models;
  const auto known = models.find(spec);
  if (known != models.end()) return known->second;
  return models.emplace(spec, make_model(model_spec(spec), {})).first->second;
}

// A blank precision is that of the published weights, which of DeepSeek are in fp8.
std::string scheme_of(const Row& row, const std::string& spec) {
  const std::string& precision = row.text("precision");
  if (precision == "fp4") return "nvfp4";
  if (precision == "fp8") return "fp8";
  if (precision == "int4") return "int4";
  return spec == "deepseek-v3" ? "fp8" : "bf16";
}

std::int64_t devices_of(const Row& row) {
  const auto degree = [&](const char* column) {
    return std::max<std::int64_t>(row.number(column), 1);
  };
  return degree("pp") *
         std::max(degree("tp") * degree("attention_dp"), degree("moe_tp") * degree("moe_ep"));
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
  const auto spec = kModels.find(row.text("model"));
  if (spec == kModels.end()) {
    ++holding.left_out["served points of models that are not in the tree"];
    return;
  }
  const Model& model = model_called(spec->second);
  const Setting setting = setting_of(row, spec->second);
  if (footprint(model, setting).total() > Bytes(setting.machine->memory_bytes())) {
    ++holding.left_out["served points whose weights need more memory than there is"];
    return;
  }
  const char* kind =
      setting.machine->devices == 1 ? "served, one device" : "served, several devices";
  holding.rows.push_back({kind, row.text("system"), row.text("id"), decode_floor(model, setting),
                          row.real("tpot_ms") * 1e-3, 0});
}

}  // namespace

void hold_serving(const std::filesystem::path& folder, Holding& holding) {
  for (const Row& row : rows_of(folder / "serving.csv")) hold(row, holding);
}

}  // namespace llmarch::measured
