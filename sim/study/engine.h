// What an inference engine takes of a memory beside weights, the least cache and the rows of a
// decode step. This file knows the rules of each engine, as its sources or its logs show them, each
// with the version that it holds for; what has to be held whatever runs is known by fit.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/setting/setting.h"
#include "sim/study/model.h"

namespace llmarch {

enum class Engine { none, vllm, sglang, llama_cpp };

template <>
struct Names<Engine> {
  static constexpr auto values = each_named<Engine>({{"none", Engine::none},
                                                     {"vllm", Engine::vllm},
                                                     {"sglang", Engine::sglang},
                                                     {"llama.cpp", Engine::llama_cpp}});
};

// Whether all that is needed has to fit, or the caches alone, for which some memory is set aside.
enum class Held { everything, caches };

// The memories of the devices that share a model, and what is asked of them.
struct Room {
  Bytes each;  // of one device
  Integer devices = 1;
  Engine engine = Engine::none;
  Bytes reserve = {};  // kept for other uses, in all
  Held held = Held::everything;
  [[nodiscard]] Bytes memory() const { return devices * each; }
};

struct Addition {
  std::string what;
  std::string rule;  // with the version it holds for
  Bytes bytes;       // on all devices
};

// What is added to the least footprint of that setting, whose context is the longest that the
// engine is started for. `stored` is the model's graph, stored as the setting says. Rows are split
// evenly among devices; the residual stream is on each. Throws Overflow.
std::vector<Addition> additions(const Room& room, const Model& model, const OpGraph& stored,
                                const Setting& setting);

}  // namespace llmarch
