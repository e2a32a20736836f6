#include "kernels/reference/rotary_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace llmarch {
namespace {

using Frequencies = std::vector<double>;

// What a scaling is given: the base, how many elements are turned, and for how long a sequence.
struct Turned {
  double theta;
  std::int64_t dim;
  Integer length;
};

Frequencies plain_frequencies(double theta, std::int64_t dim) {
  Frequencies frequencies;
  for (std::int64_t i = 0; i < dim; i += 2) {
    frequencies.push_back(std::pow(theta, -static_cast<double>(i) / static_cast<double>(dim)));
  }
  return frequencies;
}

// A mixture of the slowed frequency and the original one, of which `kept` is the share.
double blend(double frequency, double factor, double kept) {
  return frequency / factor * (1 - kept) + frequency * kept;
}

// Slows long waves, keeps short ones, and blends those between by their length.
void stretch(const Llama3Scaling& scaling, const Turned&, Frequencies& frequencies) {
  const double context = scaling.original_context.as_double();
  const double low = scaling.low_frequency_factor;
  const double high = scaling.high_frequency_factor;
  for (double& frequency : frequencies) {
    const double turns = context * frequency / (2 * std::numbers::pi);
    if (turns > high) continue;
    // Where low = high (Llama 4 Scout) there is nothing between them to blend.
    const double kept = turns < low || low == high ? 0 : (turns - low) / (high - low);
    frequency = blend(frequency, scaling.factor, kept);
  }
}

// The index of the pair, fractional, whose wave turns `turns` times within the original context.
double pair_that_turns(double turns, double theta, std::int64_t dim, double context) {
  return static_cast<double>(dim) * std::log(context / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(theta));
}

void stretch(const YarnScaling& scaling, const Turned& turned, Frequencies& frequencies) {
  const double context = scaling.original_context.as_double();
  const auto last = static_cast<double>(turned.dim - 1);
  double first_slowed = pair_that_turns(scaling.beta_fast, turned.theta, turned.dim, context);
  double all_slowed = pair_that_turns(scaling.beta_slow, turned.theta, turned.dim, context);
  if (!scaling.fractional_bounds) {
    first_slowed = std::floor(first_slowed);
    all_slowed = std::ceil(all_slowed);
  }
  first_slowed = std::max(0.0, first_slowed);
  all_slowed = std::min(last, all_slowed);
  // The reference implementation avoids a division by zero in this way.
  if (all_slowed == first_slowed) all_slowed += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = (static_cast<double>(i) - first_slowed) / (all_slowed - first_slowed);
    frequencies[i] = blend(frequencies[i], scaling.factor, 1 - std::clamp(ramp, 0.0, 1.0));
  }
}

void stretch(const LinearScaling& scaling, const Turned&, Frequencies& frequencies) {
  for (double& frequency : frequencies) frequency /= scaling.factor;
}

void stretch(const DynamicScaling& scaling, const Turned& turned, Frequencies& frequencies) {
  if (turned.length <= scaling.original_context) return;
  const double times = turned.length.as_double() / scaling.original_context.as_double();
  const auto dim = static_cast<double>(turned.dim);
  const double growth = std::pow(scaling.factor * times - (scaling.factor - 1), dim / (dim - 2));
  frequencies = plain_frequencies(turned.theta * growth, turned.dim);
}

bool is_long(const LongRope& scaling, const Turned& turned) {
  return turned.length > scaling.original_context;
}

void stretch(const LongRope& scaling, const Turned& turned, Frequencies& frequencies) {
  const std::vector<double>& factors =
      is_long(scaling, turned) ? scaling.long_factors : scaling.short_factors;
  for (std::size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= factors.at(i);
}

double table_factor(const LinearScaling&, const Turned&) {
  return 1;
}
double table_factor(const Llama3Scaling&, const Turned&) {
  return 1;
}
double table_factor(const DynamicScaling&, const Turned&) {
  return 1;
}
double table_factor(const LongRope& scaling, const Turned& turned) {
  return is_long(scaling, turned) ? scaling.long_table_factor : scaling.short_table_factor;
}

double table_factor(const YarnScaling& scaling, const Turned&) {
  if (scaling.attention_factor) return *scaling.attention_factor;
  const auto mscale = [&](double strength) {
    return scaling.factor <= 1 ? 1.0 : 0.1 * strength * std::log(scaling.factor) + 1.0;
  };
  if (scaling.mscale && scaling.mscale_all_dim) {
    return mscale(*scaling.mscale) / mscale(*scaling.mscale_all_dim);
  }
  return mscale(1);
}

}  // namespace

RotaryTable rotary_table(const Rotary& rotary, Integer dim, Integer length) {
  RotaryTable table{plain_frequencies(rotary.theta, dim.value()), 1};
  if (rotary.scaling) {
    const Turned turned{rotary.theta, dim.value(), length};
    std::visit(
        [&](const auto& scaling) {
          stretch(scaling, turned, table.frequencies);
          table.factor = table_factor(scaling, turned);
        },
        *rotary.scaling);
  }
  if (rotary.turned_pairs) {
    table.frequencies.resize(static_cast<std::size_t>(rotary.turned_pairs->value()));
  }
  return table;
}

}  // namespace llmarch
