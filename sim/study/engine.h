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

// The memories of the devices that share a model, and what is asked of them. Where a setting
// divides the model, the memory of one device: what a rank holds has to fit into it.
struct Room {
  Bytes each;  // of one device
  Integer devices = 1;
  Engine engine = Engine::none;
  Bytes reserve = {};  // kept for other uses, of all devices of the model together
  Held held = Held::everything;
  [[nodiscard]] Bytes memory() const { return devices * each; }
  // Whether anything is added to what the model itself needs.
  [[nodiscard]] bool adds() const { return engine != Engine::none || reserve > Bytes(0); }
};

struct Addition {
  std::string what;
  std::string rule;  // with the version it holds for
  Bytes bytes;       // on all devices of the room
};

// What is added to the least footprint of that setting, whose context is the longest that the
// engine is started for. `stored` is the model's graph, stored as the setting says: then rows are
// split evenly among devices, and the residual stream is on each. Where the setting divides the
// model, `stored` is the graph of a rank, whose rows they are, and the setting has the rank's
// sequences. Throws Overflow.
std::vector<Addition> additions(const Room& room, const Model& model, const OpGraph& stored,
                                const Setting& setting);

}  // namespace llmarch
