#include "tests/measured/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "sim/hardware/hardware_file.h"

namespace llmarch::measured {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

Hardware load(const std::string& name) {
  const auto path = std::filesystem::path(LLMARCH_HARDWARE) / (name + ".toml");
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const HardwareLoad load = load_toml_hardware(text);
  if (!load.hardware) throw std::runtime_error(path.string() + " cannot be read");
  return *load.hardware;
}

}  // namespace

std::int64_t Row::number(const std::string& column) const {
  const std::string& value = text(column);
  return value.empty() ? 0 : std::stoll(value);
}

double Row::real(const std::string& column) const {
  return std::stod(text(column));
}

std::vector<Row> rows_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + " cannot be read");
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> columns = cells_of(line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    std::vector<std::string> cells = cells_of(line);
    cells.resize(columns.size());  // an empty last cell leaves no text behind its comma
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i < columns.size(); ++i) values[columns[i]] = cells[i];
    rows.emplace_back(std::move(values));
  }
  return rows;
}

bool may_be_cached(const Held& held) {
  constexpr std::int64_t kMebi = std::int64_t{1} << 20;
  // NVIDIA's architecture whitepapers of Ampere, Hopper, Ada, Blackwell and RTX Blackwell PRO.
  static const std::map<std::string, std::int64_t> caches{
      {"a100_sxm", 40},  {"h100_sxm", 50}, {"h200_sxm", 50},
      {"b200_sxm", 126}, {"l40s", 96},     {"rtx_pro_6000_server", 128}};
  const auto cache = caches.find(held.gpu);
  if (cache == caches.end() || held.bytes == 0) return false;
  const double found = static_cast<double>(cache->second * kMebi) / static_cast<double>(held.bytes);
  const double rest = held.floor.memory_seconds * (1 - std::min(found, 1.0));
  return held.seconds >= std::max(held.floor.arithmetic_seconds, rest);
}

// Formats with scales and without stand for each other where they store as many bits: an engine has
// its choice of kernels.
const MeasuredFormat& format_called(const std::string& name) {
  static const std::vector<std::string> eight{"fp8", "fp8-tensor", "fp8-channel", "fp8-block",
                                              "mxfp8"};
  static const std::vector<MeasuredFormat> formats{
      {"bfloat16", 16, DType::bf16, {"bf16", "f16"}},
      {"fp8", 8, DType::fp8, eight},
      {"fp8_block", 8, DType::fp8, eight},
      {"nvfp4", 4, DType::fp4, {"nvfp4"}},
      {"w4a16_mxfp4", 4, DType::bf16, {"mxfp4"}},
      {"w4a8_mxfp4_mxfp8", 4, DType::fp8, {"mxfp4"}},
      {"int4_wo", 4, DType::bf16, {"int4", "packed", "packed with zeros", "gptq", "awq"}},
      {"float32", 32, DType::bf16, {"f32"}}};
  const auto found = std::ranges::find(formats, name, &MeasuredFormat::name);
  if (found == formats.end()) throw std::out_of_range("no format is called " + name);
  return *found;
}

const std::vector<std::string>& machines_like(const std::string& gpu) {
  static const std::vector<std::string> blackwell{"b200", "b300", "gb200", "gb300"};
  static const std::map<std::string, std::vector<std::string>> classes{
      {"a100_sxm", {"a100-sxm-80gb", "a100-sxm-40gb", "a100-pcie-80gb"}},
      {"h100_sxm", {"h100-sxm", "h100-pcie", "h100-nvl"}},
      {"h200_sxm", {"h200"}},
      {"b200_sxm", blackwell},
      {"b300_sxm", blackwell},
      {"gb200", blackwell},
      {"l40s", {"l40s"}},
      {"rtx_pro_6000_server", {"rtx-pro-6000-server", "rtx-pro-6000"}}};
  return classes.at(gpu);
}

const Hardware& machine_called(const std::string& gpu) {
  static const std::map<std::string, Hardware> machines = [] {
    std::map<std::string, Hardware> known;
    for (const auto& [measured, name] :
         std::map<std::string, std::string>{{"a100_sxm", "a100-sxm-80gb"},
                                            {"h100_sxm", "h100-sxm"},
                                            {"h200_sxm", "h200"},
                                            {"b200_sxm", "b200"},
                                            {"b300_sxm", "b300"},
                                            {"gb200", "gb200"},
                                            {"l40s", "l40s"},
                                            {"rtx_pro_6000_server", "rtx-pro-6000-server"}}) {
      known.emplace(measured, load(name));
    }
    return known;
  }();
  return machines.at(gpu);
}

}  // namespace llmarch::measured
