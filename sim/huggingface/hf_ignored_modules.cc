#include "sim/huggingface/hf_ignored_modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/huggingface/hf_module_names.h"

namespace llmarch {
namespace {

using Role = WeightRole;

// A config of megabytes lists modules by name; expressions are few.
constexpr std::size_t kMostExpressions = 256;
constexpr std::size_t kLongestExpression = 512;
// Steps of one match, beyond which an expression counts as one that does not match.
constexpr int kMostSteps = 20'000;

constexpr auto kLayerPrefixes = std::to_array<std::string_view>(
    {"model.layers.", "model.language_model.layers.", "language_model.model.layers.",
     "backbone.layers.", "transformer.h.", "layers."});

// Matches an expression of the few forms that lists of modules use, against a whole text or its
// beginning. A library's engine was rejected, since the expression may be hostile.
class ExpressionMatch {
 public:
  ExpressionMatch(std::string_view expression, std::string_view text)
      : expression_(expression), text_(text) {}

  [[nodiscard]] bool at_start() { return from(0, 0, {}); }

 private:
  using Rest = std::vector<std::size_t>;  // where to go on in the expression, innermost last

  // The end of the single item at `at`: a character, an escape, a class or a group.
  [[nodiscard]] std::size_t end_of_item(std::size_t at) const {
    if (expression_[at] == '\\') return std::min(at + 2, expression_.size());
    if (expression_[at] == '[')
      return std::min(expression_.find(']', at), expression_.size() - 1) + 1;
    if (expression_[at] != '(') return at + 1;
    int depth = 0;
    for (std::size_t i = at; i < expression_.size(); ++i) {
      if (expression_[i] == '(') ++depth;
      if (expression_[i] == ')' && --depth == 0) return i + 1;
    }
    return expression_.size();
  }

  [[nodiscard]] bool one(std::size_t item, char c) const {
    switch (expression_[item]) {
      case '.': return true;
      case '[': return in_class(expression_.substr(item + 1, end_of_item(item) - item - 2), c);
      case '\\': return escaped(item + 1 < expression_.size() ? expression_[item + 1] : '\\', c);
      default: return expression_[item] == c;
    }
  }
  static bool escaped(char what, char c) { return what == 'd' ? c >= '0' && c <= '9' : what == c; }
  static bool in_class(std::string_view members, char c) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 2 < members.size() && members[i + 1] == '-') {
        if (c >= members[i] && c <= members[i + 2]) return true;
        i += 2;
      } else if (members[i] == c) {
        return true;
      }
    }
    return false;
  }

  bool group(std::size_t at, std::size_t end, std::size_t position, Rest rest) {
    rest.push_back(end);
    std::size_t begin = at + 1;
    if (expression_.substr(begin, 2) == "?:") begin += 2;
    int depth = 0;
    for (std::size_t i = begin; i + 1 < end; ++i) {
      if (expression_[i] == '(') ++depth;
      if (expression_[i] == ')') --depth;
      if (expression_[i] != '|' || depth != 0) continue;
      if (from(begin, position, rest)) return true;
      begin = i + 1;
    }
    return from(begin, position, rest);
  }

  bool from(std::size_t at, std::size_t position, Rest rest) {
    if (++steps_ > kMostSteps) return false;
    const bool ends = at >= expression_.size();
    const bool ends_branch = !ends && (expression_[at] == ')' || expression_[at] == '|');
    if (ends || ends_branch) {
      if (rest.empty()) return true;
      const std::size_t next = rest.back();
      rest.pop_back();
      return from(next, position, std::move(rest));
    }
    if (expression_[at] == '^') return position == 0 && from(at + 1, position, std::move(rest));
    if (expression_[at] == '$') {
      return position == text_.size() && from(at + 1, position, std::move(rest));
    }
    const std::size_t end = end_of_item(at);
    const char repeat = end < expression_.size() ? expression_[end] : '\0';
    if (expression_[at] == '(') return group(at, end, position, std::move(rest));
    if (repeat == '*' || repeat == '+')
      return repeated(at, end, position, rest, repeat == '+' ? 1 : 0);
    return position < text_.size() && one(at, text_[position]) &&
           from(end, position + 1, std::move(rest));
  }

  bool repeated(std::size_t item, std::size_t end, std::size_t position, const Rest& rest,
                std::size_t least) {
    for (std::size_t count = 0;; ++count, ++position) {
      if (count >= least && from(end + 1, position, rest)) return true;
      if (position >= text_.size() || !one(item, text_[position])) return false;
    }
  }

  std::string_view expression_;
  std::string_view text_;
  int steps_ = 0;
};

bool understood(std::string_view expression) {
  if (expression.size() > kLongestExpression) return false;
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '(') ++depth;
    if (c == ')' && --depth < 0) return false;
    if (c == ')' && i + 1 < expression.size() &&
        (expression[i + 1] == '*' || expression[i + 1] == '+'))
      return false;
    if (c == '?' && !(i > 0 && expression[i - 1] == '(' && expression.substr(i, 2) == "?:"))
      return false;
    if (c == '{' || (c == '[' && (expression.substr(i, 2) == "[^" ||
                                  expression.find(']', i) == std::string_view::npos)))
      return false;
    if (c == '\\' && i + 1 < expression.size() &&
        std::isalpha(static_cast<unsigned char>(expression[i + 1])) != 0 &&
        expression[i + 1] != 'd')
      return false;
  }
  return depth == 0;
}

