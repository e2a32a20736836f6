// Parts of a config that many model types have, read as each type's class reads them: heads,
// biases, activations and the sizes of the whole.
#pragma once

#include <string>
#include <string_view>

#include "sim/huggingface/hf_import.h"

namespace llmarch {

// A flag of the config by its key, and what an absent one means. Without a key the model type has
// no such field, and it is always so.
struct Flag {
  std::string_view key;
  enum class Absent { off, on } absent = Absent::off;
};
inline constexpr Flag kNever{};
inline constexpr Flag kAlways{"", Flag::Absent::on};

bool read_flag(ConfigReader& config, const Flag& flag);

// A number that a config may leave out or set to null, which means that there is none.
struct OptionalReal {
  std::string_view key;               // empty: the model type has no such field, and there is none
  std::optional<double> absent = {};  // what its class fills
  std::string_view none = "there is none";  // what an absent one without a fill means
};

std::optional<double> read_optional(ConfigReader& config, const OptionalReal& field);

// Null is no tie, in every class.
Head read_head(Import& import, Flag::Absent tied_by_default);

// What a class fills for the sizes of the whole model.
struct WholeSizes {
  std::int64_t vocabulary, hidden, context;
  double epsilon;  // rms_norm_eps
};
// Reads these, and a head that is separate unless the config ties it.
void read_whole(Import& import, const WholeSizes& sizes, ArchSpec& spec);

Activation activation(Import& import, std::string_view key);
Activation activation_or(Import& import, std::string_view key, Activation filled);

inline constexpr std::string_view kKvHeads = "num_key_value_heads";

// num_key_value_heads: null stands for as many as query heads; absent is `number`, or as many as
// query heads where the class has no number of its own.
Integer read_kv_heads(ConfigReader& config, Integer query_heads, std::optional<Integer> number);

// head_dim. Null and absent stand for hidden / heads, but absent for `number` where the class has
// one.
Integer read_head_dim(ConfigReader& config, Integer hidden, Integer heads,
                      std::optional<Integer> number);
// The same for a type that has no such field.
Integer head_dim_of(ConfigReader& config, Integer hidden, Integer heads);

// The width of a feed-forward that is four times the hidden width where it is null or not stated.
Integer read_inner_width(Import& import, std::string_view key, Integer hidden);

// The value of a field that has two names, by `read`, which is given the one that the config uses:
// `name` where it uses both, which must then agree, or neither.
template <class Read>
auto under_either_name(ConfigReader& config, std::string_view name, std::string_view other,
                       const Read& read) {
  if (config.contains(other) && !config.contains(name)) {
    config.inert({name});
    return read(other);
  }
  const auto value = read(name);
  if (config.all_read({name})) config.only(other, value);
  return value;
}
// A size that has two names, as above; it is `absent` where the config uses neither.
Integer size_under_either_name(ConfigReader& config, std::string_view name, std::string_view other,
                               std::int64_t absent, const Range& range);

// `value` itself, refused when it passes what a size may be; `formula` says what it was made from.
Integer bounded(Import& import, Integer value, std::string_view formula);

}  // namespace llmarch
