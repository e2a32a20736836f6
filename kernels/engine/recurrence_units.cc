#include "kernels/engine/recurrence_units.h"

#include <optional>

#include "kernels/engine/tally.h"
#include "kernels/reference/chunked_kernels.h"

namespace llmarch::fast {
namespace {

Numbers ones(Integer count) {
  return Numbers(static_cast<std::size_t>(count.value()), Counted(1));
}

// One value head at one token.
struct HeadAtToken {
  HeadAtToken(const Recurrence& op, Integer decays)
      : key(ones(op.shape.key_dim)),
        value(ones(op.shape.value_dim)),
        decay(ones(decays)),
        state(ones(op.shape.key_dim * op.shape.value_dim)),
        out(ones(op.shape.value_dim)) {
    if (op.strength) strength = Counted(1);
  }
  [[nodiscard]] reference::RecurrentInput<Counted> input() const {
    return {view(key), view(key), view(value), view(decay), strength};
  }
  Numbers key, value, decay, state, out;
  std::optional<Counted> strength;
};

}  // namespace

RecurrenceUnits units_of(const Recurrence& op, Integer decays) {
  HeadAtToken head(op, decays);
  return {tally(
      [&] { reference::step_state(head.input(), std::span(head.state), std::span(head.out)); })};
}

// A chunk without tokens, what one token adds to that, and what two add beyond twice as much.
RecurrenceUnits units_of(const ChunkedRecurrence& op, Integer decays) {
  HeadAtToken head(op.rule, decays);
  const auto of_tokens = [&](std::size_t tokens) {
    return tally([&] {
      reference::ChunkOfHead<Counted> chunk(std::span(head.state), head.key.size(),
                                            head.decay.size());
      for (std::size_t i = 0; i < tokens; ++i) chunk.add(head.input(), std::span(head.out));
      chunk.finish();
    });
  };
  const Work chunk = of_tokens(0);
  const Work token = of_tokens(1) - chunk;
  return {token, of_tokens(2) - chunk - token * 2, chunk};
}

}  // namespace llmarch::fast
