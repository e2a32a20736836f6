#include "sim/huggingface/hf_mamba_whole.h"

#include <fmt/format.h>

namespace llmarch {

// The configs of these models state no context, and neither do their classes. The paper follows
// sequences of up to a million positions (arXiv 2312.00752, section 4.3).
void read_mamba_whole(Import& import, const MambaSizes& sizes, Flag::Absent tied, ArchSpec& spec) {
  ConfigReader& config = import.config;
  spec.vocabulary = config.size_or("vocab_size", sizes.vocabulary, kTypeDefault);
  spec.hidden = config.size_or("hidden_size", sizes.hidden, kTypeDefault);
  spec.context_limit =
      config.size_or("max_position_embeddings", 1'048'576,
                     "nothing bounds the context; the longest of the paper", kPositions);
  spec.norm.epsilon = config.real_or("layer_norm_epsilon", 1e-5, kTypeDefault, kEpsilon);
  spec.head = read_head(import, tied);
}

std::vector<LayerParts> mamba_layers(Integer layers) {
  return std::vector<LayerParts>(static_cast<std::size_t>(layers.value()), {0, std::nullopt});
}

void check_step_limit(ConfigReader& config) {
  constexpr std::string_view kKey = "time_step_limit";
  if (!config.contains(kKey)) return;
  const std::vector<double> limit = config.optional_reals(kKey);
  if (limit.size() == 2 && limit[0] <= 0 && limit[1] >= 1e9) return;
  config.refuse("'time_step_limit' holds the steps of the recurrence within bounds",
                "only 0 and infinity are supported");
}

Integer read_head_width(ConfigReader& config, const InnerWidth& inner, Integer heads) {
  constexpr std::string_view kKey = "mamba_d_head";
  const Integer width = inner.width;
  if (config.is_text(kKey)) config.only(kKey, "auto");
  const bool stated = config.contains(kKey) && !config.is_text(kKey);
  const Integer each = stated ? config.size(kKey) : width / heads;
  if (!stated && !config.contains(kKey)) {
    config.fill(kKey, std::to_string(each.value()),
                fmt::format("{} / mamba_n_heads", inner.formula));
  }
  if (each * heads != width &&
      config.all_read({"hidden_size", "mamba_expand", "mamba_d_ssm", "mamba_n_heads", kKey})) {
    config.refuse(fmt::format("{} heads of {} are not {} = {}", heads.value(), each.value(),
                              inner.formula, width.value()),
                  fmt::format("correct mamba_n_heads, mamba_d_head or {}", inner.formula));
  }
  return each;
}

}  // namespace llmarch
