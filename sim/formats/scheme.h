// Schemes: how a model's weights are stored, and in which format products are computed, which is
// another question: most schemes store few bits and multiply in 16. A scheme is one format for all
// tensors, one for each kind of tensor, a mixture of llama.cpp's, a policy that names parts of the
// model, or the formats that a file was found to have. scheme_names.h reads schemes from texts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/formats/gguf_mixture.h"
#include "sim/formats/storage_formats.h"
#include "sim/formats/tensor_place.h"

namespace llmarch {

// A format for each kind of tensor, as libraries that quantise checkpoints tell them apart.
struct KindFormats {
  StorageFormat matrices;        // projections
  StorageFormat beside_experts;  // the same in a model that has routed experts
  StorageFormat experts;         // those of routed experts
  StorageFormat embeddings;      // tables, also where one is the head too
  StorageFormat head;
  StorageFormat routers;      // and gates of one output
  StorageFormat corrections;  // what is added to scores for the choice of experts alone
  StorageFormat vectors;      // norms, biases and convolutions
};

class Scheme;

// Some of a model's tensors. What is absent does not matter.
struct TensorSelector {
  std::optional<Component> component;
  std::optional<WeightRole> role;
  std::optional<std::pair<Integer, Integer>> layers;  // the first and the last
  [[nodiscard]] bool selects(const TensorPlace& place) const;
};

// The first rule that selects a tensor gives its format, as it would be in a model that is stored
// by that rule's scheme alone.
struct PolicyRule {
  TensorSelector selector;
  std::shared_ptr<const Scheme> scheme;
};
struct Policy {
  std::vector<PolicyRule> rules;
  std::shared_ptr<const Scheme> rest;
};

// The format of each tensor of a file, by role, by place among the layers (0 outside of layers) and
// by place in the layer.
struct FoundFormats {
  using Key = std::tuple<WeightRole, std::size_t, std::size_t>;
  std::map<Key, StorageFormat> formats;
  StorageFormat others;  // of tensors that the file does not have by themselves
};

// Pure: one type for all that llama-quantize would touch.
struct PureGguf {
  StorageFormat format;
};

// A value: copies share what it says. The name of a scheme spells out all that it says, so two of
// one name are equal; that of a file, which has rules of its own, is equal to its copies alone.
class Scheme {
 public:
  using Rules =
      std::variant<StorageFormat, KindFormats, const Mixture*, PureGguf, Policy, FoundFormats>;

  // Every tensor alike, every element by itself. Products of four-bit integers are computed in 16
  // bits, since no engine multiplies them as they are.
  Scheme(DType dtype);  // NOLINT: implicit on purpose, a number format is a scheme
  Scheme(std::string name, DType arithmetic, Rules rules);
  static Scheme of_file(std::string name, DType arithmetic, Rules rules);

  [[nodiscard]] const std::string& name() const { return body_->name; }
  [[nodiscard]] DType arithmetic() const { return body_->arithmetic; }
  // The number format, where every element is stored by itself and in the same.
  [[nodiscard]] std::optional<DType> number_format() const { return body_->dtype; }
  [[nodiscard]] StorageFormat format_of(const TensorPlace& place, const ModelShape& model) const;

  friend bool operator==(const Scheme& a, const Scheme& b) {
    const bool named = !a.body_->of_file && !b.body_->of_file;
    return a.body_ == b.body_ ||
           (named && a.name() == b.name() && a.arithmetic() == b.arithmetic());
  }

 private:
  struct Body {
    std::string name;
    DType arithmetic;
    std::optional<DType> dtype;
    Rules rules;
    bool of_file = false;
  };
  explicit Scheme(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

  std::shared_ptr<const Body> body_;
};

// All matrices and tables in one format, norms and biases in another.
Scheme matrices_and_vectors(std::string name, DType arithmetic, const StorageFormat& matrices,
                            const StorageFormat& vectors);

// How what layers keep of the past is stored.
class CacheScheme {
 public:
  // All of it alike, but for the states of recurrences, which are always in f32.
  CacheScheme(DType dtype);  // NOLINT: implicit on purpose
  // Keys and latents in one format, values in another. A state of fixed size, which each step
  // overwrites and no engine quantises, is in bf16.
  CacheScheme(std::string name, const StorageFormat& keys, const StorageFormat& values);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<DType> number_format() const { return dtype_; }
  [[nodiscard]] StorageFormat format_of(const Cache& cache) const;

  friend bool operator==(const CacheScheme&, const CacheScheme&) = default;

 private:
  std::string name_;
  std::optional<DType> dtype_;
  StorageFormat keys_, values_, states_;
};

}  // namespace llmarch
