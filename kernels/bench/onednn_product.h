// The yardstick of many-row products: oneDNN's, with weights in the layout that it prefers.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/fast/rows.h"
#include "kernels/fast/stored.h"

namespace llmarch::bench {

class OnednnProduct {
 public:
  // Random weights of shape (outputs, inputs).
  OnednnProduct(fast::Stored stored, std::size_t rows, std::size_t outputs, std::size_t inputs,
                std::size_t threads);
  ~OnednnProduct();
  OnednnProduct(const OnednnProduct&) = delete;
  OnednnProduct& operator=(const OnednnProduct&) = delete;
  // Takes rows that are in the stored format already: oneDNN's own conversion of float rows is not
  // timed, whereas ours is.
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace llmarch::bench
