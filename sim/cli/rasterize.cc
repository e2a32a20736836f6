#include "sim/cli/rasterize.h"

#include <fmt/format.h>

#include <utility>

#include "sim/spec/file_error.h"
#include "sim/system/system.h"

namespace llmarch::cli {
namespace {

constexpr const char* kProgram = "rsvg-convert";

}  // namespace

bool can_rasterize() {
  return system::has_program(kProgram);
}

std::string rasterize(const std::string& svg, const std::string& name) {
  auto png = system::output_of(fmt::format("{} --format=png --zoom=2", kProgram), svg);
  if (!png) throw FileError(name, fmt::format("{} failed", kProgram));
  return std::move(*png);
}

}  // namespace llmarch::cli
