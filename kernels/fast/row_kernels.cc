#include "kernels/fast/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "kernels/fast/simd/kernels.h"
#include "kernels/reference/arithmetic.h"

namespace llmarch::fast {
namespace {

template <class Body>
void for_rows(Team& team, ConstRows rows, const Body& body) {
  if (team.size() == 1 || rows.rows == 1 || rows.rows * rows.columns < kWorthATeam) {
    for (std::size_t row = 0; row < rows.rows; ++row) body(row);
    return;
  }
  team.run([&](std::size_t thread) {
    const Share share = share_of(rows.rows, thread, team.size());
    for (std::size_t row = share.first; row < share.last; ++row) body(row);
  });
}

const simd::RowKernels& kernels_of(const Team& team) {
  return simd::kernels_of(team.isa()).rows;
}

[[noreturn]] void refuse_row_sizes() {
  throw std::invalid_argument("row kernels: sizes that do not agree");
}

bool same_size(ConstRows a, ConstRows b) {
  return a.rows == b.rows && a.columns == b.columns;
}

// None where the lanes have no such function.
std::optional<simd::Function> function_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh: return simd::Function::gelu_tanh;
    case Activation::gelu_erf: return simd::Function::gelu_erf;
    case Activation::silu: return simd::Function::silu;
    case Activation::relu: return simd::Function::relu;
    case Activation::tanh: return simd::Function::tanh;
    case Activation::sigmoid: return simd::Function::sigmoid;
    case Activation::softplus: return std::nullopt;
    case Activation::quick_gelu: return simd::Function::quick_gelu;
    case Activation::relu_squared: return simd::Function::relu_squared;
  }
  throw std::logic_error("function_of: an activation outside the enumeration");
}

// Null for absent parameters, as the kernels expect.
const float* or_null(std::span<const float> parameters) {
  return parameters.empty() ? nullptr : parameters.data();
}

bool fits_groups(std::span<const float> weight, std::size_t columns, std::size_t width) {
  return weight.empty() || weight.size() == width || weight.size() == columns;
}

// The weight of the group that begins at column `at`: its own, or that of all.
const float* of_group(std::span<const float> weight, std::size_t at, std::size_t width) {
  return weight.size() > width ? weight.data() + at : or_null(weight);
}

void activate_row(const Team& team, Activation activation, const float* in, std::size_t count,
                  float* out) {
  if (const auto function = function_of(activation)) {
    return kernels_of(team).activate(*function, in, count, out);
  }
  std::transform(in, in + count, out, [&](float x) {
    return static_cast<float>(reference::activate(activation, static_cast<double>(x)));
  });
}

// The two elements of a pair lie next to each other.
void turn_neighbours(const float* in, const float* cosines, const float* sines, std::size_t pairs,
                     float* out) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const float x = in[2 * i];
    const float y = in[2 * i + 1];
    out[2 * i] = x * cosines[i] - y * sines[i];
    out[2 * i + 1] = y * cosines[i] + x * sines[i];
  }
}

// An element at a time, for what the lanes do not know.
void gate_row(const GateForm& form, const float* gate, const float* up, std::size_t count,
              float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(
        reference::gated(form, static_cast<double>(gate[i]), static_cast<double>(up[i])));
  }
}

}  // namespace

void normalize_rms(Team& team, ConstRows in, std::size_t groups, std::span<const float> weight,
                   float epsilon, Rows out) {
  const std::size_t width = in.columns / groups;
  if (!same_size(in, out) || !fits_groups(weight, in.columns, width)) refuse_row_sizes();
  const simd::RowKernels& kernels = kernels_of(team);
  for_rows(team, in, [&](std::size_t row) {
    for (std::size_t at = 0; at < in.columns; at += width) {
      const float* const x = in.row(row) + at;
      const float mean = kernels.squares(x, width, 0) / static_cast<float>(width);
      kernels.normalize(x, width, 0, 1 / std::sqrt(mean + epsilon), of_group(weight, at, width),
                        nullptr, out.row(row) + at);
    }
  });
}

void normalize_layer(Team& team, ConstRows in, std::size_t groups, std::span<const float> weight,
                     std::span<const float> bias, float epsilon, Rows out) {
  const std::size_t width = in.columns / groups;
  const bool bias_fits = bias.empty() || bias.size() == width;
  if (!same_size(in, out) || !fits_groups(weight, in.columns, width) || !bias_fits) {
    refuse_row_sizes();
  }
  const simd::RowKernels& kernels = kernels_of(team);
  for_rows(team, in, [&](std::size_t row) {
    for (std::size_t at = 0; at < in.columns; at += width) {
      const float* const x = in.row(row) + at;
      const auto count = static_cast<float>(width);
      const float mean = kernels.sum(x, width) / count;
      const float variance = kernels.squares(x, width, mean) / count;
      kernels.normalize(x, width, mean, 1 / std::sqrt(variance + epsilon),
                        of_group(weight, at, width), or_null(bias), out.row(row) + at);
    }
  });
}

RotaryAngles rotary_angles(std::span<const double> frequencies, double factor, std::size_t first,
                           std::size_t positions) {
  RotaryAngles angles{first, frequencies.size(), frequencies.size(), {}, {}};
  for (std::size_t position = first; position < first + positions; ++position) {
    for (const double frequency : frequencies) {
      const double angle = static_cast<double>(position) * frequency;
      angles.cosines.push_back(static_cast<float>(factor * std::cos(angle)));
      angles.sines.push_back(static_cast<float>(factor * std::sin(angle)));
    }
  }
  return angles;
}

