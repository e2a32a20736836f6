// The minimum of a function of a few numbers, without its derivatives: the downhill simplex of
// Nelder and Mead (1965). The same start gives the same end.
#pragma once

#include <functional>
#include <vector>

namespace llmarch::measured {

using Point = std::vector<double>;

// Where `value` is least, near `start`; the first steps are of `step` along each axis.
Point minimum(const std::function<double(const Point&)>& value, const Point& start, double step,
              int steps);

}  // namespace llmarch::measured
