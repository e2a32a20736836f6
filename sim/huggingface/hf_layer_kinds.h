// The kinds of attention and of feed-forward of a config whose layers differ in several fields:
// equal ones become one kind, named after what it is.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/huggingface/hf_layers.h"

namespace llmarch {

// Kinds by what tells them apart. `Key` is ordered.
template <class Value, class Key>
class Kinds {
 public:
  // The place of the kind with that key; `make` is asked for one that is new. A name that another
  // kind has already is numbered.
  template <class Make>
  std::size_t place_of(const Key& key, const std::string& name, const Make& make) {
    const auto [place, is_new] = places_.try_emplace(key, kinds_.size());
    if (!is_new) return place->second;
    const int number = ++numbers_[name];
    kinds_.push_back({number == 1 ? name : name + "_" + std::to_string(number), make()});
    return place->second;
  }
  [[nodiscard]] const std::vector<Named<Value>>& kinds() const { return kinds_; }

 private:
  std::vector<Named<Value>> kinds_;
  std::map<Key, std::size_t> places_;
  std::map<std::string, int> numbers_;
};

}  // namespace llmarch
