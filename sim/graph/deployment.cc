#include "sim/graph/deployment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "sim/spec/split.h"

namespace llmarch {
namespace {

// More ranks than the largest system joins.
constexpr std::int64_t kMostRanks = 4096;

struct Way {
  std::string_view key;
  Integer Deployment::*ranks;
};
constexpr std::array kWays{Way{"tp", &Deployment::tensor}, Way{"ep", &Deployment::expert},
                           Way{"pp", &Deployment::pipeline}, Way{"dp", &Deployment::data},
                           Way{"cp", &Deployment::context}};

struct NamedAlgorithm {
  std::string_view name;
  Algorithm algorithm;
};
constexpr std::array kAlgorithms{NamedAlgorithm{"ring", Algorithm::ring},
                                 NamedAlgorithm{"tree", Algorithm::tree},
                                 NamedAlgorithm{"direct", Algorithm::direct}};
constexpr std::string_view kAlgorithmKey = "by";
struct NamedDispatch {
  std::string_view name;
  Dispatch dispatch;
};
constexpr std::array kDispatches{NamedDispatch{"gather", Dispatch::gather},
                                 NamedDispatch{"all-to-all", Dispatch::all_to_all}};
constexpr std::string_view kDispatchKey = "dispatch";
constexpr std::string_view kRemedy = "write tp=8, pp=2,tp=4 or dp=8,ep=8";

// 0: it is none.
std::int64_t ranks_in(std::string_view text) {
  std::int64_t ranks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && ranks >= 1 && ranks <= kMostRanks ? ranks : 0;
}

DeploymentReading refused(std::string problem, std::string_view remedy = kRemedy) {
  return {std::nullopt, std::move(problem), std::string(remedy)};
}

// The parts of a text, put together one by one.
class Reader {
 public:
  // What is wrong with the part, if anything.
  std::string take(std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (std::ranges::find(keys_, key) != keys_.end()) {
      return "'" + std::string(key) + "' is said twice";
    }
    keys_.emplace_back(key);
    if (key == kAlgorithmKey) return take_algorithm(value);
    return key == kDispatchKey ? take_dispatch(value) : take_ranks(key, value);
  }

  // Ranks that experts are spread over have sequences of their own, if nothing else is said.
  [[nodiscard]] Deployment deployment() const {
    Deployment deployment = read_;
    if (std::ranges::find(keys_, "dp") == keys_.end()) deployment.data = deployment.expert;
    return deployment;
  }

 private:
  std::string take_algorithm(std::string_view value) {
    for (const auto& [name, algorithm] : kAlgorithms) {
      if (name != value) continue;
      read_.algorithm = algorithm;
      return "";
    }
    return "'" + std::string(value) + "' is no algorithm: ring, tree or direct";
  }
  std::string take_dispatch(std::string_view value) {
    for (const auto& [name, dispatch] : kDispatches) {
      if (name != value) continue;
      read_.dispatch = dispatch;
      return "";
    }
    return "'" + std::string(value) + "' is no dispatch: gather or all-to-all";
  }
  std::string take_ranks(std::string_view key, std::string_view value) {
    for (const auto& [known, ranks] : kWays) {
      if (known != key) continue;
      read_.*ranks = ranks_in(value);
      if (read_.*ranks > 0) return "";
      return "'" + std::string(value) + "' is no number of ranks from 1 to " +
             std::to_string(kMostRanks);
    }
    return "'" + std::string(key) + "' is no way to divide a model: tp, ep, pp, dp or cp";
  }

  Deployment read_;
  std::vector<std::string> keys_;
};

bool divides(Integer part, Integer whole) {
  return whole % part == 0;
}

}  // namespace

std::optional<ExpertSpread> expert_spread(const Deployment& deployment) {
  const auto& [tensor, expert, pipeline, data, context, algorithm, dispatch] = deployment;
  if (divides(expert, data)) return ExpertSpread{expert, 1};
  if (divides(data, expert) && divides(expert / data, tensor)) {
    return ExpertSpread{data, expert / data};
  }
  return std::nullopt;
}

RankPlace place_of(const Deployment& deployment, Integer rank) {
  const Integer of_sequences = deployment.tensor * deployment.context;
  return {rank % deployment.tensor, rank % of_sequences / deployment.tensor,
          rank / of_sequences % deployment.data, rank / deployment.ranks_of_stage()};
}

Ranks tensor_ranks(const Deployment& deployment, Integer rank) {
  const Integer own = place_of(deployment, rank).tensor;
  return {deployment.tensor, own, rank - own, 1};
}

Ranks context_ranks(const Deployment& deployment, Integer rank) {
  const Integer own = place_of(deployment, rank).context;
  return {deployment.context, own, rank - own * deployment.tensor, deployment.tensor};
}

Ranks expert_ranks(const Deployment& deployment, Integer rank) {
  const Integer count = expert_spread(deployment).value().data;
  const Integer own = place_of(deployment, rank).data % count;
  const Integer stride = deployment.tensor * deployment.context;
  return {count, own, rank - own * stride, stride};
}

Integer stage_neighbour(const Deployment& deployment, Integer rank, Integer stages) {
  return rank + stages * deployment.ranks_of_stage();
}

std::string text_of(const Deployment& deployment) {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    text += (text.empty() ? "" : ",") + std::string(key) + "=" + value;
  };
  for (const auto& [key, ranks] : kWays) {
    const Integer count = deployment.*ranks;
    const Integer usual = key == "dp" ? deployment.expert : Integer(1);
    if (count != usual) add(key, std::to_string(count.value()));
  }
  if (text.empty()) add("tp", "1");
  for (const auto& [name, algorithm] : kAlgorithms) {
    const bool usual = algorithm == Algorithm::ring;
    if (algorithm == deployment.algorithm && !usual) add(kAlgorithmKey, std::string(name));
  }
  for (const auto& [name, dispatch] : kDispatches) {
    const bool usual = dispatch == Dispatch::gather;
    if (dispatch == deployment.dispatch && !usual) add(kDispatchKey, std::string(name));
  }
  return text;
}

DeploymentReading read_deployment(std::string_view text) {
  Reader reader;
  for (const std::string& part : split(text, ',')) {
    std::string problem = reader.take(part);
    if (!problem.empty()) return refused(std::move(problem));
  }
  const Deployment deployment = reader.deployment();
  const auto& [tensor, expert, pipeline, data, context, algorithm, dispatch] = deployment;
  if (tensor * context > kMostRanks / (pipeline * data)) {
    return refused("'" + std::string(text) + "' is more than " + std::to_string(kMostRanks) +
                   " ranks");
  }
  if (!expert_spread(deployment)) {
    return refused("ep=" + std::to_string(expert.value()) + " does not divide the " +
                       std::to_string((tensor * data).value()) + " ranks of tp and dp",
                   "ep divides dp, or is dp times a divisor of tp: dp=8,ep=8 or tp=8,dp=1,ep=8");
  }
  if (dispatch == Dispatch::all_to_all && expert_spread(deployment)->data == 1) {
    return refused("no experts are on ranks with other sequences, to which tokens could go",
                   "dispatch is for dp=8,ep=8 and the like");
  }
  return {deployment, {}, {}};
}

}  // namespace llmarch
