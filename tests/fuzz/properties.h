// What must hold for an input that a fuzzer made up, beyond not crashing. A refusal is a good end;
// an accepted input must be priced, or refused with Overflow, and written so that it reads the
// same.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/cost/predict.h"
#include "sim/study/model.h"
#include "sim/toml/toml_loader.h"
#include "sim/toml/toml_writer.h"

namespace llmarch::fuzz {

// Ends the run, as a sanitizer does; libFuzzer then keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Requires that every problem has a text.
inline void require_said(std::string_view text, const std::vector<Diagnostic>& problems) {
  for (const Diagnostic& problem : problems) {
    require(!problem.message.empty(), "a problem says what is wrong");
  }
  const std::string said = render_diagnostics("file", text, problems);
  require(problems.empty() == said.empty(), "problems are said");
}

inline void require_no_wrapped_figure(const OpGraph& graph, const Workload& workload) {
  try {
    const Work work = predict_total(graph, workload);
    require(work.weights_read.value() >= 0 && work.cache_read.value() >= 0 &&
                work.matrix.value() >= 0 && work.other.value() >= 0,
            "work is never negative");
  } catch (const Overflow&) {
    // A refusal is a good end.
  }
}

// None when they exceed 64 bits.
inline std::optional<std::int64_t> parameters_of(const ArchSpec& spec) {
  try {
    return make_model(spec, {}).parameters.total.value();
  } catch (const Overflow&) {
    return std::nullopt;
  }
}

inline ArchSpec read_back(const ArchSpec& spec) {
  SpecLoad load = load_toml_spec(write_toml_spec(spec, {}));
  require(load.spec.has_value(), "a written spec can be read");
  return std::move(*load.spec);
}

// Checks a spec that a loader has accepted. TOML sorts named tables, so the text stays the same
// from the second reading on.
inline void require_sound(const ArchSpec& spec) {
  const ArchSpec again = read_back(spec);
  require(parameters_of(again) == parameters_of(spec), "a written spec is the same model");
  require(write_toml_spec(read_back(again), {}) == write_toml_spec(again, {}),
          "a written spec reads the same");
  try {
    const Model model = make_model(spec, {});
    require(model.parameters.total.value() > 0, "a model has parameters");
    constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;
    require_no_wrapped_figure(model.graph, decode(1, 1));
    require_no_wrapped_figure(model.graph, decode(kMostTokens, std::int64_t{1} << 20));
    require_no_wrapped_figure(model.graph, prefill(8192, 1));
    require_no_wrapped_figure(model.graph, prefill(kMostTokens, 1));
  } catch (const Overflow&) {
    // The parameters exceed 64 bits, and are refused.
  }
}

}  // namespace llmarch::fuzz
