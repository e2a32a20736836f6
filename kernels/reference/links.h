// Links: what a rank sends to others and receives from them, as the kernels see it. This file knows
// no way of doing it; kernels/ranks has ranks that are threads of one process.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace llmarch {

class Links {
 public:
  Links() = default;
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;
  virtual ~Links() = default;

  // Does not wait until it is received, so that ranks may send to each other at once. What is sent
  // to a rank arrives in the order in which it was sent.
  virtual void send(std::size_t to, std::span<const double> elements) = 0;
  // Waits for it. Throws where it does not come, or where it has another length.
  virtual std::vector<double> receive(std::size_t from, std::size_t elements) = 0;
};

}  // namespace llmarch
