#include "sim/study/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sim/cost/cost_curve.h"
#include "sim/cost/driver.h"
#include "sim/cost/predict.h"
#include "sim/study/step.h"

namespace llmarch {
namespace {

constexpr std::int64_t kMebi = std::int64_t{1} << 20;
constexpr std::int64_t kGibi = std::int64_t{1} << 30;

Integer rounded_up(Integer count, Integer multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

// How many entries of a growing cache an engine keeps for a sequence.
struct Cells {
  Integer page;                   // entries are kept by so many
  std::optional<Integer> beyond;  // of a window: more than the window; none: every position
};

Integer cells_of(const Growing& growing, Integer context, const Cells& cells) {
  const Integer all = rounded_up(context, cells.page);
  const auto within = [&](Integer size) {
    return cells.beyond ? std::min(all, rounded_up(size + *cells.beyond, cells.page)) : all;
  };
  return std::visit(Overloaded{[&](const EveryKey&) { return all; },
                               [&](const ChosenKeys&) { return all; },  // any may be chosen
                               [&](const Entries&) { return all; },
                               [&](const Striped& own) {
                                 const Integer held = (context + own.every - 1) / own.every;
                                 return rounded_up(held, cells.page);
                               },
                               [&](const Window& window) { return within(window.size); },
                               [&](const Chunk& chunk) { return within(chunk.size); }},
                    growing.reach);
}

Integer cells_of(const State& state, Integer context, const Cells& cells) {
  return std::visit(
      Overloaded{
          [&](const Growing& growing) { return cells_of(growing, context, cells); },
          [&](const Fixed&) { return Integer(1); },
          [&](const Compressed&) { return held_entries(rounded_up(context, cells.page), state); },
          [&](const Waiting&) { return most_held_entries(context, state); }},
      state);
}

// What an engine's cells hold beyond the most that the algorithm needs on the way to the context.
Bytes beyond_least(const OpGraph& graph, const Setting& setting, const Cells& cells) {
  Bytes held;
  for (const Cache& cache : graph.caches) {
    const Integer layers = graph.blocks[cache.block].repeats;
    held += cache.bytes_of_entry() * (cells_of(cache.state, setting.context, cells) * layers);
  }
  const Bytes kept = held * setting.batch;
  const Bytes least = CacheCurve(graph, setting.batch).peak(setting.context);
  return kept > least ? kept - least : Bytes(0);
}

using Additions = std::vector<Addition>;

// The devices that the model is on: those of the room, or of all ranks.
Integer devices_of_model(const Room& room, const Setting& setting) {
  return setting.parallel ? setting.parallel->ranks() : room.devices;
}

// Logits are made after the last layer, which an earlier stage of a pipeline does not have. A rank
// of the last stage gathers those of the whole vocabulary.
Integer logit_columns(const Model& model, const OpGraph& stored) {
  const bool last = stored.layers_before + stored.layers.size() == stored.depth();
  return last ? model.spec.vocabulary : Integer(0);
}

// One token of a prompt. Its ranks bring tokens together where they spread experts.
Workload one_token(const Setting& setting) {
  Workload workload = decode(1, 1);
  if (setting.parallel) workload.token_ranks = expert_spread(*setting.parallel).value().data;
  return workload;
}

// Rules of vLLM 0.6.4. A log of it with Llama 3.1 8B on an RTX 3090 (issue 10517 of its repository)
// shows the terms apart: weights of 14.99 GiB, 0.35 GiB outside of PyTorch, and a peak that grows
// by 110,592 bytes for each token of the longest prompt: 2 bytes of 43,008 elements of gate, up and
// their product, and of the residual stream before, beside and behind its norm.
Additions of_vllm(const Room& room, const Model& model, const OpGraph& stored,
                  const Setting& setting) {
  constexpr std::int64_t kPage = 16;
  constexpr std::int64_t kLeastChunk = 2'048;
  constexpr std::int64_t kMostChunk = 32'768;
  constexpr std::int64_t kSequences = 256;
  constexpr std::int64_t kLogitBytes = 2 + 4 + 4;
  constexpr std::int64_t kOutsideOfTorch = kGibi * 35 / 100;
  const Integer chunk =
      std::min(std::max(setting.context, Integer(kLeastChunk)), Integer(kMostChunk));
  const Bytes streams = bytes_of(Elements(3 * model.spec.hidden), kActivations) * room.devices;
  const Elements below_head = widest_rows_below_head(stored, one_token(setting));
  const Bytes rows = (bytes_of(below_head, kActivations) + streams) * chunk;
  const Bytes logits(logit_columns(model, stored) * kSequences * kLogitBytes);
  return {
      {"unused", "a tenth of each memory: gpu_memory_utilization = 0.9 (vLLM 0.6)",
       room.devices * Bytes(room.each.amount() / 10)},
      {"runtime", "0.35 GiB a device outside of PyTorch (vLLM 0.6.4, its log in issue 10517)",
       Bytes(room.devices * kOutsideOfTorch)},
      {"prefill",
       fmt::format("a prompt of {} tokens in one piece, {} to {}: the widest operation and three "
                   "residual streams in 16 bits (vLLM 0.6.4)",
                   chunk.value(), kLeastChunk, kMostChunk),
       rows},
      {"logits",
       "of 256 sequences, in 16 bits and twice in 32: what they take beyond the prefill's peak "
       "(vLLM 0.6.4)",
       logits > rows ? logits - rows : Bytes(0)},
      {"pages", "pages of 16 tokens, and every layer holds every position (vLLM 0.6)",
       beyond_least(stored, setting, {kPage, std::nullopt})}};
}

// What SGLang 0.5 chooses by the memory of a device: tokens of a prefill chunk, and the largest
// batch of a captured graph for fewer than four devices and for four or more.
struct SglangClass {
  std::int64_t below_gibi;
  std::int64_t chunk, graph_batch, graph_batch_of_many;
};
constexpr std::array<SglangClass, 6> kSglang{{{20, 2'048, 8, 8},
                                              {35, 2'048, 24, 80},
                                              {60, 4'096, 32, 160},
                                              {90, 8'192, 256, 512},
                                              {160, 8'192, 256, 512},
                                              {std::int64_t{1} << 32, 16'384, 512, 512}}};

Additions of_sglang(const Room& room, Integer devices) {
  constexpr std::int64_t kMany = 4;
  constexpr std::int64_t kLargeMemory = 60;
  constexpr std::int64_t kLeastOfLarge = 10'240;
  const auto* const by_memory = std::ranges::find_if(
      kSglang, [&](const SglangClass& each) { return room.each < Bytes(each.below_gibi * kGibi); });
  const Integer batch = devices < kMany ? by_memory->graph_batch : by_memory->graph_batch_of_many;
  const Integer sum = 512 + by_memory->chunk * 3 / 2 + batch * 2 + devices * 1'024 / 8;  // MiB
  const bool large = room.each > Bytes(kLargeMemory * kGibi);
  const Integer kept = large ? std::max(sum, Integer(kLeastOfLarge)) : sum;
  return {{"kept",
           fmt::format("512 MiB, 1.5 for each of {} tokens of a chunk, 2 for each of {} sequences "
                       "of a captured graph and 128 for each device, on every device; above 60 GiB "
                       "at least 10 GiB (SGLang 0.5)",
                       by_memory->chunk, batch.value()),
           Bytes(room.devices * kept * kMebi)}};
}

// Rules of llama.cpp, of late 2025. Its log with Llama 3 8B shows a buffer of 258.50 MiB: 512 rows
// of 128,256 logits and of the residual stream's 4,096, in f32.
Additions of_llama_cpp(const Room& room, const Model& model, const OpGraph& stored,
                       const Setting& setting) {
  constexpr std::int64_t kUbatch = 512;
  constexpr std::int64_t kPadding = 256;
  constexpr std::int64_t kFloat = 4;
  const Integer columns = logit_columns(model, stored) + room.devices * model.spec.hidden;
  return {{"compute buffer",
           "512 rows of logits and of the residual stream in f32, with flash attention (llama.cpp, "
           "2025; what the driver takes is not stated)",
           Bytes(columns * kUbatch * kFloat)},
          {"cells",
           "each sequence's cells by 256; a window has 512 more (llama.cpp, 2025, without "
           "--swa-full)",
           beyond_least(stored, setting, {kPadding, Integer(kUbatch)})}};
}

Additions of_engine(const Room& room, const Model& model, const OpGraph& stored,
                    const Setting& setting) {
  switch (room.engine) {
    case Engine::none: return {};
    case Engine::vllm: return of_vllm(room, model, stored, setting);
    case Engine::sglang: return of_sglang(room, devices_of_model(room, setting));
    case Engine::llama_cpp: return of_llama_cpp(room, model, stored, setting);
  }
  throw std::logic_error("of_engine: an engine outside the enumeration");
}

Addition reserve_of(const Room& room, const Setting& setting) {
  if (!setting.parallel) return {"reserve", "--reserve", room.reserve};
  const Integer ranks = setting.parallel->ranks();
  return {"reserve", fmt::format("--reserve, divided among {} ranks", ranks.value()),
          Bytes((room.reserve.amount() + ranks - 1) / ranks)};
}

}  // namespace

std::vector<Addition> additions(const Room& room, const Model& model, const OpGraph& stored,
                                const Setting& setting) {
  Additions all = of_engine(room, model, stored, setting);
  if (room.reserve > Bytes(0)) all.push_back(reserve_of(room, setting));
  return all;
}

}  // namespace llmarch
