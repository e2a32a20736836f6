#include "kernels/mpi/world.h"

#include <mpi.h>

#include <exception>
#include <limits>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>

#include "kernels/mpi/launcher.h"
#include "kernels/ranks/rank_failure.h"

namespace llmarch {
namespace {

constexpr int kTag = 1;

int count_of(std::size_t elements) {
  if (elements > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::length_error("a message of more elements than MPI counts");
  }
  return static_cast<int>(elements);
}

class MpiLinks : public Links {
 public:
  explicit MpiLinks(std::chrono::milliseconds patience) : patience_(patience) {}

  void send(std::size_t to, std::span<const double> elements) override {
    forget_sent();
    on_their_way_.push_back({{elements.begin(), elements.end()}, MPI_REQUEST_NULL});
    Message& message = on_their_way_.back();
    MPI_Isend(message.elements.data(), count_of(message.elements.size()), MPI_DOUBLE,
              static_cast<int>(to), kTag, MPI_COMM_WORLD, &message.request);
  }

  std::vector<double> receive(std::size_t from, std::size_t elements) override {
    wait_for(from, elements);
    std::vector<double> received(elements);
    MPI_Recv(received.data(), count_of(elements), MPI_DOUBLE, static_cast<int>(from), kTag,
             MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return received;
  }

  // Until everything that was sent has left.
  void flush() {
    for (Message& message : on_their_way_) MPI_Wait(&message.request, MPI_STATUS_IGNORE);
    on_their_way_.clear();
  }

 private:
  struct Message {
    std::vector<double> elements;
    MPI_Request request;
  };

  void forget_sent() {
    on_their_way_.remove_if([](Message& message) {
      int sent = 0;
      MPI_Test(&message.request, &sent, MPI_STATUS_IGNORE);
      return sent != 0;
    });
  }

  void wait_for(std::size_t from, std::size_t elements) {
    const auto end = std::chrono::steady_clock::now() + patience_;
    int arrived = 0;
    MPI_Status status;
    while (true) {
      MPI_Iprobe(static_cast<int>(from), kTag, MPI_COMM_WORLD, &arrived, &status);
      if (arrived != 0) break;
      if (std::chrono::steady_clock::now() > end) {
        throw RankFailure(from, "sends nothing for " + std::to_string(patience_.count()) + " ms");
      }
      std::this_thread::yield();
    }
    int count = 0;
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    if (count == count_of(elements)) return;
    throw RankFailure(from, "sends " + std::to_string(count) + " elements, and " +
                                std::to_string(elements) + " are expected");
  }

  std::chrono::milliseconds patience_;
  std::list<Message> on_their_way_;
};

class MpiWorld : public World {
 public:
  explicit MpiWorld(std::chrono::milliseconds patience) : links_(patience) {
    if (MPI_Init(nullptr, nullptr) != MPI_SUCCESS) throw std::runtime_error("MPI does not begin");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiWorld() override {
    if (std::uncaught_exceptions() > 0) return;
    links_.flush();
    MPI_Finalize();
  }

  [[nodiscard]] std::size_t rank() const override { return static_cast<std::size_t>(rank_); }
  [[nodiscard]] std::size_t size() const override { return static_cast<std::size_t>(size_); }
  Links& links() override { return links_; }

 private:
  MpiLinks links_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace

bool has_mpi() {
  return true;
}

std::unique_ptr<World> World::joined(std::chrono::milliseconds patience) {
  if (!started_by_launcher()) return nullptr;
  return std::make_unique<MpiWorld>(patience);
}

}  // namespace llmarch