void rotate(Team& team, ConstRows in, std::size_t heads, std::size_t offset, RotaryLayout layout,
            const RotaryAngles& angles, const Places& places, Rows out) {
  const std::size_t width = in.columns / heads;
  const std::size_t pairs = angles.pairs;
  if (!(same_size(in, out) && in.rows == places.rows() && offset + 2 * angles.apart <= width &&
        pairs <= angles.apart))
    refuse_row_sizes();
  if (!(places.past >= angles.first &&
        (places.past + places.tokens - angles.first) * pairs <= angles.cosines.size()))
    refuse_row_sizes();
  const simd::RowKernels& kernels = kernels_of(team);
  for_rows(team, in, [&](std::size_t row) {
    const std::size_t at = (places.position(row) - angles.first) * pairs;
    const float* const cosines = angles.cosines.data() + at;
    const float* const sines = angles.sines.data() + at;
    if (out.row(row) != in.row(row)) std::copy_n(in.row(row), in.columns, out.row(row));
    for (std::size_t head = 0; head < heads; ++head) {
      float* const x = out.row(row) + head * width + offset;
      switch (layout) {
        case RotaryLayout::half_split:
          kernels.turn_pairs(x, x + angles.apart, cosines, sines, pairs, x, x + angles.apart);
          break;
        case RotaryLayout::interleaved: turn_neighbours(x, cosines, sines, pairs, x); break;
      }
    }
  });
}

void activate(Team& team, Activation activation, ConstRows in, Rows out) {
  if (!same_size(in, out)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    activate_row(team, activation, in.row(row), in.columns, out.row(row));
  });
}

void activate_xielu(Team& team, const Xielu& xielu, float positive, float negative, ConstRows in,
                    Rows out) {
  if (!same_size(in, out)) refuse_row_sizes();
  const auto slopes = reference::xielu_slopes(xielu, positive, negative);
  for_rows(team, in, [&](std::size_t row) {
    std::transform(in.row(row), in.row(row) + in.columns, out.row(row), [&](float x) {
      return static_cast<float>(reference::activate_xielu(xielu, slopes, static_cast<double>(x)));
    });
  });
}

void gate(Team& team, const GateForm& form, ConstRows gate, ConstRows up, Rows out) {
  if (!(same_size(gate, up) && same_size(gate, out))) refuse_row_sizes();
  const auto function = function_of(form.activation);
  const bool plain = function && !form.limit && !form.up_offset && !form.situ;
  for_rows(team, gate, [&](std::size_t row) {
    if (!plain) return gate_row(form, gate.row(row), up.row(row), gate.columns, out.row(row));
    kernels_of(team).gate(*function, gate.row(row), up.row(row), gate.columns, out.row(row));
  });
}

void add(Team& team, ConstRows left, ConstRows right, Rows out) {
  if (!(same_size(left, right) && same_size(left, out))) refuse_row_sizes();
  for_rows(team, left, [&](std::size_t row) {
    kernels_of(team).add(left.row(row), right.row(row), left.columns, out.row(row));
  });
}

void add_bias(Team& team, ConstRows in, std::span<const float> bias, Rows out) {
  if (!(same_size(in, out) && bias.size() == in.columns)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    kernels_of(team).add(in.row(row), bias.data(), in.columns, out.row(row));
  });
}

void scale(Team& team, ConstRows in, float factor, Rows out) {
  if (!same_size(in, out)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    kernels_of(team).scale(in.row(row), in.columns, factor, out.row(row));
  });
}

void scale_rows(Team& team, ConstRows in, std::span<const float> factors, Rows out) {
  if (!(same_size(in, out) && factors.size() == in.rows)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    kernels_of(team).scale(in.row(row), in.columns, factors[row], out.row(row));
  });
}

void gate_rows(Team& team, std::optional<Activation> activation, ConstRows gate, ConstRows in,
               Rows out) {
  if (!(same_size(in, out) && gate.rows == in.rows && in.columns % gate.columns == 0)) {
    refuse_row_sizes();
  }
  const std::size_t width = in.columns / gate.columns;
  for_rows(team, in, [&](std::size_t row) {
    std::vector<float> gates(gate.row(row), gate.row(row) + gate.columns);
    if (activation) activate_row(team, *activation, gate.row(row), gate.columns, gates.data());
    for (std::size_t i = 0; i < gates.size(); ++i) {
      kernels_of(team).scale(in.row(row) + i * width, width, gates[i], out.row(row) + i * width);
    }
  });
}

void soft_cap(Team& team, ConstRows in, float cap, Rows out) {
  if (!same_size(in, out)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    kernels_of(team).soft_cap(in.row(row), in.columns, cap, out.row(row));
  });
}

void clip(Team& team, ConstRows in, float bound, Rows out) {
  if (!same_size(in, out)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    const float* const x = in.row(row);
    std::transform(x, x + in.columns, out.row(row),
                   [&](float element) { return std::clamp(element, -bound, bound); });
  });
}

void accumulate(Team& team, ConstRows in, std::span<const float> weights, Rows sum) {
  if (!(same_size(in, sum) && weights.size() == in.rows)) refuse_row_sizes();
  for_rows(team, in, [&](std::size_t row) {
    kernels_of(team).accumulate(in.row(row), in.columns, weights[row], sum.row(row));
  });
}

}  // namespace llmarch::fast
