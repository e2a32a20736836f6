// Study files with their expressions: an accepted study is decided and rendered.
#include <algorithm>
#include <memory>

#include "reports/say/study_json.h"
#include "sim/cli/embedded.h"
#include "sim/hardware/hardware_file.h"
#include "sim/study/claims.h"
#include "sim/study_spec/study_loader.h"
#include "tests/fuzz/properties.h"

namespace {

using namespace llmarch;

// A few models that the studies can name, with every kind of attention and feed-forward.
struct World {
  std::vector<std::unique_ptr<Model>> models;
  std::vector<Hardware> hardware;
  KnownSpecs known;
};

const World& world() {
  static const World made = [] {
    World all;
    for (const auto& [name, text] : cli::embedded_specs()) {
      if (name != "gpt2" && name != "kimi-k2" && name != "gemma-3n-e2b" && name != "qwen3-30b-a3b")
        continue;
      all.models.push_back(std::make_unique<Model>(make_model(*load_toml_spec(text).spec, {})));
      all.known.names.emplace_back(name);
    }
    for (const auto& [name, text] : cli::embedded_hardware()) {
      all.hardware.push_back(*load_toml_hardware(text).hardware);
    }
    return all;
  }();
  return made;
}

KnownSpecs known_specs() {
  return {world().known.names, [](const std::string& name) {
            const auto& models = world().models;
            return (*std::find_if(models.begin(), models.end(),
                                  [&](const auto& model) { return model->spec.name == name; }))
                ->spec;
          }};
}

// Claims may be checked at a million contexts, which takes longer than a fuzzer should wait; the
// loop over them is the same for a few.
void shorten(std::optional<ContextRange>& range) {
  if (range) range->to = std::min(range->to, range->from + 64);
}

void shorten(Study& study) {
  if (!study.claim) return;
  for (auto& [id, claim] : *study.claim) {
    shorten(claim.over);
    if (!claim.cases) continue;
    for (auto& [name, one] : *claim.cases) shorten(one.over);
  }
}

void decide(Study& study) {
  StudyModels names;
  std::vector<std::unique_ptr<Model>> variants;
  for (const auto& model : world().models) {
    names.families.push_back(model.get());
    names.models[model->spec.name] = model.get();
  }
  for (const Hardware& machine : world().hardware) {
    names.machines[machine.name] = std::make_shared<const Hardware>(machine);
  }
  if (study.variant) {
    for (const auto& [name, variant] : *study.variant) {
      variants.push_back(std::make_unique<Model>(make_model(variant.spec, {})));
      names.models[name] = variants.back().get();
    }
  }
  const StudyReading reading = read_study(study, names);
  for (const StudyProblem& problem : reading.problems) {
    fuzz::require(!problem.message.empty(), "a problem says what is wrong");
  }
  if (!reading.problems.empty()) return;
  const StudyOutcome outcome = run_study(reading.study, {});
  fuzz::require(outcome.result.has_value() == outcome.problems.empty(), "a result or problems");
  if (!outcome.result) return;
  fuzz::require(!reports::study_json(*outcome.result).empty(), "a result can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  StudyLoad load = load_toml_study(text, known_specs());
  fuzz::require(load.study.has_value() == load.problems.empty(), "a study or problems");
  fuzz::require_said(text, load.problems);
  if (!load.study) return 0;
  shorten(*load.study);
  try {
    decide(*load.study);
  } catch (const Overflow&) {
    // A figure exceeds 64 bits, and is refused.
  }
  return 0;
}
