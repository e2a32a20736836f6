#include "kernels/ranks/threads.h"

#include <algorithm>
#include <exception>
#include <thread>

namespace llmarch {
namespace {

// More than any exchange of a step waits for the slowest of the ranks.
constexpr std::chrono::seconds kPatience{60};

class ThreadLinks : public Links {
 public:
  ThreadLinks(Mail& mail, std::size_t own) : mail_(mail), own_(own) {}

  void send(std::size_t to, std::span<const double> elements) override {
    mail_.put(own_, to, {elements.begin(), elements.end()});
  }
  std::vector<double> receive(std::size_t from, std::size_t elements) override {
    std::vector<double> received = mail_.take(from, own_);
    if (received.size() == elements) return received;
    throw RankFailure(from, "sends " + std::to_string(received.size()) + " elements, and rank " +
                                std::to_string(own_) + " expects " + std::to_string(elements));
  }

 private:
  Mail& mail_;
  std::size_t own_;
};

// Runs `run` for each rank, in a thread for each; throws what the first rank that failed threw.
template <class Run>
void run_in_threads(std::size_t ranks, Mail& mail, const Run& run) {
  std::vector<std::exception_ptr> errors(ranks);
  {
    std::vector<std::jthread> threads;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          run(rank);
        } catch (...) {
          errors[rank] = std::current_exception();
          mail.fail(rank);
        }
      });
    }
  }
  if (const auto first = mail.first_failed()) std::rethrow_exception(errors.at(*first));
}

}  // namespace

void Mail::put(std::size_t from, std::size_t to, std::vector<double> elements) {
  const std::scoped_lock lock(mutex_);
  boxes_[{from, to}].push_back(std::move(elements));
  arrived_.notify_all();
}

std::vector<double> Mail::take(std::size_t from, std::size_t to) {
  std::unique_lock lock(mutex_);
  auto& box = boxes_[{from, to}];
  const auto failed = [&] { return std::ranges::find(failed_, from) != failed_.end(); };
  const bool answered =
      arrived_.wait_for(lock, patience_, [&] { return !box.empty() || failed(); });
  if (!answered) throw RankFailure(from, "sends nothing to rank " + std::to_string(to));
  if (box.empty()) throw RankFailure(from, "has ended, and rank " + std::to_string(to) + " waits");
  std::vector<double> elements = std::move(box.front());
  box.pop_front();
  return elements;
}

void Mail::fail(std::size_t rank) {
  const std::scoped_lock lock(mutex_);
  failed_.push_back(rank);
  arrived_.notify_all();
}

std::optional<std::size_t> Mail::first_failed() const {
  const std::scoped_lock lock(mutex_);
  return failed_.empty() ? std::nullopt : std::optional(failed_.front());
}

template <class Scalar>
RankTeam<Scalar>::RankTeam(const RankedModel& model, std::size_t batch) {
  for (std::size_t rank = 0; rank < llmarch::size(model.deployment.ranks()); ++rank) {
    ranks_.emplace_back(model, rank, batch);
  }
}

template <class Scalar>
std::vector<Execution> RankTeam<Scalar>::run(const Workload& workload,
                                             std::span<const std::int64_t> token_ids) {
  Mail mail(kPatience);
  std::vector<Execution> executions(ranks_.size());
  run_in_threads(ranks_.size(), mail, [&](std::size_t rank) {
    ThreadLinks links(mail, rank);
    executions[rank] = ranks_[rank].run(workload, token_ids, links);
  });
  return executions;
}

template <class Scalar>
void RankTeam<Scalar>::forget() {
  for (RankRun<Scalar>& rank : ranks_) rank.forget();
}

template class RankTeam<double>;
template class RankTeam<Counted>;

}  // namespace llmarch
