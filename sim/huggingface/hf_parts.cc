#include "sim/huggingface/hf_parts.h"

#include <fmt/format.h>

namespace llmarch {

bool read_flag(ConfigReader& config, const Flag& flag) {
  const bool absent = flag.absent == Flag::Absent::on;
  return flag.key.empty() ? absent : config.flag_or(flag.key, absent, kTypeDefault);
}

std::optional<double> read_optional(ConfigReader& config, const OptionalReal& field) {
  if (field.key.empty()) return std::nullopt;
  return config.optional_real_or(field.key, field.absent, field.absent ? kTypeDefault : field.none);
}

Head read_head(Import& import, Flag::Absent tied_by_default) {
  constexpr std::string_view kKey = "tie_word_embeddings";
  if (import.config.is_null(kKey)) return Head::separate;
  return read_flag(import.config, {kKey, tied_by_default}) ? Head::tied : Head::separate;
}

Activation activation(Import& import, std::string_view key) {
  const std::string name = import.config.text(key);
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") {
    return Activation::gelu_tanh;
  }
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "relu") return Activation::relu;
  if (name == "relu2") return Activation::relu_squared;
  if (name == "quick_gelu") return Activation::quick_gelu;
  if (name == "sigmoid") return Activation::sigmoid;
  if (name == "tanh") return Activation::tanh;
  if (import.config.all_read({key})) {
    import.config.refuse(
        fmt::format("'{}' is {}, an activation that is not supported", key, quote_name(name)),
        "supported: silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu, "
        "relu2, sigmoid, tanh");
  }
  return Activation::silu;
}

Activation activation_or(Import& import, std::string_view key, Activation filled) {
  if (import.config.contains(key)) return activation(import, key);
  static_cast<void>(import.config.is_null(key));  // it has been asked for
  import.config.fill(key, std::string(name_of(filled)), kTypeDefault);
  return filled;
}

void read_whole(Import& import, const WholeSizes& sizes, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", sizes.vocabulary, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", sizes.hidden, kTypeDefault);
  spec.context_limit =
      config.size_or("max_position_embeddings", sizes.context, kTypeDefault, kPositions);
  spec.norm.epsilon = config.real_or("rms_norm_eps", sizes.epsilon, kTypeDefault, kEpsilon);
  spec.head = read_head(import, Flag::Absent::off);
}

Integer read_kv_heads(ConfigReader& config, Integer query_heads, std::optional<Integer> number) {
  if (config.is_null(kKvHeads)) return query_heads;
  return config.size_or(kKvHeads, number.value_or(query_heads),
                        number ? kTypeDefault : "num_attention_heads: multi-head attention");
}

Integer head_dim_of(ConfigReader& config, Integer hidden, Integer heads) {
  if (hidden % heads != 0 && config.all_read({"hidden_size", "num_attention_heads"})) {
    config.refuse(fmt::format("num_attention_heads = {} does not divide hidden_size = {}",
                              heads.value(), hidden.value()),
                  "state 'head_dim', or correct one of the two");
  }
  return hidden / heads;
}

Integer read_head_dim(ConfigReader& config, Integer hidden, Integer heads,
                      std::optional<Integer> number) {
  constexpr std::string_view kKey = "head_dim";
  if (!config.is_null(kKey) && config.contains(kKey)) return config.size(kKey);
  if (number && !config.contains(kKey)) return config.size_or(kKey, *number, kTypeDefault);
  const Integer width = head_dim_of(config, hidden, heads);
  config.fill(kKey, std::to_string(width.value()), "hidden_size / num_attention_heads");
  return width;
}

Integer bounded(Import& import, Integer value, std::string_view formula) {
  if (value > kSize.most) {
    import.config.refuse(
        fmt::format("{} = {}, and may be at most {}", formula, value.value(), kSize.most),
        "check the sizes");
  }
  return value;
}

Integer size_under_either_name(ConfigReader& config, std::string_view name, std::string_view other,
                               std::int64_t absent, const Range& range) {
  return under_either_name(config, name, other, [&](std::string_view key) {
    return config.size_or(key, absent, kTypeDefault, range).value();
  });
}

Integer read_inner_width(Import& import, std::string_view key, Integer hidden) {
  ConfigReader& config = import.config;
  if (!config.is_null(key) && config.contains(key)) return config.size(key);
  const Integer width = 4 * hidden;
  config.fill(key, std::to_string(width.value()), "4 times the hidden width");
  return bounded(import, width, key);
}

}  // namespace llmarch