// '*' stands for any text; the rest is itself.
std::string expression_of_glob(std::string_view glob) {
  std::string expression;
  for (const char c : glob) {
    if (c == '*')
      expression += ".*";
    else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-')
      expression += c;
    else
      expression += std::string("\\") + c;
  }
  return expression;
}

bool holds(const std::vector<std::string>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name, std::less<>());
}

// Every path of the module in a layer, or beside the layers.
std::vector<std::string> paths_of(std::string_view names, std::optional<std::size_t> layer) {
  std::vector<std::string> paths;
  while (!names.empty()) {
    const std::size_t bar = std::min(names.find('|'), names.size());
    const std::string_view name = names.substr(0, bar);
    for (const std::string_view prefix : kLayerPrefixes) {
      if (layer) paths.push_back(fmt::format("{}{}.{}", prefix, *layer, name));
    }
    if (!layer) paths.emplace_back(name);
    names.remove_prefix(std::min(bar + 1, names.size()));
  }
  return paths;
}

bool any_matches(const IgnoredModules& ignored, const std::vector<std::string>& paths) {
  return std::ranges::any_of(paths, [&](const std::string& path) { return ignored.match(path); });
}

ModuleNames named_by(std::optional<CheckpointNaming> naming, const ModuleNames& usual) {
  if (naming != CheckpointNaming::gemma4) return usual;
  const auto* const own = std::ranges::find(kGemma4Modules, usual.role, &ModuleNames::role);
  return own == kGemma4Modules.end() ? usual : *own;
}

// The rules for runs of layers: each from the first that is kept to the last before one that is
// not.
void add_layers(const IgnoredModules& ignored, const ModuleNames& module, std::size_t layers,
                const std::shared_ptr<const Scheme>& kept, std::vector<PolicyRule>& rules) {
  const auto is_kept = [&](std::size_t layer) {
    return layer < layers && any_matches(ignored, paths_of(module.in_layer, layer));
  };
  for (std::size_t first = 0; first < layers; ++first) {
    if (!is_kept(first)) continue;
    std::size_t last = first;
    while (is_kept(last + 1)) ++last;
    const std::pair<Integer, Integer> range(static_cast<std::int64_t>(first),
                                            static_cast<std::int64_t>(last));
    rules.push_back({{std::nullopt, module.role, range}, kept});
    first = last;
  }
}

}  // namespace

std::optional<IgnoredModules> IgnoredModules::read(const std::vector<std::string>& names) {
  IgnoredModules ignored;
  for (const std::string& name : names) {
    constexpr std::string_view kExpression = "re:";
    if (name.starts_with(kExpression)) {
      ignored.expressions_.push_back(name.substr(kExpression.size()));
    } else if (name.find('*') != std::string::npos) {
      ignored.globs_.push_back(expression_of_glob(name));
    } else {
      ignored.names_.push_back(name);
    }
  }
  std::ranges::sort(ignored.names_);
  const bool few = ignored.expressions_.size() + ignored.globs_.size() <= kMostExpressions;
  if (!few || !std::ranges::all_of(ignored.expressions_, understood)) return std::nullopt;
  return ignored;
}

bool IgnoredModules::match(std::string_view module) const {
  // Every run of the path's parts, from dot to dot.
  for (std::size_t begin = 0; begin < module.size();) {
    for (std::size_t end = begin; end < module.size();) {
      end = std::min(module.find('.', end + 1), module.size());
      if (holds(names_, module.substr(begin, end - begin))) return true;
    }
    const std::size_t dot = module.find('.', begin);
    begin = dot == std::string_view::npos ? module.size() : dot + 1;
  }
  const auto matches = [&](const std::string& expression) {
    return ExpressionMatch(expression, module).at_start();
  };
  return std::ranges::any_of(globs_, matches) || std::ranges::any_of(expressions_, matches);
}

std::vector<PolicyRule> rules_of_ignored(const IgnoredModules& ignored, Integer layers,
                                         const Scheme& kept,
                                         std::optional<CheckpointNaming> naming) {
  const auto shared = std::make_shared<const Scheme>(kept);
  std::vector<PolicyRule> rules;
  const auto add = [&](const ModuleNames& module) {
    add_layers(ignored, named_by(naming, module), size(layers), shared, rules);
  };
  std::ranges::for_each(kLayerModules, add);
  std::ranges::for_each(kModulesOfFamilies, add);
  if (any_matches(ignored, {"lm_head", "model.lm_head", "language_model.lm_head", "head"})) {
    rules.push_back({{std::nullopt, Role::head, std::nullopt}, shared});
  }
  if (any_matches(ignored, {"model.embed_tokens", "transformer.wte", "backbone.embeddings"})) {
    rules.push_back({{std::nullopt, Role::token_embedding, std::nullopt}, shared});
  }
  return rules;
}

}  // namespace llmarch
