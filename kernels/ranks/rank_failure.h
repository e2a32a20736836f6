// RankFailure: one of several ranks does not do what the others wait for.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace llmarch {

// The rank that is named is the one that failed.
class RankFailure : public std::runtime_error {
 public:
  RankFailure(std::size_t rank, const std::string& what)
      : std::runtime_error("rank " + std::to_string(rank) + " " + what), rank_(rank) {}
  [[nodiscard]] std::size_t rank() const { return rank_; }

 private:
  std::size_t rank_;
};

}  // namespace llmarch
