// Operations on each row by itself: norms, rotation, activations, sums, routing. The mathematics is
// that of kernels/reference, in float; rows are divided between the threads where there are enough
// of them. `out` may be `in`. All throw std::invalid_argument when sizes do not agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/fast/rows.h"
#include "kernels/fast/team.h"
#include "sim/graph/op.h"
#include "sim/spec/arch_spec.h"

namespace llmarch::fast {

// Each row is `groups` vectors, each normalised by itself. `weight` is empty, or (columns / groups)
// for all of them, or (columns): each has its own.
void normalize_rms(Team& team, ConstRows in, std::size_t groups, std::span<const float> weight,
                   float epsilon, Rows out);
// The same with `bias` empty or (columns / groups).
void normalize_layer(Team& team, ConstRows in, std::size_t groups, std::span<const float> weight,
                     std::span<const float> bias, float epsilon, Rows out);

// Cosines and sines of the positions from `first` on, (positions, pairs) each.
struct RotaryAngles {
  std::size_t first = 0;
  std::size_t pairs = 0;
  // The elements of a half-split pair are so far apart: by the pairs, unless only some are turned.
  std::size_t apart = 0;
  std::vector<float> cosines, sines;
};
// `frequencies` and `factor` are those of kernels/reference/rotary_table.h.
RotaryAngles rotary_angles(std::span<const double> frequencies, double factor, std::size_t first,
                           std::size_t positions);
// Each row is `heads` vectors of equal width; in each, the pairs from `offset` on are rotated.
void rotate(Team& team, ConstRows in, std::size_t heads, std::size_t offset, RotaryLayout layout,
            const RotaryAngles& angles, const Places& places, Rows out);

void activate(Team& team, Activation activation, ConstRows in, Rows out);
// out = the gated product of kernels/reference/arithmetic.h
void gate(Team& team, const GateForm& form, ConstRows gate, ConstRows up, Rows out);
void activate_xielu(Team& team, const Xielu& xielu, float positive, float negative, ConstRows in,
                    Rows out);
void add(Team& team, ConstRows left, ConstRows right, Rows out);
void add_bias(Team& team, ConstRows in, std::span<const float> bias, Rows out);
void scale(Team& team, ConstRows in, float factor, Rows out);
// Each row is multiplied by a factor of its own.
void scale_rows(Team& team, ConstRows in, std::span<const float> factors, Rows out);
// out = in * f(gate), or in * gate without a function. A row is as many vectors of equal width as
// there are gates in a row of `gate`.
void gate_rows(Team& team, std::optional<Activation> activation, ConstRows gate, ConstRows in,
               Rows out);
// out = cap tanh(in / cap)
void soft_cap(Team& team, ConstRows in, float cap, Rows out);
// out = in, each element brought within -bound and bound
void clip(Team& team, ConstRows in, float bound, Rows out);
// sum += weight * in
void accumulate(Team& team, ConstRows in, std::span<const float> weights, Rows sum);

// The experts that each row chose, ascending, and their weights: (rows, experts_per_token) each.
struct Chosen {
  std::vector<std::uint32_t> experts;
  std::vector<float> weights;
};
// From the router's logits, (rows, experts). `correction`, which is added for the choice, and
// `expert_scale`, which multiplies the weights, are empty or (experts). On a tie, the lower index
// is chosen.
Chosen choose_experts(const Router& router, std::size_t experts_per_token, ConstRows logits,
                      std::span<const float> correction, std::span<const float> expert_scale = {});
// The weights of experts that were chosen otherwise, as many in each row.
Chosen weigh_experts(const Router& router, ConstRows logits, std::vector<std::uint32_t> experts,
                     std::span<const float> expert_scale = {});

}  // namespace llmarch::fast
