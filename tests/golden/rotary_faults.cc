#include "tests/golden/rotary_faults.h"

namespace llmarch {
namespace {

using Scalings = std::vector<std::pair<const char*, std::function<void(RotaryScaling&)>>>;

template <class Kind>
std::function<void(RotaryScaling&)> in(const std::function<void(Kind&)>& make) {
  return [make](RotaryScaling& scaling) { make(std::get<Kind>(scaling)); };
}

Scalings faults_of_scaling(const LinearScaling&) {
  return {{"linear factor", in<LinearScaling>([](auto& linear) { linear.factor *= 2; })}};
}

Scalings faults_of_scaling(const DynamicScaling& scaling) {
  // Within the original context nothing is scaled.
  if (scaling.original_context >= kVectorTokens) {
    return {{"dynamic original_context",
             in<DynamicScaling>([](auto& dynamic) { dynamic.original_context = 4; })}};
  }
  return {{"dynamic factor", in<DynamicScaling>([](auto& dynamic) { dynamic.factor *= 2; })},
          {"dynamic original_context",
           in<DynamicScaling>([](auto& dynamic) { dynamic.original_context = 4; })}};
}

Scalings faults_of_scaling(const LongRope& scaling) {
  const bool is_long = scaling.original_context < kVectorTokens;
  return {{"longrope factors", in<LongRope>([=](auto& rope) {
             for (double& factor : is_long ? rope.long_factors : rope.short_factors) factor *= 2;
           })},
          {"longrope table factor", in<LongRope>([=](auto& rope) {
             (is_long ? rope.long_table_factor : rope.short_table_factor) *= 1.2;
           })},
          {"longrope other factors",
           in<LongRope>([=](auto& rope) { rope.original_context = is_long ? 1024 : 4; })}};
}

Scalings faults_of_scaling(const Llama3Scaling&) {
  return {{"llama3 factor", in<Llama3Scaling>([](auto& llama) { llama.factor *= 2; })},
          {"llama3 high_frequency_factor",
           in<Llama3Scaling>([](auto& llama) { llama.high_frequency_factor *= 16; })},
          {"llama3 original_context",
           in<Llama3Scaling>([](auto& llama) { llama.original_context *= 2; })}};
}

Scalings faults_of_scaling(const YarnScaling& scaling) {
  Scalings faults{
      {"yarn factor", in<YarnScaling>([](auto& yarn) { yarn.factor *= 2; })},
      {"yarn original_context", in<YarnScaling>([](auto& yarn) { yarn.original_context *= 1024; })},
      {"yarn attention_factor", in<YarnScaling>([](auto& yarn) { yarn.attention_factor = 1.5; })}};
  if (scaling.fractional_bounds) {
    faults.emplace_back("yarn fractional_bounds dropped",
                        in<YarnScaling>([](auto& yarn) { yarn.fractional_bounds = false; }));
  }
  // One of the two alone changes nothing.
  if (!scaling.mscale || !scaling.mscale_all_dim) return faults;
  faults.emplace_back("yarn mscale", in<YarnScaling>([](auto& yarn) { *yarn.mscale *= 2; }));
  faults.emplace_back("yarn mscale_all_dim",
                      in<YarnScaling>([](auto& yarn) { *yarn.mscale_all_dim *= 2; }));
  faults.emplace_back("yarn mscales dropped", in<YarnScaling>([](auto& yarn) {
                        yarn.mscale.reset();
                        yarn.mscale_all_dim.reset();
                      }));
  return faults;
}

}  // namespace

Rotaries faults_of_rotary(const Rotary& rotary) {
  // A theta of 1e7 hardly turns the second of two pairs, and twice as much hardly less.
  Rotaries faults{{"theta", [](Rotary& wrong) { wrong.theta *= wrong.theta < 1e7 ? 2 : 0.01; }},
                  {"layout", [](Rotary& wrong) {
                     const bool split = wrong.layout == RotaryLayout::half_split;
                     wrong.layout = split ? RotaryLayout::interleaved : RotaryLayout::half_split;
                   }}};
  if (rotary.turned_pairs) {
    faults.emplace_back("one pair more", [](Rotary& wrong) { *wrong.turned_pairs += 1; });
    faults.emplace_back("all pairs", [](Rotary& wrong) { wrong.turned_pairs.reset(); });
    faults.emplace_back("spread over what is turned", [](Rotary& wrong) {
      wrong.dim = 2 * *wrong.turned_pairs;
      wrong.turned_pairs.reset();
    });
  }
  if (!rotary.scaling) return faults;
  const auto* dynamic = std::get_if<DynamicScaling>(&*rotary.scaling);
  if (dynamic == nullptr || dynamic->original_context < kVectorTokens) {
    faults.emplace_back("scaling dropped", [](Rotary& wrong) { wrong.scaling.reset(); });
  }
  const auto scalings =
      std::visit([](const auto& kind) { return faults_of_scaling(kind); }, *rotary.scaling);
  for (const auto& [field, make] : scalings) {
    faults.emplace_back(field, [make = make](Rotary& wrong) { make(*wrong.scaling); });
  }
  return faults;
}

}  // namespace llmarch
