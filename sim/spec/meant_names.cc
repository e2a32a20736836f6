#include "sim/spec/meant_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "sim/spec/diagnostics.h"

namespace llmarch {
namespace {

constexpr std::size_t kMostSuggested = 5;
// More than this many names are not written out; the first few show of what kind they are.
constexpr std::size_t kMostListed = 30;
constexpr std::size_t kFewListed = 6;

using Parts = std::vector<std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

// Letters, or digits with the letters that follow them: "Qwen3-235B-A22B" is qwen, 3, 235b, a, 22b.
Parts parts_of(std::string_view name) {
  Parts parts;
  char before = ' ';
  for (const char c : name) {
    const bool begins = is_digit(c) ? !is_digit(before) : !is_digit(before) && !is_letter(before);
    if (is_digit(c) || is_letter(c)) {
      if (begins) parts.emplace_back();
      parts.back() += lower(c);
    }
    before = c;
  }
  return parts;
}

// By their numbers, so that 8b comes before 70b; what has none, as text.
bool in_order(const Parts& a, const Parts& b) {
  const auto key = [](const std::string& part) {
    const std::size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
    return std::tuple(digits, part);
  };
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [&](const auto& left, const auto& right) { return key(left) < key(right); });
}

struct Match {
  std::size_t begin = 0;   // parts before the first that was typed
  std::size_t gaps = 0;    // parts between those that were typed
  bool cut = false;        // the last part was typed in part only
  std::size_t beyond = 0;  // parts that were not typed, or that are not known
  Parts parts;
  std::string name;
};

bool same(const std::string& typed, const std::string& part) {
  return typed == part;
}

// Equal, or a slip of the pen in a word; another number is another thing.
bool nearly(const std::string& typed, const std::string& part) {
  constexpr std::size_t kShortestWord = 3;
  const bool words = !typed.empty() && is_letter(typed.front()) && typed.size() >= kShortestWord;
  return typed == part || (words && nearest_name(typed, {part}).has_value());
}

// The parts that were typed, in their order among those of a name.
template <class Equal>
std::optional<Match> found_within(const Parts& typed, const Parts& parts, const Equal& equal) {
  Match match{.parts = parts, .name = {}};
  std::size_t next = 0;
  for (std::size_t i = 0; i < parts.size() && next < typed.size(); ++i) {
    const bool last = next + 1 == typed.size();
    if (equal(typed[next], parts[i]) || (last && parts[i].starts_with(typed[next]))) {
      match.cut = parts[i] != typed[next];
      ++next;
    } else {
      ++(next == 0 ? match.begin : match.gaps);
    }
  }
  if (next < typed.size()) return std::nullopt;
  match.beyond = parts.size() - typed.size();
  return match;
}

std::optional<Match> within(const Parts& typed, const Parts& parts) {
  return found_within(typed, parts, same);
}
std::optional<Match> nearly_within(const Parts& typed, const Parts& parts) {
  return found_within(typed, parts, nearly);
}

// All parts of a name, with which what was typed begins.
std::optional<Match> before(const Parts& typed, const Parts& parts) {
  if (parts.empty() || parts.size() > typed.size()) return std::nullopt;
  if (!std::equal(parts.begin(), parts.end(), typed.begin())) return std::nullopt;
  return Match{.beyond = typed.size() - parts.size(), .parts = parts, .name = {}};
}

bool better(const Match& a, const Match& b) {
  const auto rank = [](const Match& match) {
    return std::tuple(match.begin > 0, match.gaps > 0, match.cut, match.beyond);
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  return in_order(a.parts, b.parts);
}

template <class Matching>
std::vector<Match> matches(const Parts& typed, const std::vector<KnownName>& known,
                           const Matching& matching) {
  std::vector<Match> found;
  for (const auto& [name, also] : known) {
    std::optional<Match> best = matching(typed, parts_of(name));
    for (const std::string& other : also) {
      const auto match = matching(typed, parts_of(other));
      if (match && (!best || better(*match, *best))) best = match;
    }
    if (!best) continue;
    best->name = name;
    found.push_back(*best);
  }
  std::stable_sort(found.begin(), found.end(), better);
  return found;
}

std::vector<std::string> names_of(const std::vector<KnownName>& known) {
  std::vector<std::string> names;
  for (const KnownName& each : known) names.push_back(each.name);
  return names;
}

// Without an organisation or a folder: after the last '/'; npos + 1 is 0.
Parts typed_parts(std::string_view typed) {
  typed.remove_prefix(typed.rfind('/') + 1);
  return parts_of(typed);
}

// The names of the best matches. A name that begins with what was typed, whole and without gaps,
// excludes those that only contain it.
std::vector<std::string> best_of(const std::vector<Match>& found) {
  std::vector<std::string> names;
  for (const Match& match : found) {
    const Match& best = found.front();
    if (match.begin > 0 && best.begin == 0) break;
    if (match.gaps > 0 && best.gaps == 0) break;
    if (match.cut && !best.cut) break;
    if (match.beyond > 0 && best.beyond == 0) break;
    names.push_back(match.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> meant_names(std::string_view typed, const std::vector<KnownName>& known) {
  const Parts parts = typed_parts(typed);
  if (parts.empty()) return {};
  std::vector<Match> found = matches(parts, known, within);
  if (found.empty()) found = matches(parts, known, before);
  return best_of(found);
}

std::optional<std::string> did_you_mean(std::string_view typed,
                                        const std::vector<KnownName>& known) {
  std::vector<std::string> meant = meant_names(typed, known);
  if (meant.empty()) {
    if (const auto nearest = nearest_name(typed, names_of(known))) meant.push_back(*nearest);
  }
  const Parts parts = typed_parts(typed);
  if (meant.empty() && !parts.empty()) meant = best_of(matches(parts, known, nearly_within));
  if (meant.empty()) return std::nullopt;
  if (meant.size() > kMostSuggested) meant.resize(kMostSuggested);
  const std::string last = meant.back();
  meant.pop_back();
  if (meant.empty()) return fmt::format("did you mean '{}'?", last);
  return fmt::format("did you mean '{}' or '{}'?", fmt::join(meant, "', '"), last);
}

std::string suggest(std::string_view typed, const std::vector<KnownName>& known) {
  if (auto meant = did_you_mean(typed, known)) return *meant;
  std::vector<std::string> names = names_of(known);
  if (names.size() <= kMostListed) return fmt::format("known: {}", fmt::join(names, ", "));
  const std::size_t more = names.size() - kFewListed;
  names.resize(kFewListed);
  return fmt::format("known: {} and {} more", fmt::join(names, ", "), more);
}

std::string suggest(std::string_view typed, const std::vector<std::string>& known) {
  std::vector<KnownName> names;
  for (const std::string& name : known) names.push_back({name});
  return suggest(typed, names);
}

}  // namespace llmarch
