// Results do not depend on which thread finishes first: with the same number of threads, a step
// gives the same bits however often it is run. With another number of threads the last bits may
// differ, since sums are cut where the threads' shares end.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "kernels/engine/held_formats.h"
#include "kernels/measure/holding.h"
#include "sim/formats/scheme_names.h"
#include "tests/engine/engine_options.h"
#include "tests/engine/wide_models.h"
#include "tests/support/chunks.h"

namespace llmarch::fast {
namespace {

constexpr std::int64_t kPast = 2'000;  // so many keys that threads share those of a head
constexpr int kRuns = 8;               // with each number of threads, in each form

// 32 panels of outputs in the head, so that threads take some from each other.
ArchSpec repeated(Mixer mixer, FeedForward feed_forward) {
  ArchSpec spec = wide(std::move(mixer), std::move(feed_forward));
  spec.vocabulary = 2'048;
  spec.context_limit = 4'096;
  spec.stack.front().repeat = 1;
  return spec;
}

ArchSpec repeated(const Mixer& mixer) {
  return repeated(mixer, DenseFeedForward{.width = 512, .gated = true});
}

GroupedAttention some_heads() {
  return std::get<GroupedAttention>(wide_dense().attention.front().value);
}

// The four blocks of 16 keys that an index chooses.
GroupedAttention chosen_blocks() {
  GroupedAttention attention = some_heads();
  attention.block_index = BlockIndex{32, 16, 4};
  return attention;
}

// A window of 32, and the 16 best of the entries that 4 positions make each.
CompressedAttention compressed() {
  CompressedAttention attention;
  attention.query_heads = 8;
  attention.head_dim = 64;
  attention.rope_head_dim = 16;
  attention.query_latent_dim = 64;
  attention.window = 32;
  attention.output_groups = 2;
  attention.output_latent_dim = 64;
  attention.rotary.theta = 10'000;
  attention.compression = Compression{.positions = 4, .index = EntryIndex{4, 32, 16}};
  return attention;
}

GatedDeltaNet delta_net() {
  return {.key_heads = 4, .value_heads = 8, .key_head_dim = 32, .value_head_dim = 32, .kernel = 4};
}

struct RepeatedCase {
  const char* name;
  ArchSpec spec;
  const char* weights = "f32";
};

std::vector<RepeatedCase> cases() {
  const FeedForward mixture = wide_mixture().feed_forward.front().value;
  const ArchSpec dense = repeated(some_heads());
  Mamba2 mamba = tiny_mamba();
  mamba.heads = 8;
  mamba.head_dim = 32;
  Mamba1 scan = tiny_mamba1();
  scan.inner = 512;
  return {{"dense", dense},
          {"dense_in_bf16", dense, "bf16"},
          {"dense_in_q4_k_m", dense, "q4_k_m"},
          {"dense_in_mxfp4", dense, "mxfp4"},
          {"mixture_in_q8_0", repeated(some_heads(), mixture), "q8_0"},
          {"latent", repeated(wide_latent().attention.front().value)},
          {"chosen_blocks", repeated(chosen_blocks())},
          {"compressed", repeated(compressed())},
          {"delta_net", repeated(delta_net())},
          {"kimi_delta", repeated(KimiDeltaAttention{8, 32, 4, 16, 16, 1e-6})},
          {"lightning", repeated(LightningAttention{8, 32, 1e-6})},
          {"mamba2", repeated(mamba)},
          {"mamba1", repeated(scan)}};
}

class RepeatedRuns : public testing::TestWithParam<RepeatedCase> {};

// The logits of four tokens together and of one, after the same past.
std::vector<float> logits_of(Engine& engine, const EngineSnapshot& past, RecurrenceForm form) {
  std::vector<float> logits;
  for (const auto& ids : {std::vector<std::int64_t>{11, 18, 25, 32}, {6}}) {
    engine.restore(past);
    const Workload step{1, kPast, std::ssize(ids), {LatentForm::absorbed, form}, Logits::last};
    const StepRun run = engine.run(step, ids, Keep::logits);
    logits.insert(logits.end(), run.trace.logits.begin(), run.trace.logits.end());
  }
  return logits;
}

TEST_P(RepeatedRuns, GiveTheSameToTheBitWhicheverThreadIsDoneFirst) {
  const auto scheme = read_scheme(GetParam().weights).value.value();
  const OpGraph graph =
      held_graph(make_model(GetParam().spec, {}), {{.weights = scheme, .kv = DType::f32}, 1});
  for (const std::size_t threads : {1U, 2U, 3U, 4U}) {
    EngineOptions options = whole_options(graph, kPast + 4);
    options.threads = threads;
    options.step_tokens = 4;
    Engine engine = Engine::synthetic(graph, options, 1);
    engine.assume_past(kPast);
    const EngineSnapshot past = engine.snapshot();
    for (const RecurrenceForm form : {RecurrenceForm::by_step, RecurrenceForm::by_chunk}) {
      if (form == RecurrenceForm::by_chunk && !runs_by_chunks(graph)) continue;
      const std::vector<float> first = logits_of(engine, past, form);
      ASSERT_TRUE(std::ranges::all_of(first, [](float x) { return std::isfinite(x); }));
      for (int run = 1; run < kRuns; ++run) {
        ASSERT_EQ(logits_of(engine, past, form), first) << threads << " threads, run " << run;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engine, RepeatedRuns, testing::ValuesIn(cases()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace llmarch::fast
