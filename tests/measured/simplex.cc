#include "tests/measured/simplex.h"

#include <algorithm>

namespace llmarch::measured {
namespace {

struct Corner {
  Point at;
  double value;
};

// from + part (to - from)
Point between(const Point& from, const Point& to, double part) {
  Point point = from;
  for (std::size_t i = 0; i < point.size(); ++i) point[i] += part * (to[i] - from[i]);
  return point;
}

// The centre of all corners but the last.
Point centre(const std::vector<Corner>& corners) {
  Point sum(corners.front().at.size(), 0.0);
  const double share = 1 / static_cast<double>(corners.size() - 1);
  for (std::size_t n = 0; n + 1 < corners.size(); ++n) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += share * corners[n].at[i];
  }
  return sum;
}

class Simplex {
 public:
  Simplex(const std::function<double(const Point&)>& value, const Point& start, double step)
      : value_(value) {
    add(start);
    for (std::size_t i = 0; i < start.size(); ++i) {
      Point at = start;
      at[i] += step;
      add(at);
    }
  }

  // Moves the worst corner through the centre of the others; or else draws all towards the best.
  void move() {
    sort();
    const Point middle = centre(corners_);
    const Corner worst = corners_.back();
    const Corner reflected = corner(between(middle, worst.at, -1));
    if (reflected.value < corners_.front().value) {
      const Corner further = corner(between(middle, worst.at, -2));
      corners_.back() = further.value < reflected.value ? further : reflected;
    } else if (reflected.value < corners_[corners_.size() - 2].value) {
      corners_.back() = reflected;
    } else {
      const Corner nearer = corner(between(middle, worst.at, 0.5));
      if (nearer.value < worst.value) {
        corners_.back() = nearer;
      } else {
        shrink();
      }
    }
  }

  const Point& best() {
    sort();
    return corners_.front().at;
  }

 private:
  [[nodiscard]] Corner corner(Point at) const { return {at, value_(at)}; }
  void add(const Point& at) { corners_.push_back(corner(at)); }
  void sort() { std::ranges::stable_sort(corners_, {}, &Corner::value); }
  void shrink() {
    for (std::size_t n = 1; n < corners_.size(); ++n) {
      corners_[n] = corner(between(corners_.front().at, corners_[n].at, 0.5));
    }
  }

  const std::function<double(const Point&)>& value_;
  std::vector<Corner> corners_;
};

}  // namespace

Point minimum(const std::function<double(const Point&)>& value, const Point& start, double step,
              int steps) {
  Simplex simplex(value, start, step);
  for (int i = 0; i < steps; ++i) simplex.move();
  return simplex.best();
}

}  // namespace llmarch::measured
